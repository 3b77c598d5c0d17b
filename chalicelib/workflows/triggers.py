"""Whether a record is what a workflow's trigger asks for: rule by rule, so that "why not?" has an answer."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..people.shapes import Account
from ..selfservice.record_shapes import Product
from . import timing
from .shapes import Trigger


class Rule(Struct, frozen=True):
    """One rule, whether it holds, and what there is to say of it."""

    name: str
    holds: bool
    said: str


class Match(Struct, frozen=True):
    """A record that matches: with which product, if the trigger is of products, and for which date from which moment."""

    product: Product | None = None
    occasion: str | None = None
    starts_at: int | None = None

    @property
    def key(self) -> str:
        """Which of a record's standings in the workflow it is."""
        return self.product.id if self.product else ""


def matches(trigger: Trigger, account: Account, products: Sequence[Product], zone: str, now: int) -> dict[str, Match]:
    """What matches, by its key. A date that is over still matches, but has no moment to start at."""
    if not all(rule.holds for rule in rules_of_record(trigger, account)):
        return {}
    if not trigger.is_of_product:
        return {"": Match()}
    found = [product for product in products if all(rule.holds for rule in rules_of_product(trigger, product))]
    return {product.id: _dated(trigger, product, zone, now) for product in found}


def rules_of_record(trigger: Trigger, account: Account) -> list[Rule]:
    """The rules about the record itself."""
    rules = [Rule("status", account.status == "open", f"The account is {account.status}.")]
    if trigger.record_types:
        holds = account.record_type in trigger.record_types
        rules.append(
            Rule("record-type", holds, f"It is a {account.record_type}; asked for: {_any(trigger.record_types)}.")
        )
    if trigger.tags:
        holds = bool(set(trigger.tags) & set(account.tags))
        has = f"tagged {', '.join(account.tags)}" if account.tags else "not tagged"
        rules.append(Rule("tags", holds, f"It is {has}; asked for: {_any(trigger.tags)}."))
    return rules


def rules_of_product(trigger: Trigger, product: Product) -> list[Rule]:
    """The rules about one product of the record."""
    rules = []
    if trigger.product_statuses:
        holds = product.status in trigger.product_statuses
        rules.append(
            Rule(
                "product-status", holds, f"Its status is {product.status}; asked for: {_any(trigger.product_statuses)}."
            )
        )
    if trigger.coverage_types:
        has = product.coverage_type or "not given"
        holds = product.coverage_type in trigger.coverage_types
        rules.append(
            Rule("coverage-type", holds, f"Its coverage type is {has}; asked for: {_any(trigger.coverage_types)}.")
        )
    if trigger.date:
        has = product.effective_date or "not given"
        rules.append(Rule("date", product.effective_date is not None, f"Its effective date is {has}."))
    return rules


def _dated(trigger: Trigger, product: Product, zone: str, now: int) -> Match:
    if trigger.date is None or product.effective_date is None:
        return Match(product)
    found = timing.occasion(trigger.date, product.effective_date, zone, now)
    return Match(product, *found) if found else Match(product, occasion=product.effective_date)


def _any(words: Sequence[str]) -> str:
    return " or ".join(words)
