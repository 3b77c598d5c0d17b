"""The JSON API below /api/v1: one blueprint, a module per kind of resource. Each handler calls one flow."""

from . import (
    accounts,
    api_keys,
    batches,
    contacts,
    credentials,
    documents,
    facts,
    me,
    messages,
    portals,
    product,
    registrations,
    staff,
)
from .registry import api

blueprint = api.blueprint

__all__ = [
    "accounts", "api", "api_keys", "batches", "blueprint", "contacts", "credentials", "documents", "facts", "me",
    "messages", "portals", "product", "registrations", "staff",
]  # fmt: skip
