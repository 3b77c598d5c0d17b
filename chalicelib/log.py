"""Structured logs. Only fields named here can be written, so a secret or a name cannot slip into a log by accident.

The event is a fixed phrase in code, never built from input; everything that varies is a field.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from .config import settings

# What may be logged: identifiers, counts, kinds and outcomes. Never a name, an address, a number, a code or a token.
ALLOWED = frozenset(
    {
        "portal", "request_id", "route", "method", "status", "milliseconds", "refusal", "kind", "subject", "account",
        "contact", "batch", "channel", "template", "queue", "count", "attempt", "outcome", "reason",
        "function", "error", "where", "limit", "key_id", "actor",
    }
)  # fmt: skip


class _Formatter(LambdaPowertoolsFormatter):
    """One JSON line: what Powertools' own formatter would write of our fields, at a tenth of its cost."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {
            "level": record.levelname,
            "message": record.msg,
            "timestamp": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03}Z",
            "service": "latchstring",
            **getattr(record, "fields", {}),
        }
        return msgspec.json.encode(told, enc_hook=str).decode()


# Nobody reads which thread, process or source line logged: leaving that out is logging's own advice for speed.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging._srcfile = None

_logger = Logger(
    service="latchstring", level=settings.log_level, log_uncaught_exceptions=False, logger_formatter=_Formatter()
)


class NotLoggable(TypeError):
    """Code tried to log a field that is not in ALLOWED."""


def info(event: str, **fields: Any) -> None:
    """Note that something ordinary happened."""
    _logger.info(event, extra={"fields": _checked(fields)})


def warning(event: str, **fields: Any) -> None:
    """Note something an operator may want to look at."""
    _logger.warning(event, extra={"fields": _checked(fields)})


def failure(event: str, error: BaseException, **fields: Any) -> None:
    """Note an unexpected exception: its type and the place, not its text, which may quote input."""
    _logger.error(event, extra={"fields": _checked({**fields, "error": type(error).__name__, "where": _place(error)})})


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := fields.keys() - ALLOWED:
        raise NotLoggable(f"not loggable: {', '.join(sorted(unknown))}")
    return fields


def _place(error: BaseException) -> str:
    """File and line of the innermost frames of ours, such as `chalicelib/people/accounts.py:41`."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "chalicelib" in name:
            places.append(f"{name[name.rindex('chalicelib') :]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(places[-4:]))
