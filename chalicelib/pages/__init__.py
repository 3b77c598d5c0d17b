"""The hosted pages: HTML routes, a module per part of the journey, and their templates."""

from chalice import Blueprint

blueprint = Blueprint(__name__)

from . import (
    answering,
    batches,
    factor_setup,
    forgotten,
    help_requests,
    joining,
    links,
    my,
    passwords,
    record_forms,
    records,
    registering,
    second_factor,
    security,
    signing_in,
    switching,
    terms,
    unsubscribe,
    uploads,
    viewing,
    welcome,
    well_known,
)

__all__ = [
    "answering", "batches", "blueprint", "factor_setup", "forgotten", "help_requests", "joining", "links", "my",
    "passwords", "record_forms", "records", "registering", "second_factor", "security", "signing_in", "switching", "terms",
    "unsubscribe", "uploads", "viewing", "welcome", "well_known",
]  # fmt: skip
