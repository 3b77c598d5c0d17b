"""Answering a help request by mail, to the address that was left with it: what staff write, and nothing that opens anything.

Nobody knows yet whose address that is. So the answer holds no link and no name on file but the colleague's, is counted with
whatever else goes there, and is on record.
"""

from __future__ import annotations

from typing import Final

from .. import clock, facts
from ..errors import Conflict
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import mailing, matching
from ..security import identities
from . import help_requests
from .shapes import AnswerInput, HelpAnswer, HelpRequest

TEMPLATE: Final = "help-answer"
_MOST: Final = 20  # answers to one request; then it is time to call
_NO_EMAIL: Final = "No email address was left with this request. Call them, and note what you said."
_ENOUGH: Final = f"This request has {_MOST} answers. Call them, or close it."


def answer(act: Act, request_id: str, wanted: AnswerInput, *, author: str) -> HelpRequest:
    """Send an answer, signed with the author's name. Raises NotFound, Conflict without an address, TooMany, Stale."""
    row = help_requests.read(act.portal, request_id)
    to = matching.email_checked(row.asked.reached_by)
    if to is None:
        raise Conflict(_NO_EMAIL)
    held = row.answers or ()
    if len(held) >= _MOST:
        raise Conflict(_ENOUGH)
    before = row.state
    said = HelpAnswer(at=clock.text(clock.timestamp()) or "", by=act.actor, text=wanted.text)
    row.answers, row.state = (*held, said), "resolved" if wanted.resolves else "in-progress"
    about, tx = facts.subject("help", request_id), act.transaction()
    help_requests.store(tx, row)
    identities.note_destination(tx, act.portal, identities.identity("destination", "email", matching.email_key(to), ""))
    context = {"reference": row.reference, "said": wanted.text, "author": author}
    queue(tx, act, template=TEMPLATE, channel="email", to=to, about=about, context=context)
    changes = {"state": [before, row.state]} if before != row.state else {}
    facts.record(tx, act, Kind.HELP_ANSWERED, about, changes)
    mailing.commit(tx)
    return help_requests.get(act.portal, request_id)
