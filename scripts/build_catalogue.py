"""Brings the Chinese catalogue up to the messages of the source, and compiles it.

    python scripts/build_catalogue.py            rewrite exlog.po and exlog.mo
    python scripts/build_catalogue.py --check    say what is stale or untranslated, exit 1

Messages are what stands in ``_()`` and ``N_()``. People write the translations into exlog.po; a message that is
new there has an empty one, one that the source no longer has is dropped. Both files depend on nothing but the
messages and their translations, so that a diff shows just these.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "exlog"
PO = SOURCE / "locale" / "zh" / "LC_MESSAGES" / "exlog.po"
MO = PO.with_suffix(".mo")


class Plain(Catalog):
    """A catalogue whose header says what gettext needs and nothing that changes by the day."""

    mime_headers = [("Language", "zh"), ("Content-Type", "text/plain; charset=utf-8\n")]  # noqa: RUF012


def messages() -> set[str]:
    """Every message of the source."""
    found = extract_from_dir(SOURCE, [("**.py", "python")], keywords={"_": None, "N_": None})
    return {message for _file, _line, message, _comments, _context in found if isinstance(message, str)}


def translations() -> dict[str, str]:
    """What exlog.po has for each message by now."""
    if not PO.exists():
        return {}
    with PO.open("rb") as stream:
        return {str(one.id): str(one.string) for one in read_po(stream) if one.id}


def built(texts: dict[str, str]) -> tuple[bytes, bytes]:
    """exlog.po and exlog.mo for messages and translations."""
    catalogue = Plain(fuzzy=False, header_comment="# The messages of exlog in Chinese; see scripts/build_catalogue.py.")
    for message, text in texts.items():
        entry = catalogue.add(message, text)
        assert entry is not None
        entry.flags.clear()  # which ones there are depends on the version of babel
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalogue, width=0, sort_output=True)
    write_mo(mo, catalogue)
    return po.getvalue(), mo.getvalue()


def main() -> int:
    """Rewrite or check the catalogue."""
    wanted, present = messages(), translations()
    texts = {message: present.get(message, "") for message in wanted}
    untranslated = sorted(message for message, text in texts.items() if not text)
    notes = [f"untranslated: {message!r}" for message in untranslated]
    files = dict(zip((PO, MO), built(texts), strict=True))
    stale = [file for file, data in files.items() if not file.exists() or file.read_bytes() != data]
    if "--check" in sys.argv:
        notes += [f"no longer in the source: {message!r}" for message in sorted(present.keys() - wanted)]
        notes += [f"{file.relative_to(ROOT)}: stale" for file in stale]
    else:
        PO.parent.mkdir(parents=True, exist_ok=True)
        for file in stale:
            file.write_bytes(files[file])
            notes.append(f"{file.relative_to(ROOT)}: rewritten")
    for note in notes:
        print(note)
    return 1 if notes and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
