"""Which customer a record is of, by what was typed."""

from __future__ import annotations

from exlog import ids, profiles, values
from exlog.errors import Refused
from exlog.i18n import _
from exlog.ledger import customers, enrolling
from exlog.ledger.session import Session


def customer_of(session: Session, text: str, unknown: str = "refuse", *, exact: bool = False) -> dict[str, str]:
    """The customer of a record by what was typed, see ``records.NewRecord``; ``exact`` takes the id of a profile only.

    Raises NotFound for an id that no profile has, however unknown customers are dealt with: it was mistyped, and is
    nobody's name. Raises Refused where the text may mean several, or nobody.
    """
    book = session.book
    everyone = [*customers.index(book), *session.customers]
    found = profiles.find(text, everyone)
    if exact:
        found = [one for one in found if one.id.casefold() == text.strip().casefold()]
    if not found and (exact or ids.parse(text, ids.CUSTOMER) is not None):
        raise customers.unknown(text)
    if unknown == "one-off":
        if book.policy.rules["one_off_customers"] == "refuse":
            raise Refused(
                _("the policy does not allow one-off customers"),
                remedy=_("use --new-customer, or change rules.one_off_customers in exlog.yaml"),
            )
        same = [one for one in found if text.strip().casefold() in (one.id.casefold(), one.name.casefold())]
        if len(same) == 1:
            return {"customer_id": same[0].id, "customer_name": same[0].name}
        name = values.read(profiles.BY_NAME["name"], text, book.policy, book.now)
        return {"customer_id": "", "customer_name": name}
    if len(found) > 1:
        raise profiles.ambiguous(text, found)
    if found:
        return {"customer_id": found[0].id, "customer_name": found[0].name}
    if unknown == "profile":
        made = enrolling.create(session, {"name": text})
        return {"customer_id": made.id, "customer_name": made.name}
    near = profiles.near(text, everyone)
    hint = _("did you mean {near}?").format(near=profiles.named(near)) + " " if near else ""
    raise Refused(
        _("no customer is called {name!r}").format(name=text),
        remedy=hint + _("--new-customer makes a profile, --one-off keeps just the name"),
    )
