"""Why no code lets a client in: every check in the order in which the door makes them. `checks_of_sending` has what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .. import facts
from ..facts import Kind
from ..people.cards import Card
from ..selfservice import batches
from ..selfservice.shapes import Batch
from ..selfservice.statuses import HIDDEN
from . import attempts
from .case import Case, Finding, passed, untold
from .checks_of_sending import code_arrived, code_entered, code_sent, codes_left, not_locked, takes_messages

Look = Callable[[Case], Finding]


def portal_open(case: Case) -> Finding:
    """Whether the portal lets anybody in."""
    if case.portal.status == "open":
        return passed("The portal is open.")
    return case.failed("The portal is closed: nobody gets in.", "open-portal", body={"status": "open"})


def way_offered(case: Case) -> Finding:
    """Whether clients of this portal sign in by codes."""
    if "code" in case.portal.policy.sign_in_ways:
        return passed("Clients sign in by a code here.")
    return case.failed("Clients of this portal sign in by username and password, not by a code.", "change-policy")


def number_known(case: Case) -> Finding:
    """Whether the number typed is the account's."""
    given, typed = case.given, case.told.client_number
    if given is not None and not given.number:
        return case.failed(f"{given.name} has no client number, so nobody can sign in with one.", "correct-account")
    if not typed and given is None:
        return untold("which client number they typed")
    if case.opened.account_id is None:
        changed = " Its number was changed: perhaps the caller has the old one." if _was_changed(case, "number") else ""
        return case.failed(f"No account has the number {typed}.{changed}", "verify-caller", detail=_TELL_NUMBER)
    if given is not None and case.opened.account_id != given.id:
        return case.failed(f"This is not the number of {given.name}.", "verify-caller", detail=_TELL_NUMBER)
    return passed(f"It is the number of {case.account.name if case.account else 'an account'}.")


def account_open(case: Case) -> Finding:
    """Whether the account is open."""
    if case.account is None:
        return untold("which client number they typed")
    if case.account.status == "open":
        return passed("The account is open.")
    return case.failed(f"{case.account.name} is closed.", "open-account", body={"status": "open"})


def name_matches(case: Case) -> Finding:
    """Whether somebody at the account has this last name."""
    typed = case.told.last_name
    if not typed:
        return untold("which last name they typed")
    if case.named:
        return passed("A contact has this last name. Capitals, accents, spaces and hyphens make no difference.")
    if not case.opened.cards:
        return case.failed("The account has no contact at all.", "add-contact")
    whose = _by_address(case)
    if whose is None:
        return case.failed(f'No contact of the account has the last name "{typed}".', "add-contact")
    which = "The contact was changed lately: perhaps the caller has typed the old surname."
    if not _renamed(case, whose):
        which = "Perhaps the surname has changed, and the contact still has the old one."
    text = f'The address belongs to {whose.name}, and the last name typed was "{typed}". {which}'
    return case.failed(text, "correct-contact", contact=whose.contact_id)


def is_an_address(case: Case) -> Finding:
    """Whether what was typed can be an address, of a kind that the portal sends codes to."""
    typed = case.told.destination
    if not typed:
        return untold("which email address or mobile number they typed")
    if case.destination is None:
        return case.failed(f'"{typed}" is neither an email address nor a phone number.', "try-again")
    if case.method not in case.portal.policy.sign_in_methods:
        what = "text message" if case.method == "sms" else "email"
        return case.failed(f"This portal sends no codes by {what}.", "change-policy")
    return passed("It has the form of an address that codes can go to.")


def on_file(case: Case) -> Finding:
    """Whether the address typed is on file for this contact."""
    if not case.told.destination:
        bare = [card for card in case.named if not (card.emails or card.mobile)]
        if bare and len(bare) == len(case.named):
            return case.failed("No email address or mobile number is on file.", "correct-contact", contact=_id(bare))
        return untold("which email address or mobile number they typed")
    if case.reached:
        return passed("It is on file for this contact.")
    held = case.named[0] if len(case.named) == 1 else None
    what = "email address" if case.method == "email" else "mobile number"
    has = held is not None and bool(held.emails if case.method == "email" else held.mobile)
    text = f"Another {what} is on file." if has else f"No {what} is on file." if held else f"Nobody has this {what}."
    if not case.named:
        return untold("which client number and last name they typed")
    return case.failed(
        f"{text} Look for a slip; if the one typed is right, correct the contact once you know the caller.",
        "correct-contact", contact=case.named[0].contact_id,
    )  # fmt: skip


def something_open(case: Case) -> Finding:
    """Whether a batch is open to the contact."""
    if case.open_to:
        return passed("Something is open to this contact.")
    if case.account_id is None or not case.reached:
        return untold("which client number and last name they typed")
    contact_ids = {card.contact_id for card in case.reached}
    held = batches.listed(case.slug, account_id=case.account_id).items
    theirs = [each for each in held if contact_ids & {each.renewal_contact_id, *each.contact_ids}]
    contact = case.reached[0].contact_id
    for batch in theirs:
        if not batch.open_to_portal and batch.status not in HIDDEN:
            return case.failed(
                f'"{batch.title}" is not open to the portal.', "open-batch", batch=batch.id, contact=contact,
                body={"open_to_portal": True},
            )  # fmt: skip
    return _nothing(case, theirs, held, contact)


def one_contact(case: Case) -> Finding:
    """Whether what was typed fits one contact and no other."""
    if len(case.open_to) == 1:
        return passed("It fits one contact and no other.")
    if not (case.told.last_name and case.told.destination):
        return untold("all that they typed: so far it fits several contacts")
    names = " and ".join(card.name for card in case.open_to[:3])
    return case.failed(
        f"It fits several contacts ({names}), so no code is sent to any of them.", "correct-contact",
        contact=case.open_to[0].contact_id,
    )  # fmt: skip


_TELL_NUMBER: Final = "then tell them the client number"
CHECKS: Final[tuple[tuple[str, str, Look], ...]] = (
    ("portal-open", "Is the portal open?", portal_open),
    ("way-offered", "Do clients sign in by a code here?", way_offered),
    ("number-known", "Is the client number right?", number_known),
    ("account-open", "Is the account open?", account_open),
    ("name-matches", "Does the last name match?", name_matches),
    ("is-an-address", "Can a code go to what was typed?", is_an_address),
    ("on-file", "Is it the address on file?", on_file),
    ("something-open", "Is something open to the contact?", something_open),
    ("one-contact", "Does it fit one contact alone?", one_contact),
    ("takes-messages", "Is anything sent to the address?", takes_messages),
    ("not-locked", "Is the sign-in unlocked?", not_locked),
    ("code-sent", "Was a code sent?", code_sent),
    ("code-arrived", "Did it arrive?", code_arrived),
    ("code-entered", "Was it typed in time, and rightly?", code_entered),
    ("codes-left", "May further codes be sent?", codes_left),
)


def _nothing(case: Case, theirs: list[Batch], held: list[Batch], contact: str) -> Finding:
    """Why nothing is open to the contact, where it is not that a batch is closed to the portal."""
    if theirs:
        batch = theirs[0]
        text = f'"{batch.title}" is {batch.status}, which no client sees.'
        return case.failed(text, "move-batch", batch=batch.id, contact=contact)
    shown = [each for each in held if each.status not in HIDDEN]
    if shown:
        text = f'No batch is for this contact. "{shown[0].title}" is for somebody else of the account.'
        return case.failed(text, "share-batch", batch=shown[0].id, contact=contact)
    return case.failed("The account has no batch that could be open.", "make-batch", contact=contact)


def _by_address(case: Case) -> Card | None:
    """The contact under the number whose address was typed, whatever their name."""
    if not case.told.destination or case.destination is None:
        return None
    return next((card for card in case.opened.cards if card.has(case.method, case.destination)), None)


def _renamed(case: Case, card: Card) -> bool:
    held = attempts.read(case.slug, [facts.subject("contact", card.contact_id)])
    return any("last_name" in fact.changes for fact in held.facts if fact.kind == Kind.CONTACT_CHANGED)


def _was_changed(case: Case, field: str) -> bool:
    """Whether a field of the account was ever changed, as far as its newest facts tell."""
    if case.given is None:
        return False
    found = facts.about(case.slug, facts.subject("account", case.given.id), limit=100).items
    return any(field in fact.changes for fact in found)


def _id(held: list[Card]) -> str:
    return held[0].contact_id
