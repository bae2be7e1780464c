"""Takes hand edits on: what differs from the history becomes events of the person who adopts it."""

from __future__ import annotations

import json
from itertools import chain

from exlog import canonical, ids
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.ledger import audit, folding, manifest, permits
from exlog.ledger.book import Book
from exlog.ledger.session import Session, Sheet, writing
from exlog.store import layout, trail
from exlog.workflow import Event


def adopt(book: Book) -> list[str]:
    """Write hand edits into the history, changed archives into the manifest. Returns the ids adopted.

    Lines of the history that follow from nothing are taken on too, by an event that names them.

    Raises Damaged where a file cannot be read or a row breaks an invariant: that is mended first.
    """
    permits.require(book, "adopt")
    with writing(book) as session:
        findings: list[audit.Finding] = []
        survey = audit.survey(book, findings)
        rows = list(audit.rows_of(survey))
        wrong = chain(findings, (one for row in rows for one in audit.check_values(survey, row)))
        first = next(wrong, None)
        if first is not None:
            raise Damaged(first.message, where=first.where, remedy=first.remedy)
        adopted = [row.id for row in rows if _adopt_record(session, survey, row)]
        _adopt_archives(session, survey)
        adopted += _adopt_gaps(session, survey)
        session.commit()
    return adopted


def fix(book: Book) -> list[str]:
    """Bring tables that people's programs wrote back into canonical text. Returns the files rewritten."""
    rewritten = []
    with writing(book) as session:
        names = [layout.LIVE, *(layout.archive_file(month) for month in layout.archived_months(book.root))]
        for file in names:
            sheet = session.sheet(file)
            if not _is_canonical(sheet):
                sheet.tidy()
                rewritten.append(file)
        session.commit()
    return rewritten


def _is_canonical(sheet: Sheet) -> bool:
    table = sheet.rows.table
    keys = [ids.sort_key(one) for one in sheet.ids]
    return (
        table.canonical
        and table.columns == sheet.columns
        and keys == sorted(keys)
        and all(canonical.join_row(table.cells(row)) == line for row, line in enumerate(table.lines))
    )


def _adopt_record(session: Session, survey: audit.Survey, row: audit.Row) -> bool:
    record = dict(row.record)
    events = []
    for name, old, new in audit.differences(survey, row):
        if name == "*":
            record["uid"] = record.get("uid") or ids.new_uid(session.book.entropy)
            events.append(Event("adopt", "*", "", json.dumps(record, ensure_ascii=False)))
        elif name == "uid" and not (old and new):
            record["uid"] = old or new
        elif name == "uid":
            # A row with another identity is another row to every merge, and the history is told of the old one.
            raise Damaged(
                _("{id}: its uid was {old}; a uid never changes").format(id=row.id, old=old),
                where=row.where("uid"),
                remedy=_("write the old one back"),
            )
        else:
            events.append(Event("adopt", name, old, new))
    if record != row.record:
        session.sheet(row.table.name).put(record)
    session.log(row.id, record["uid"], events)
    return bool(events) or record != row.record


def _adopt_archives(session: Session, survey: audit.Survey) -> None:
    lines = manifest.read(session.book.root)
    changed = []
    for file, found in survey.tables.items():
        if file == layout.LIVE or session.sheet(file).changed or found.digest is None:
            continue
        line = manifest.describe(file, found.table, found.digest)
        if lines.get(line.month) != line:
            changed.append(line)
            old = lines[line.month].sha256 if line.month in lines else ""
            event = Event("adopt", "sha256", old, line.sha256, _("archive changed by hand"))
            session.log(line.month, "", [event])
    if changed:
        manifest.update(session.book.root, session.transaction, changed)


def _adopt_gaps(session: Session, survey: audit.Survey) -> list[str]:
    """Say in the history that its lines whose link leads nowhere, and its files without links, are taken as they are.

    Returns where they stand.
    """
    accepted = survey.told.accepted if survey.told else set()
    found = [gap for gap in trail.gaps(session.book.root) if gap.link not in accepted]
    for gap in found:
        month = gap.file.split("/")[1]
        session.log(month, "", [Event("adopt", folding.LINK, gap.prev, gap.link, gap.where)])
    bare = [file for file in trail.without_links(session.book.root) if file not in accepted]
    for file in bare:
        session.log(file.split("/")[1], "", [Event("adopt", folding.LINK, "", file)])
    return [*(gap.where for gap in found), *bare]
