"""The JSON API below /api/v1: one blueprint, a module per kind of resource. Each handler calls one flow."""

from . import (
    accounts,
    api_keys,
    batches,
    contacts,
    credentials,
    documents,
    facts,
    help_requests,
    me,
    messages,
    portals,
    product,
    records,
    registration_checks,
    registration_links,
    registrations,
    self_service,
    staff,
    templates,
    users,
)
from .registry import api

blueprint = api.blueprint

__all__ = [
    "accounts", "api", "api_keys", "batches", "blueprint", "contacts", "credentials", "documents", "facts", "help_requests",
    "me", "messages", "portals", "product", "records", "registration_checks", "registration_links", "registrations",
    "self_service", "staff", "templates", "users",
]  # fmt: skip
