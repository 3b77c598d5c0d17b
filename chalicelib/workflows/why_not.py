"""Why is this record not in the workflow: each rule with what would make it hold, and whatever else is in the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from .. import clock
from ..errors import Refusal, Unavailable
from ..people import accounts
from ..people.shapes import Account
from ..portals import Portal
from ..selfservice.record_shapes import Product
from . import decisions, definitions, enrolling, enrolments, plans, reaching, rehearsal, triggers
from .foreseeing import ALREADY, Cards, Record, messages_of, plan_of
from .models import LiveRow, StandingRow, WorkflowRow
from .plans import NotYet, Sending, Skipped
from .rehearsal_shapes import MessageForeseen, Obstacle, ProductShown, RuleShown, StepNow, WhyNot
from .shapes import Enrolment, Step, Trigger
from .triggers import Match, Rule

_DECISIONS = 20
_ENROLMENTS = 10
_WAIT = "Wait until the job on its records is done."
_STATES = {
    "off": ("The workflow is switched off.", "Switch it on."),
    "paused": ("The workflow is paused.", "Resume it."),
    "starting": ("The workflow is being switched on.", _WAIT),
    "resuming": ("The workflow is being resumed.", _WAIT),
    "moving": ("Those in the workflow are being taken along to a new revision.", _WAIT),
    "stopping": ("The workflow is being switched off.", "Switch it on again when that is done."),
}
_ENTERS = ("on", "starting", "resuming", "moving")
_FIXES = {
    enrolling.ONCE: "Let records enter again, or name another season in the workflow.",
    enrolling.DATE_OVER: "Give the product a later date, or enrol on every anniversary.",
    ALREADY: "Change the record so that it no longer matches, and then so that it does.",
}


class _Seen(Struct, frozen=True):
    """A record, as it stands to one workflow."""

    portal: Portal
    row: WorkflowRow
    account: Account
    products: Sequence[Product]
    named: bool
    matching: dict[str, Match]
    standing: dict[str, StandingRow]
    enrolments: tuple[Enrolment, ...]

    @property
    def trigger(self) -> Trigger:
        return self.row.said.trigger

    @property
    def live(self) -> LiveRow:
        """The workflow as if it were on: its state is told by itself."""
        return definitions.live_of(self.row, "on")


def of_record(portal: Portal, workflow_id: str, account_id: str, *, named: bool = False) -> WhyNot:
    """Why a record is in a workflow, or why not. `named`: tell the carriers and plans of its products. Raises NotFound."""
    row = definitions.read(portal.slug, workflow_id)
    account = accounts.get(portal.slug, account_id)
    trigger, now = row.said.trigger, clock.timestamp()
    products = enrolling.products_for(portal, account_id, trigger)
    found = enrolling.standings(portal.slug, account_id)
    seen = _Seen(
        portal=portal, row=row, account=account, products=products, named=named,
        matching=triggers.matches(trigger, account, products, portal.time_zone, now),
        standing={key: each for (workflow, key), each in found.items() if workflow == row.id},
        enrolments=tuple(enrolments.in_workflow(portal.slug, account_id, workflow_id, limit=_ENROLMENTS)),
    )  # fmt: skip
    rules = tuple(_shown(trigger, rule) for rule in triggers.rules_of_record(trigger, account))
    shown = tuple(_product(seen, product) for product in products)
    is_in_it = any(each.state in enrolments.RUNNING for each in seen.enrolments)
    obstacle = _obstacle(seen, rules, shown)
    return WhyNot(
        account_id=account_id, workflow_id=row.id, workflow_name=row.said.name, state=row.state,  # type: ignore[arg-type]
        matches=bool(seen.matching), is_in_it=is_in_it, would_enter=obstacle is None, obstacle=obstacle, rules=rules,
        products=shown, enrolments=seen.enrolments, steps=tuple(_steps(seen)),
        decisions=tuple(decisions.listed(portal.slug, account_id, workflow_id=row.id, limit=_DECISIONS).items),
    )  # fmt: skip


def _obstacle(seen: _Seen, rules: Sequence[RuleShown], products: Sequence[ProductShown]) -> Obstacle | None:
    """The first thing in the way of its entering: a rule of the record, of its products, the workflow, what was before."""
    for rule in rules:
        if not rule.holds:
            return Obstacle(what=rule.name, said=rule.said, fix=rule.fix)
    if not seen.matching:
        return _of_products(products)
    if seen.row.state not in _ENTERS:
        return Obstacle(what="state", said=_STATES[seen.row.state][0], fix=_STATES[seen.row.state][1])
    whys = [_why_not_enter(seen, key, match) for key, match in seen.matching.items()]
    if not all(whys):
        return None
    return Obstacle(what="entry", said=whys[0], fix=_FIXES.get(whys[0], ""))


def _of_products(products: Sequence[ProductShown]) -> Obstacle:
    """Of the product that comes nearest the first rule that it breaks."""
    if not products:
        return Obstacle(what="products", said="The record has no products.", fix="Add the product that it is about.")
    nearest = max(products, key=lambda each: sum(rule.holds for rule in each.rules))
    broken = next(rule for rule in nearest.rules if not rule.holds)
    said = f"{nearest.name}: {broken.said}" if nearest.name else broken.said
    return Obstacle(what=broken.name, said=said, fix=broken.fix)


def _why_not_enter(seen: _Seen, key: str, match: Match) -> str:
    """Why something that matches does not enter now; blank: nothing is in the way."""
    row = seen.standing.get(key)
    running = {each.id for each in seen.enrolments if each.state in enrolments.RUNNING}
    if row is not None and row.enrolment in running:
        return "It is in this workflow now."
    if row and enrolling.stands(seen.live, row) and (seen.trigger.date is None or row.occasion == match.occasion):
        return ALREADY
    return enrolling.objection(seen.live, row, match, clock.timestamp(), lambda: False)


def _product(seen: _Seen, product: Product) -> ProductShown:
    rules = tuple(_shown(seen.trigger, rule) for rule in triggers.rules_of_product(seen.trigger, product))
    match = seen.matching.get(product.id)
    name = " ".join(each for each in (product.carrier, product.plan) if each) if seen.named else ""
    return ProductShown(
        product_id=product.id, name=name, matches=all(rule.holds for rule in rules), rules=rules,
        why_not=_why_not_enter(seen, product.id, match) if match else "",
    )  # fmt: skip


def _shown(trigger: Trigger, rule: Rule) -> RuleShown:
    return RuleShown(
        name=rule.name, holds=rule.holds, said=rule.said, fix="" if rule.holds else _fix(trigger, rule.name)
    )


def _fix(trigger: Trigger, name: str) -> str:
    """What would make a rule hold."""
    return {
        "status": "Open the account.",
        "record-type": f"Make it a {' or '.join(trigger.record_types)}.",
        "tags": f"Tag it {' or '.join(trigger.tags)}.",
        "product-status": f"Set the product's status to {' or '.join(trigger.product_statuses)}.",
        "coverage-type": f"Set the product's coverage type to {' or '.join(trigger.coverage_types)}.",
        "date": "Give the product an effective date.",
    }[name]


def _steps(seen: _Seen) -> Iterator[StepNow]:
    """What would become of each step if it came now: of the product that is in the workflow, or matches, or of the first."""
    key = next((each.product_id for each in seen.enrolments if each.state in enrolments.RUNNING), None)
    wanted = key or next(iter(seen.matching), "")
    product = next((each for each in seen.products if each.id == wanted), next(iter(seen.products), None))
    lately = reaching.lately(seen.portal, seen.account.id)
    record = Record(seen.portal, seen.account, seen.products, lately, Cards(seen.portal))
    for step in seen.row.said.steps:
        answer, reason, messages = _now(record, product, step)
        yield StepNow(
            step=step.id, action=str(step.do.__struct_config__.tag), answer=answer, reason=reason, messages=messages  # type: ignore[arg-type]
        )  # fmt: skip


def _now(record: Record, product: Product | None, step: Step) -> tuple[str, str, tuple[MessageForeseen, ...]]:
    now = clock.timestamp()
    try:
        plan = plan_of(record, product, step, now)
    except NotYet as wait:
        return "put-off", wait.reason, ()
    except Skipped as skip:
        return "skipped", skip.words, ()
    except Unavailable:
        raise
    except Refusal as refusal:
        return "skipped", plans.words(refusal), ()
    if not isinstance(plan, Sending):
        return "done", "", ()
    return "done", "", tuple(rehearsal.message(record.portal, each) for each in messages_of(record, product, plan, now))
