"""The only place that talks to the network: a text to an URL, through Apprise (the extra ``exlog[notify]``).

Apprise is loaded when something is to be sent. It logs a lot, secrets included: its log is kept off stderr, and
the one reason that is shown of it has every part of the URL taken out that Apprise itself would mask.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from exlog.errors import Busy, Usage
from exlog.i18n import _

_PART = re.compile(r"[^/:@?&=#,\s]{4,}")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://", re.ASCII)


class Channel:
    """An URL that Apprise understands.

    ``masked`` names it without its secrets. ``room``: the bytes that title and body may have together; services
    count characters or bytes, and the latter are never fewer.
    """

    def __init__(self, url: str, number: int) -> None:
        """``number`` counts the URLs of the call from 1, to name one of which all is secret.

        Raises Usage where Apprise is missing or does not understand the URL.
        """
        apprise = _apprise()
        asset = apprise.AppriseAsset(app_id="exlog", app_desc="exlog", async_mode=False)
        with _listening() as reasons:
            try:
                service = apprise.Apprise.instantiate(url, asset=asset)
            except Exception as error:  # a service may raise anything over an URL
                service = None
                reasons.append(str(error))
        if service is None:
            scheme = _SCHEME.match(url)
            shown = f"{scheme[0]}…" if scheme else "…"
            why = _scrubbed(reasons[0], url, shown) if reasons else ""
            raise Usage(
                _("Apprise does not understand URL {number} ({url})").format(number=number, url=shown)
                + (f": {why}" if why else ""),
                remedy=_("see docs/reminders.md for how URLs are written"),
            )
        self._url = url
        self._sender = apprise.Apprise(asset=asset)
        self._sender.add(service)
        self.masked = _masked(service.url(privacy=True))
        self.room = int(service.body_maxlen)

    def send(self, title: str, body: str) -> None:
        """Send plain text. Raises Busy where the service did not take it: nothing was delivered."""
        with _listening() as reasons:
            try:
                delivered = bool(self._sender.notify(title=title, body=body, body_format="text"))
            except Exception as error:  # a service may raise anything
                delivered = False
                reasons.append(f"{type(error).__name__}: {error}")
        if not delivered:
            reason = _scrubbed(reasons[0], self._url, self.masked) if reasons else _("no reason was given")
            raise Busy(
                _("not delivered: {reason}").format(reason=reason.rstrip(". ")),
                where=self.masked,
                remedy=_("the next exlog remind sends it"),
            )


def _apprise() -> Any:
    try:
        import apprise
    except ImportError:
        raise Usage(
            _("sending needs the package apprise, which is not installed"),
            remedy="pip install 'exlog[notify]'",
        ) from None
    return apprise


class _Reasons(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    """The warnings that Apprise logs meanwhile; nothing of them, nor of what it is built on, reaches stderr."""
    reasons = _Reasons()
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.addHandler(reasons)
    # Without any handler, Python itself writes the warnings of the HTTP packages to stderr.
    silence = logging.NullHandler()
    logging.getLogger().addHandler(silence)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield reasons.messages
    finally:
        logger.removeHandler(reasons)
        logging.getLogger().removeHandler(silence)


def _masked(url: str) -> str:
    """Scheme and host of an URL that Apprise masked: it leaves paths and options, which may hold keys, readable."""
    scheme, _sign, rest = url.partition("://")
    host = re.split(r"[/?]", rest, maxsplit=1)[0]
    path = rest[len(host) :].partition("?")[0].strip("/")
    return f"{scheme}://{host}/…" if path else f"{scheme}://{host}"


def _scrubbed(text: str, url: str, masked: str) -> str:
    """A logged message on one line, without any part of the URL that ``masked`` does not show."""
    parts = {part for form in (url, unquote(url)) for part in _PART.findall(form) if part not in masked}
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, "…")
    return " ".join(text.split())
