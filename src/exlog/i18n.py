"""The language of messages and labels: gettext catalogues for sentences, ``pick`` for two-language labels."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

LANGUAGES = ("en", "zh")
_LOCALE_DIR = Path(__file__).parent / "locale"

_language = "en"
_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def set_language(language: str) -> None:
    """Switch messages and labels to ``en`` or ``zh``; English where no catalogue exists."""
    global _language, _catalogue
    if language == _language:
        return
    _language = language if language in LANGUAGES else "en"
    if _language == "en":
        _catalogue = gettext.NullTranslations()
    else:
        _catalogue = gettext.translation("exlog", _LOCALE_DIR, [_language], fallback=True)


def language() -> str:
    """The language in force: ``en`` or ``zh``."""
    return _language


def language_of_environment() -> str:
    """The language the terminal asks for: EXLOG_LANG, else the POSIX locale variables."""
    for name in ("EXLOG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def _(message: str) -> str:
    """``message`` in the language in force."""
    return _catalogue.gettext(message)


def N_(message: str) -> str:  # gettext calls it so
    """Mark a message for translation where it is declared; ``_`` translates it where it is shown."""
    return message


def pick(en: str, zh: str) -> str:
    """The label of the language in force, for tables that declare both side by side."""
    return zh if _language == "zh" else en
