"""What a message about an account's record may tell: the values of its placeholders, from who and what it is about."""

from __future__ import annotations

from decimal import Decimal

from ..people.agent_cards import AgentCard
from ..people.shapes import Account, Contact
from ..portals import Portal, money
from ..selfservice.record_shapes import Product

Values = dict[str, str]


def context_of(
    portal: Portal, account: Account, contact: Contact | None, agent: AgentCard | None, product: Product | None
) -> Values:
    """The context that `queue` takes for a message `for_records`. What there is none of is blank."""
    return of_account(account) | of_contact(contact) | of_agent(agent) | of_product(portal, product)


def of_account(account: Account) -> Values:
    """Whose record it is."""
    return {"account_name": account.name}


def of_contact(contact: Contact | None) -> Values:
    """Whom it goes to."""
    return {
        "first_name": contact.first_name if contact else "",
        "last_name": contact.last_name if contact else "",
    }


def of_agent(agent: AgentCard | None) -> Values:
    """Who looks after the account."""
    return {
        "agent_name": agent.name if agent else "",
        "agent_title": agent.title if agent else "",
        "agent_phone": agent.phone if agent else "",
    }


def of_product(portal: Portal, product: Product | None) -> Values:
    """The product that an enrolment is about."""
    if product is None:
        return dict.fromkeys(_OF_PRODUCT, "")
    premium = "" if product.premium is None else money.shown(portal, Decimal(product.premium))
    said = (
        product.carrier, product.plan, product.policy_number, product.coverage_type, premium,
        product.effective_date or "", product.status,
    )  # fmt: skip
    return dict(zip(_OF_PRODUCT, said, strict=True))


_OF_PRODUCT = (
    "product_carrier", "product_plan", "product_policy_number", "product_coverage_type", "product_premium",
    "product_effective_date", "product_status",
)  # fmt: skip
