"""Workflows: create, read, list, change, copy, remove. What is said of one is kept by revision, and a revision never changes.

Enrolments keep the revision that they began with, so a change is never half done for anybody.
"""

from __future__ import annotations

from functools import lru_cache

from .. import clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..messaging import wordings
from ..messaging.shapes import Channel
from ..people import tag_rules, users
from ..portals import Portal
from ..storage import Page, Transaction, query
from . import timing
from .decisions import Of
from .models import LiveRow, RevisionRow, WorkflowRow
from .shapes import AddTags, CreateTask, RemoveTags, SendEmail, SendSms, Step, Workflow, WorkflowInput

_MOST = 200  # workflows of a portal: a changed record is looked at by each that is on
MOST_LIVE = 100
_TWICE = "Another step has this id already."
_NO_TIME = "A time of day needs a delay of days or longer."
_NO_MESSAGE = "There is no message for records of this name with a wording for this channel."
_NOBODY = "Say who gets it: the record, its agent, or staff."
_NO_STAFF = "There is no such staff user here, or they were deactivated."
_NO_STATUS = "The portal has no such product status."
_NOT_OFF = "Switch the workflow off first: only one that is off can be removed."
_IN_IT = "Records are in this workflow still. Wait until they have come to its end, or stop them, then remove it."
_TOO_MANY = f"A portal has at most {_MOST} workflows. Remove one that is no longer needed."


def create(act: Act, portal: Portal, wanted: WorkflowInput, *, workflow_id: str | None = None) -> Workflow:
    """A new workflow, switched off. Raises Invalid."""
    _check(portal, wanted)
    if len(query(WorkflowRow, _list(act.portal), index="by_order", limit=_MOST).items) == _MOST:
        raise Conflict(_TOO_MANY)
    identifier, now = workflow_id or ids.new(), clock.timestamp()
    row = WorkflowRow(
        pk=key(act.portal, identifier), sk="workflow", list_key=_list(act.portal), order_key=identifier, id=identifier,
        said=wanted, state="off", revision=1, version=1, created_by=act.actor, created_at=now, updated_at=now,
    )  # fmt: skip
    tx = act.transaction()
    tx.put(row, when=WorkflowRow.pk.does_not_exist(), refusal=Conflict("This workflow exists already."))
    _add_revision(tx, act, row)
    facts.record(tx, act, Kind.WORKFLOW_CREATED, subject(identifier), {"name": wanted.name})
    tx.commit()
    return shown(row)


def get(portal: str, workflow_id: str) -> Workflow:
    """The workflow as of now. Raises NotFound."""
    return shown(read(portal, workflow_id))


def listed(portal: str, *, state: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Workflow]:
    """Workflows, the newest first; in one state if named."""
    only = (WorkflowRow.state == state) if state else None
    page = query(WorkflowRow, _list(portal), index="by_order", only=only, limit=limit, cursor=cursor, descending=True)
    return Page([shown(row) for row in page.items], page.cursor)


def change(
    act: Act, portal: Portal, workflow_id: str, wanted: WorkflowInput, *, version: int | None = None
) -> Workflow:
    """Say something else of a workflow: a new revision. Those enrolled already go on as they began.

    Raises Invalid, NotFound, Stale, and Conflict while records are being looked at for it.
    """
    row = read(act.portal, workflow_id)
    if version is not None and version != row.version:
        raise Stale
    if row.said == wanted:
        return shown(row)
    must_be_settled(row)
    _check(portal, wanted, must_have_steps=row.state != "off")
    before, read_version = row.said, int(row.version)
    row.said, row.revision, row.version = wanted, int(row.revision) + 1, read_version + 1
    row.updated_at = clock.timestamp()
    tx = act.transaction()
    tx.put(row, when=WorkflowRow.version == read_version, refusal=Stale())
    _add_revision(tx, act, row)
    if row.state != "off":
        put_live(tx, row)
    changed = [name for name in wanted.__struct_fields__ if getattr(before, name) != getattr(wanted, name)]
    told = {"revision": [int(row.revision) - 1, int(row.revision)], "changed": changed}
    facts.record(tx, act, Kind.WORKFLOW_CHANGED, subject(workflow_id), told)
    tx.commit()
    return shown(row)


def copy(act: Act, portal: Portal, workflow_id: str, *, copy_id: str | None = None) -> Workflow:
    """Another one like it, switched off, in which nobody is. Raises NotFound."""
    said = read(act.portal, workflow_id).said
    name = f"Copy of {said.name}"[:200]
    return create(act, portal, WorkflowInput(**{**fields.values(said), "name": name}), workflow_id=copy_id)


def remove(act: Act, workflow_id: str, *, version: int | None = None) -> None:
    """Take away a workflow that is off and in which nobody is; its history stays. Raises NotFound, Stale, Conflict."""
    row = read(act.portal, workflow_id)
    if version is not None and version != row.version:
        raise Stale
    if row.state != "off":
        raise Conflict(_NOT_OFF)
    if _is_anybody_in(act.portal, workflow_id):
        raise Conflict(_IN_IT)
    tx = act.transaction()
    tx.delete(WorkflowRow(row.pk, row.sk), when=WorkflowRow.version == row.version, refusal=Stale())
    facts.record(tx, act, Kind.WORKFLOW_REMOVED, subject(workflow_id), {"name": row.said.name})
    tx.commit()


def rows(portal: str) -> list[WorkflowRow]:
    """All of a portal as of now; one that was made within this second may be missing."""
    found = query(WorkflowRow, _list(portal), index="by_order", limit=_MOST).items
    keys = [(row.pk, row.sk) for row in found]
    return [row for at in range(0, len(keys), 100) for row in WorkflowRow.find_many(keys[at : at + 100]).values()]


@lru_cache(maxsize=512)
def revision(portal: str, workflow_id: str, number: int) -> WorkflowInput:
    """What was said of a workflow in one revision. Raises NotFound."""
    row = RevisionRow.find(key(portal, workflow_id), _numbered(number))
    if row is None:
        raise NotFound("There is no such revision.")
    return row.said


def live(portal: str) -> list[LiveRow]:
    """The workflows that may take records in, or have some in them, in one read."""
    return query(LiveRow, _live(portal), limit=MOST_LIVE).items


def live_row(portal: str, workflow_id: str) -> LiveRow | None:
    """One of them; None where it is off."""
    return LiveRow.find(_live(portal), workflow_id)


def put_live(tx: Transaction, row: WorkflowRow) -> None:
    """Add to the transaction by what changed records are looked at from now on."""
    tx.put(live_of(row, row.state))


def live_of(row: WorkflowRow, state: str) -> LiveRow:
    """By what changed records are looked at while the workflow is in this state."""
    return _live_row(row.pk.partition("#")[0], row.id, row.said, int(row.revision), state, row.switched_on_at)


def live_draft(portal: str, said: WorkflowInput) -> LiveRow:
    """The same of a workflow that is not stored, as if it were on."""
    return _live_row(portal, "", said, 0, "on", None)


def _live_row(
    portal: str, workflow_id: str, said: WorkflowInput, number: int, state: str, switched_on_at: float | None
) -> LiveRow:
    return LiveRow(
        pk=_live(portal), sk=workflow_id, name=said.name, trigger=said.trigger,
        stops=int(said.stop_when_no_longer_matching), again=said.again, season=said.season, revision=number, state=state,
        switched_on_at=switched_on_at or clock.timestamp(),
    )  # fmt: skip


def drop_live(tx: Transaction, row: WorkflowRow) -> None:
    """Add to the transaction that no record is looked at by it any more."""
    tx.delete(LiveRow(_live(row.pk.partition("#")[0]), row.id))


def of(live_workflow: LiveRow) -> Of:
    """How decisions name it."""
    return Of(live_workflow.sk, live_workflow.name, int(live_workflow.revision))


def read(portal: str, workflow_id: str) -> WorkflowRow:
    """The stored workflow. Raises NotFound."""
    row = WorkflowRow.find(key(portal, workflow_id), "workflow")
    if row is None:
        raise NotFound("There is no workflow with this id.")
    return row


def must_be_settled(row: WorkflowRow) -> None:
    """Refuse with Conflict while a job is at work on its records."""
    if row.state in ("starting", "resuming", "moving", "stopping"):
        raise Conflict("This workflow is being seen to just now. Wait until that is done, then try again.")


def ready(portal: Portal, said: WorkflowInput) -> None:
    """Refuse with Invalid what cannot be switched on (any more): nothing to do, a message or a colleague that is gone."""
    _check(portal, said, must_have_steps=True)


def key(portal: str, workflow_id: str) -> str:
    """The table key of a workflow."""
    return f"{portal}#workflow#{workflow_id}"


def subject(workflow_id: str) -> str:
    """The workflow as facts name it."""
    return facts.subject("workflow", workflow_id)


def shown(row: WorkflowRow) -> Workflow:
    """The workflow as the API shows it."""
    return Workflow(
        id=row.id, state=row.state,  # type: ignore[arg-type]
        revision=int(row.revision), version=int(row.version),
        switched_on_at=clock.text(int(row.switched_on_at) if row.switched_on_at else None),
        paused_at=clock.text(int(row.paused_at) if row.paused_at else None),
        job=row.job, created_by=row.created_by, created_at=clock.text(int(row.created_at)) or "",
        updated_at=clock.text(int(row.updated_at)) or "", **fields.values(row.said),
    )  # fmt: skip


def _add_revision(tx: Transaction, act: Act, row: WorkflowRow) -> None:
    said = RevisionRow(
        pk=row.pk, sk=_numbered(int(row.revision)), said=row.said, saved_by=act.actor, saved_at=row.updated_at
    )
    tx.put(said, when=RevisionRow.pk.does_not_exist(), refusal=Stale())


def _check(portal: Portal, wanted: WorkflowInput, *, must_have_steps: bool = False) -> None:
    """What types cannot tell."""
    wrong: dict[str, str] = {}
    for place, status in enumerate(wanted.trigger.product_statuses):
        if status not in portal.product_statuses:
            wrong[f"trigger.product_statuses.{place}"] = _NO_STATUS
    for place, tag in enumerate(wanted.trigger.tags):
        if not tag_rules.is_tag(tag):
            wrong[f"trigger.tags.{place}"] = tag_rules.NO_TAG
    seen: set[str] = set()
    for place, step in enumerate(wanted.steps):
        at = f"steps.{place}"
        if step.id in seen:
            wrong[f"{at}.id"] = _TWICE
        seen.add(step.id)
        if step.at is not None and not timing.is_of_calendar(step):
            wrong[f"{at}.at"] = _NO_TIME
        wrong |= {f"{at}.do.{name}": why for name, why in _wrong_with(portal, step).items()}
    if must_have_steps and not wanted.steps:
        wrong["steps"] = "Add at least one step."
    if wrong:
        raise Invalid(fields=wrong)


def _wrong_with(portal: Portal, step: Step) -> dict[str, str]:
    match step.do:
        case SendEmail(message=message, to=to) | SendSms(message=message, to=to):
            wrong = {}
            if not can_send(portal.slug, message, "email" if isinstance(step.do, SendEmail) else "sms"):
                wrong["message"] = _NO_MESSAGE
            if not (to.record or to.agent or to.staff):
                wrong["to"] = _NOBODY
            return wrong | {
                f"to.staff.{place}": _NO_STAFF for place, each in enumerate(to.staff) if not is_staff(portal.slug, each)
            }
        case CreateTask(assignee=assignee) if assignee and not is_staff(portal.slug, assignee):
            return {"assignee": _NO_STAFF}
        case AddTags(tags=tags) | RemoveTags(tags=tags):
            return {f"tags.{place}": tag_rules.NO_TAG for place, tag in enumerate(tags) if not tag_rules.is_tag(tag)}
    return {}


def can_send(portal: str, message: str, channel: Channel) -> bool:
    """Whether this is a message for records that has a wording for the channel. What it says may be 15 seconds old."""
    try:
        template = wordings.template(portal, message, channel)
    except LookupError:
        return False
    return template.for_records and channel in template.channels


def _is_anybody_in(portal: str, workflow_id: str) -> bool:
    from . import enrolments

    return any(
        enrolments.rows_of_workflow(portal, workflow_id, state, limit=1).items for state in enrolments.RUNNING
    )  # fmt: skip


def is_staff(portal: str, user_id: str) -> bool:
    """Whether this is a staff user who was not deactivated."""
    user = users.by_id(portal, user_id)
    return user is not None and user.kind == "staff" and user.state != "deactivated"


def _live(portal: str) -> str:
    return f"{portal}#live-workflows"


def _list(portal: str) -> str:
    return f"{portal}#workflow"


def _numbered(number: int) -> str:
    return f"revision#{number:06}"
