"""Whom a message is looked at for: their names, and what their record holds, in place of values made up."""

from __future__ import annotations

from typing import Any

from ..errors import Forbidden, Invalid
from ..people import accounts, agent_cards, contacts
from ..people.shapes import Account
from ..portals.permissions import allows
from ..selfservice import records
from ..selfservice.records import PRODUCTS
from ..web.operation import Call
from ..workflows import record_context


def of(
    call: Call[Any, Any], account_id: str | None, contact_id: str | None, product_id: str | None
) -> dict[str, str]:  # fmt: skip
    """The values of those that are named. Raises Invalid for a product of no account, Forbidden, NotFound or Conflict."""
    if product_id and not account_id:
        raise Invalid(fields={"account_id": "Say whose product it is."})
    found: dict[str, str] = {}
    if account_id:
        _need(call, "accounts:read")
        account = accounts.get(call.slug, account_id)
        found |= _of_account(call, account)
        if product_id:
            _need(call, "records:read")
            product = records.get(call.portal, account.id, PRODUCTS, product_id)
            found |= record_context.of_product(call.portal, product)
    if contact_id:
        _need(call, "contacts:read")
        found |= _of_contact(call, contact_id)
    return found


def _of_account(call: Call[Any, Any], account: Account) -> dict[str, str]:
    agent = account.assigned_agent
    card = agent_cards.of_email(call.slug, agent) if agent else None
    return {"office": account.name, **record_context.of_account(account), **record_context.of_agent(card)}


def _of_contact(call: Call[Any, Any], contact_id: str) -> dict[str, str]:
    contact = contacts.get(call.slug, contact_id)
    whole = f"{contact.first_name} {contact.last_name}".strip()
    return {
        "contact_first_name": contact.first_name,
        **dict.fromkeys(("contact_name", "name", "applicant"), whole),
        **record_context.of_contact(contact),
    }


def _need(call: Call[Any, Any], permission: str) -> None:
    if not allows(call.caller.scopes, permission):
        raise Forbidden(f"You lack the permission {permission}.")
