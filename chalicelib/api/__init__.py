"""The JSON API below /api/v1: one blueprint, a module per kind of resource. Each handler calls one flow."""

from . import (
    account_tags,
    accounts,
    api_keys,
    batches,
    calls,
    campaigns,
    consent,
    contacts,
    credentials,
    documents,
    enrolments,
    facts,
    help_requests,
    me,
    messages,
    own_messages,
    portals,
    product,
    record_documents,
    records,
    registration_checks,
    registration_links,
    registrations,
    rehearsals,
    self_service,
    staff,
    support,
    tasks,
    templates,
    users,
    view_as,
    workflow_states,
    workflows,
)
from .registry import api

blueprint = api.blueprint

__all__ = [
    "account_tags", "accounts", "api", "api_keys", "batches", "blueprint", "calls", "campaigns", "consent", "contacts",
    "credentials", "documents", "enrolments", "facts", "help_requests", "me", "messages", "own_messages", "portals",
    "product", "record_documents", "records", "registration_checks", "registration_links", "registrations", "rehearsals",
    "self_service", "staff", "support", "tasks", "templates", "users", "view_as", "workflow_states", "workflows",
]  # fmt: skip
