"""The hosted pages: HTML routes, a module per part of the journey, and their templates."""

from chalice import Blueprint

blueprint = Blueprint(__name__)

from . import answering, batches, signing_in, uploads, welcome

__all__ = ["answering", "batches", "blueprint", "signing_in", "uploads", "welcome"]
