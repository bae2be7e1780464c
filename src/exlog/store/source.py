"""CSV files from elsewhere, read as a stream: encoding and delimiter found out, places kept for messages."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from exlog import canonical
from exlog.errors import Damaged, Usage
from exlog.i18n import _

DELIMITERS = (",", ";", "\t")
"""Delimiters that ``auto`` tells apart; the earlier one where the header line has as many of both."""

MAX_CELL = 1 << 24
"""Characters in one cell; a quote that never closes stops here, not at the end of memory."""

_MAX_LINE = 1 << 26
_CHUNK = 1 << 20
_HEAD = 1 << 16
_BOMS = {"utf-8-sig": codecs.BOM_UTF8, "gb18030": b"\x841\x953"}
_QUOTED = re.compile(r'(^|[,;\t\r\n])"(?:[^"]|"")*"')


class Source:
    """An open CSV file. ``rows`` reads it from the first row after the header, once or again.

    ``encoding`` is the Python name of what was found, ``delimiter`` one character, ``header`` the names as
    they stand in the file, ``size`` the bytes of the file.
    """

    def __init__(self, path: Path, raw: io.BufferedReader, encoding: str, delimiter: str) -> None:
        self.path = path
        self.encoding = encoding
        self.size = raw.seek(0, io.SEEK_END)
        self._raw = raw
        self._start = _after_bom(raw, encoding)
        self._old_limit = csv.field_size_limit(MAX_CELL)
        try:
            self.delimiter = _delimiter(self._head()) if delimiter == "auto" else delimiter
            self.header = self._header()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if not self._raw.closed:
            self._raw.close()
            csv.field_size_limit(self._old_limit)

    def position(self) -> int:
        """Bytes read so far, for a progress bar beside ``size``."""
        return self.size if self._raw.closed else self._raw.tell()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with the line of the file that it starts on; blank lines are passed over.

        One pass at a time. Raises Damaged that names file and line for text that is no CSV.
        """
        records = self._records()
        next(records, None)
        return records

    def _header(self) -> list[str]:
        with contextlib.closing(self._records()) as records:
            for _start, cells in records:
                return cells
        raise Damaged(
            _("the file is empty, it has no header"),
            where=f"{self.path}:1",
            remedy=_("export it again, with the names of the columns in the first line"),
        )

    def _text(self) -> io.TextIOWrapper:
        self._raw.seek(self._start)
        codec = "utf-8" if self.encoding == "utf-8-sig" else self.encoding
        return io.TextIOWrapper(self._raw, codec, newline="")

    def _head(self) -> str:
        text = self._text()
        try:
            return text.read(_HEAD)
        finally:
            text.detach()

    def _records(self) -> Generator[tuple[int, list[str]]]:
        text = self._text()
        start = 1
        try:
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            for cells in reader:
                if cells:
                    yield start, cells
                start = reader.line_num + 1
        except csv.Error as error:
            raise self._no_csv(error, start) from None
        except UnicodeDecodeError:
            raise Damaged(
                _("the file was changed while it was read"),
                where=f"{self.path}:{start}",
                remedy=_("import it again when nothing writes to it"),
            ) from None
        finally:
            if not self._raw.closed:
                text.detach()

    def _no_csv(self, error: csv.Error, line: int) -> Damaged:
        if str(error) == "unexpected end of data":
            message = _("a quote in the row that starts here is never closed")
        elif "field limit" in str(error):
            message = _(
                "a cell of the row that starts here has more than {limit} characters; perhaps a quote is never closed"
            ).format(limit=MAX_CELL)
        else:
            message = _("not a CSV row ({error})").format(error=error)
        return Damaged(
            message,
            where=f"{self.path}:{line}",
            remedy=_("mend the row: a quote within quotes is written twice"),
        )


def open_source(path: Path, *, encoding: str = "auto", delimiter: str = "auto") -> Source:
    """Open a CSV file from elsewhere; a context manager.

    ``auto`` takes UTF-8 with or without BOM where the whole file is such, else GB18030 where it is that; and
    comma, semicolon or tab by the header line. Nothing is held in memory beyond a row.

    Raises Damaged that names file, line and byte for a file in no such encoding, a binary or an empty one;
    Usage for a file that cannot be opened and for an encoding or a delimiter that cannot be.
    """
    _check_options(encoding, delimiter)
    try:
        raw = path.open("rb")
    except OSError as error:
        raise Usage(
            _("cannot open the file: {reason}").format(reason=error.strerror or error),
            where=str(path),
            remedy=_("check the name and the permission to read it"),
        ) from None
    try:
        if not raw.seekable():
            raise Usage(
                _("this is a pipe, which can be read only once"),
                where=str(path),
                remedy=_("save it to a file and import that"),
            )
        _refuse_binary(path, raw)
        found = _encoding(path, raw) if encoding == "auto" else _given_encoding(path, raw, encoding)
        return Source(path, raw, found, delimiter)
    except BaseException:
        raw.close()
        raise


def _check_options(encoding: str, delimiter: str) -> None:
    if delimiter != "auto" and (len(delimiter) != 1 or delimiter in '"\r\n\0 '):
        raise Usage(
            _("the delimiter cannot be {text!r}").format(text=delimiter),
            remedy=_("give one character: comma, semicolon or tab"),
        )
    if encoding == "auto":
        return
    probe = 'a0,;|\t"\r\n'
    try:
        readable = probe.encode(encoding).removeprefix(codecs.BOM_UTF8) == probe.encode("ascii")
    except (LookupError, ValueError):
        readable = False
    if not readable:
        raise Usage(
            _("the encoding cannot be {text!r}").format(text=encoding),
            remedy=_("save the file as CSV UTF-8; or give utf-8, gb18030, cp1252 or another such name"),
        )


def _chunks(raw: io.BufferedReader, start: int = 0) -> Iterator[bytes]:
    raw.seek(start)
    return iter(lambda: raw.read(_CHUNK), b"")


def _refuse_binary(path: Path, raw: io.BufferedReader) -> None:
    """Raise Damaged for what is no text at all: a workbook, UTF-16, NUL bytes, a line without an end."""
    remedy = _("open it in the program that it comes from and save it as CSV UTF-8")
    head = raw.read(4)
    if head.startswith(b"PK\x03\x04"):
        raise Damaged(_("this is an Excel workbook or a zip file, no CSV"), where=str(path), remedy=remedy)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Damaged(_("this is UTF-16 text"), where=f"{path}:1", remedy=remedy)
    base = line_start = 0
    for chunk in _chunks(raw):
        if (nul := chunk.find(b"\0")) >= 0:
            raise Damaged(
                _("byte {offset} is NUL, so this is no CSV text").format(offset=base + nul),
                where=f"{path}:{_line(raw, base + nul)}",
                remedy=remedy,
            )
        ends = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        line_start = base + ends + 1 if ends >= 0 else line_start
        base += len(chunk)
        if base - line_start > _MAX_LINE:
            raise Damaged(
                _("this line has more than {limit} bytes").format(limit=_MAX_LINE),
                where=f"{path}:{_line(raw, line_start)}",
                remedy=remedy,
            )


def _encoding(path: Path, raw: io.BufferedReader) -> str:
    """UTF-8 with BOM, UTF-8 or GB18030, whichever the whole file is, in this order."""
    if _after_bom(raw, "utf-8-sig"):
        return _given_encoding(path, raw, "utf-8")
    not_utf8 = _first_bad(raw, "utf-8")
    if not_utf8 is None:
        return "utf-8"
    not_gb = _first_bad(raw, "gb18030")
    if _looks_utf8(raw):
        raise _undecodable(path, raw, not_utf8, _("the rest of the file is UTF-8, this byte is not"))
    if not_gb is None and _is_chinese(raw):
        return "gb18030"
    if not_gb is None:
        raise _undecodable(path, raw, not_utf8, _("the file is not UTF-8, and as GB18030 it makes no sense"))
    raise _undecodable(path, raw, not_gb, _("the file is neither UTF-8 nor GB18030"))


def _given_encoding(path: Path, raw: io.BufferedReader, encoding: str) -> str:
    name = codecs.lookup(encoding).name
    if name == "utf-8" and _after_bom(raw, "utf-8-sig"):
        name = "utf-8-sig"
    bad = _first_bad(raw, name)
    if bad is not None:
        raise _undecodable(path, raw, bad, _("the file is not {encoding}").format(encoding=name))
    return name


def _after_bom(raw: io.BufferedReader, encoding: str) -> int:
    """The length of the byte order mark of ``encoding`` at the start of the file, 0 without one."""
    bom = _BOMS.get(encoding, b"")
    raw.seek(0)
    return len(bom) if bom and raw.read(len(bom)) == bom else 0


def _first_bad(raw: io.BufferedReader, codec: str) -> int | None:
    """The offset of the first byte that ``codec`` does not take, None where it takes the whole file."""
    start = _after_bom(raw, codec)
    decoder = codecs.getincrementaldecoder("utf-8" if codec == "utf-8-sig" else codec)("strict")
    base = start
    for chunk in _chunks(raw, start):
        held = _held(decoder)
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return base - held + error.start
        base += len(chunk)
    try:
        held = _held(decoder)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return base - held
    return None


def _held(decoder: codecs.IncrementalDecoder) -> int:
    """Bytes of an unfinished character that the decoder keeps for the next call."""
    pending = decoder.getstate()[0]
    return len(pending)


def _looks_utf8(raw: io.BufferedReader) -> bool:
    """More whole three-byte characters than stray bytes: damaged UTF-8 rather than GB18030.

    GB18030 would decode damaged UTF-8 into other Chinese characters without complaint.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    whole = stray = 0
    for chunk in _chunks(raw):
        text = decoder.decode(chunk)
        stray += len(re.findall("[\udc80-\udcff]", text))
        whole += len(re.findall("[\u0800-\ud7ff\ue000-\uffff]", text))
    return whole > stray


def _is_chinese(raw: io.BufferedReader) -> bool:
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    count: Counter[str] = Counter()
    for chunk in _chunks(raw, _after_bom(raw, "gb18030")):
        count.update(decoder.decode(chunk))
    return canonical.is_chinese(count)


def _line(raw: io.BufferedReader, offset: int) -> int:
    """The number of the line that the byte at ``offset`` stands on; LF, CR and CR LF end a line."""
    ends, base, after_cr = 0, 0, False
    for chunk in _chunks(raw):
        part = chunk[: offset - base]
        ends += part.count(b"\n") + part.count(b"\r") - part.count(b"\r\n")
        ends -= after_cr and part.startswith(b"\n")
        after_cr = part.endswith(b"\r")
        base += len(chunk)
        if base >= offset:
            break
    return ends + 1


def _undecodable(path: Path, raw: io.BufferedReader, offset: int, message: str) -> Damaged:
    raw.seek(offset)
    byte = raw.read(1)
    return Damaged(
        _("byte {offset} (0x{byte}) cannot be read: {why}").format(offset=offset, byte=byte.hex().upper(), why=message),
        where=f"{path}:{_line(raw, offset)}",
        remedy=_("save the file as CSV UTF-8, or name its encoding"),
    )


def _delimiter(head: str) -> str:
    """The delimiter that the header line has most of, outside of quotes."""
    header = re.split(r"[\r\n]", _QUOTED.sub(r"\1", head).lstrip("\r\n"), maxsplit=1)[0]
    count: Callable[[str], int] = header.count
    return max(DELIMITERS, key=count)
