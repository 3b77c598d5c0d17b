"""DynamoDB through PynamoDB: the tables, one shared connection, rows that know expiry, transactions, pages.

Only this module and the packages' private `models.py` import pynamodb. What is here keeps four promises:

- every model shares one client (PynamoDB would make one each, which doubles a cold start);
- a row past its `expires_at` is never returned, whether or not DynamoDB's TTL has deleted it yet;
- a transaction is all or nothing, refuses with the caller's own refusal, and is repeated only when DynamoDB says that
  nothing but a collision with another transaction stopped it;
- a cursor handed out cannot reach outside the partition it came from.
"""

from __future__ import annotations

import base64
import binascii
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

import msgspec
from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection.base import Connection, MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from . import aws, clock
from .config import settings
from .errors import Conflict, Invalid, Refusal, Stale, Unavailable
from .tables import TABLES, Table

_CONFLICT_TRIES = 4  # one try and three more, as docs/architecture.md says
_CONFLICT = "TransactionConflictException"  # of a single write: a transaction is at work on the same item
_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "ThrottlingError",
        "InternalServerError", "ServiceUnavailable", "TransactionInProgressException", _CONFLICT,
    }
)  # fmt: skip


class _OneSession(Connection):
    """PynamoDB's connection, on the process's one botocore session instead of one of its own in every thread."""

    @property
    def session(self) -> Any:
        return aws.session()


_connection = _OneSession(connect_timeout_seconds=2, read_timeout_seconds=5, max_retry_attempts=3)
_connection_lock = threading.Lock()
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="beside")
_TOGETHER = 32
pause: Callable[[float], None] = time.sleep
T = TypeVar("T")
U = TypeVar("U")
R = TypeVar("R", bound="Row")


def table_name(table: str) -> str:
    """The deployed name of one of TABLES."""
    return f"{settings.table_prefix}-{table}"


def client() -> Any:
    """The one botocore DynamoDB client that every row uses."""
    with _connection_lock:
        return _connection.client


def _meta(table: Table) -> MetaTable:
    return MetaTable(table.description(table_name(table.name)))


for _table in TABLES.values():
    _connection.add_meta_table(_meta(_table))


class Row(Model):
    """One kind of item. Subclasses set `Meta.table_name = table_name(...)` and declare their attributes."""

    table: ClassVar[str]

    @classmethod
    def _get_connection(cls) -> TableConnection:
        if cls._connection is None:
            connection = TableConnection.__new__(TableConnection)
            connection.table_name = cls.Meta.table_name
            connection.connection = _connection
            cls._connection = connection
            client()
        return cls._connection

    @classmethod
    def find(cls, hash_key: str, range_key: str | None = None) -> Self | None:
        """The item with this key as of this very moment (a consistent read), or None if absent or expired."""
        try:
            data = cls._get_connection().get_item(hash_key, range_key, consistent_read=True)
        except PynamoDBException as error:
            raise _translated(error) from error
        item = (data or {}).get("Item")
        return live(cls.from_raw_data(item)) if item else None

    @classmethod
    def find_many(cls, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Self]:
        """The live items with these (hash, range) keys, at most 100, in one consistent call."""
        try:
            rows = list(cls.batch_get(list(keys), consistent_read=True))
        except PynamoDBException as error:
            raise _translated(error) from error
        hash_name, range_name = cls._hash_keyname or "", cls._range_keyname or ""
        return {(getattr(row, hash_name), getattr(row, range_name)): row for row in rows if live(row)}

    def change(self, *actions: Action, when: Condition | None = None) -> bool:
        """Update this item in place if `when` holds, and take over its new values; False if it did not hold.

        Refused because a transaction was at work on the item, it is repeated as a transaction would be.
        """
        for attempt in range(_CONFLICT_TRIES):
            try:
                self.update(actions=list(actions), condition=when)
            except PynamoDBException as error:
                code = _code(error)
                if code == "ConditionalCheckFailedException":
                    return False
                if code != _CONFLICT or attempt + 1 == _CONFLICT_TRIES:
                    raise _translated(error) from error
                _pause_before(attempt)
            else:
                break
        return True


class Packed(Attribute[T]):
    """A msgspec struct, or a list of them, kept as one JSON string: written and read whole."""

    attr_type = "S"

    def __init__(self, shape: type[T], **options: Any) -> None:
        super().__init__(**options)
        self._shape = shape

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[T]:
        """Made when first needed: a request reads few of the shapes that are imported."""
        return msgspec.json.Decoder(self._shape)

    def serialize(self, value: T) -> str:
        """The JSON to store."""
        return msgspec.json.encode(value).decode()

    def deserialize(self, value: str) -> T:
        """The value that was stored."""
        return self._decoder.decode(value)


def raw(attribute: str) -> Path:
    """An attribute by its name, as stored: for conditions on text within a Packed one."""
    return Path(attribute)


def live(row: R) -> R | None:
    """The row, unless its time is over. DynamoDB may take days to delete what expired."""
    expires_at = getattr(row, "expires_at", None)
    return None if expires_at is not None and expires_at <= clock.timestamp() else row


class _Step(msgspec.Struct):
    kind: str
    row: Row
    actions: Sequence[Action]
    condition: Condition | None
    refusal: Callable[[dict[str, Any]], Refusal] | None


# The order in which PynamoDB sends the parts of a transaction, and so of the reasons for a cancellation.
_ORDER = ("check", "delete", "put", "update")


class Transaction(msgspec.Struct):
    """Changes that happen together or not at all, at most 100.

    `rider` adds one more part when the transaction is committed (an idempotency record, say); the first transaction of
    an act carries it.
    """

    rider: Callable[[Transaction], None] | None = None
    _steps: list[_Step] = msgspec.field(default_factory=list)

    def put(self, row: Row, when: Condition | None = None, refusal: Refusal | None = None) -> None:
        """Write a whole row."""
        self._steps.append(_Step("put", row, (), when, _always(refusal)))

    def update(
        self,
        row: Row,
        *actions: Action,
        when: Condition | None = None,
        refusal: Refusal | Callable[[dict[str, Any]], Refusal] | None = None,
    ) -> None:
        """Change parts of a row. `refusal` may be a function of the row's raw present values."""
        decide = refusal if callable(refusal) else _always(refusal)
        self._steps.append(_Step("update", row, actions, when, decide))

    def delete(self, row: Row, when: Condition | None = None, refusal: Refusal | None = None) -> None:
        """Remove a row."""
        self._steps.append(_Step("delete", row, (), when, _always(refusal)))

    def check(self, row: Row, when: Condition, refusal: Refusal | None = None) -> None:
        """Go on only if `when` holds for a row that is not otherwise changed."""
        self._steps.append(_Step("check", row, (), when, _always(refusal)))

    def __len__(self) -> int:
        return len(self._steps)

    def commit(self) -> None:
        """Do it. Raises the refusal of the first condition that failed (Conflict where none was given), or Unavailable."""
        if self.rider:
            rider, self.rider = self.rider, None
            rider(self)
        self._steps.sort(key=lambda step: _ORDER.index(step.kind))
        for attempt in range(_CONFLICT_TRIES):
            try:
                return self._send()
            except TransactWriteError as error:
                reasons = list(error.cancellation_reasons)
                if not _only_conflicts(reasons) or attempt + 1 == _CONFLICT_TRIES:
                    raise self._refusal(reasons, error) from error
                _pause_before(attempt)
            except PynamoDBException as error:
                raise _translated(error) from error
        raise Unavailable

    def _send(self) -> None:
        write = TransactWrite(connection=_connection)
        for step in self._steps:
            row: Any = step.row
            if step.kind == "put":
                write.save(row, step.condition, return_values="ALL_OLD")
            elif step.kind == "update":
                write.update(row, list(step.actions), step.condition, return_values="ALL_OLD")
            elif step.kind == "delete":
                write.delete(row, step.condition)
            else:
                keys = (
                    getattr(row, row._hash_keyname),
                    getattr(row, row._range_keyname) if row._range_keyname else None,
                )
                write.condition_check(type(row), *keys, condition=step.condition)
        client()
        write._commit()

    def _refusal(self, reasons: Sequence[Any], error: TransactWriteError) -> Exception:
        for step, reason in zip(self._steps, reasons, strict=False):
            if reason is not None and reason.code == "ConditionalCheckFailed":
                return step.refusal(reason.raw_item or {}) if step.refusal else Conflict()
        return _translated(error)


def _pause_before(attempt: int) -> None:
    pause(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret


def _always(refusal: Refusal | None) -> Callable[[dict[str, Any]], Refusal] | None:
    return None if refusal is None else lambda _present: refusal


def _only_conflicts(reasons: Iterable[Any]) -> bool:
    codes = {reason.code for reason in reasons if reason is not None}
    return codes == {"TransactionConflict"}


def _code(error: PynamoDBException) -> str | None:
    """DynamoDB's error code; None where it did not answer. PynamoDB's own property stumbles over a timeout."""
    response = getattr(error.cause, "response", None) or {}
    return response.get("Error", {}).get("Code")


def _translated(error: PynamoDBException) -> Exception:
    """What a caller sees when DynamoDB did not answer: Unavailable for passing trouble, else the error itself."""
    code = _code(error)
    transient = code is None or code in _THROTTLED or code == "TransactionCanceledException"
    return Unavailable() if transient else error


def guarded(call: Callable[[], T]) -> T:
    """Run a PynamoDB call of a models module, with the errors of passing trouble translated to Unavailable."""
    try:
        return call()
    except PynamoDBException as error:
        raise _translated(error) from error


def afresh(attempt: Callable[[], T]) -> T:
    """Do it, and again from the start when what it read was changed meanwhile: four times, then Stale is raised."""
    for _ in range(_CONFLICT_TRIES - 1):
        try:
            return attempt()
        except Stale:
            continue
    return attempt()


def beside(first: Callable[[], T], second: Callable[[], U]) -> tuple[T, U]:
    """Run two independent calls at the same time. Both finish before either's error is raised, the first's first."""
    running = _pool.submit(first)
    try:
        answer = second()
    except BaseException:
        running.exception()
        raise
    finally:
        failed = running.exception()
    if failed:
        raise failed
    return running.result(), answer


def together(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Run independent calls at the same time and give their answers in order.

    Some at a time, so that whoever shares the threads, as all do in the local runtime, need not wait for thousands.
    """
    if len(calls) == 1:
        return [calls[0]()]
    slices = (calls[start : start + _TOGETHER] for start in range(0, len(calls), _TOGETHER))
    return [answer for some in slices for answer in _pool.map(lambda call: call(), some)]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Part of a list, and where the next part starts (None: this was the last)."""

    items: list[T]
    cursor: str | None = None


_PAGES_A_CALL = 12  # how many pages of an index one request reads at most when a filter matches little


def query(
    model: type[R],
    hash_key: str,
    *,
    index: str | None = None,
    between: Condition | None = None,
    only: Condition | None = None,
    limit: int = 50,
    cursor: str | None = None,
    descending: bool = False,
) -> Page[R]:
    """One page of a partition or index partition, in key order. Base-table queries are consistent reads."""
    table = TABLES[model.table]
    hash_name = table.index(index).hash if index else table.hash
    start = _opened(cursor, table, index, hash_name, hash_key) if cursor else None
    found: list[R] = []
    last: dict[str, Any] = {}
    for _ in range(_PAGES_A_CALL):
        try:
            answer = model._get_connection().query(
                hash_key,
                range_key_condition=between,
                filter_condition=only,
                consistent_read=index is None,
                exclusive_start_key=start,
                index_name=index,
                limit=limit + 1 if only is None else max(100, limit + 1),
                scan_index_forward=not descending,
            )
        except PynamoDBException as error:
            if _code(error) == "ValidationException" and cursor:
                raise Invalid(fields={"cursor": "This is not a cursor of this list."}) from error
            raise _translated(error) from error
        for item in answer["Items"]:
            row = live(model.from_raw_data(item))
            if row is None:
                continue
            if len(found) == limit:
                return Page(found, _sealed(table, index, last))
            found.append(row)
            last = item
        start = answer.get("LastEvaluatedKey")
        if not start:
            return Page(found)
    return Page(found, _packed_key(start or {}))


def keys_until(table: str, index: str, hash_key: str, until: int, limit: int) -> list[str]:
    """The table's hash keys of what stands in an index partition up to a number, lowest first; of no model, so none loads."""
    described = TABLES[table]
    order = Path(described.index(index).range)
    try:
        answer = _connection.query(
            table_name(table), hash_key, range_key_condition=order <= until, index_name=index, limit=limit
        )
    except PynamoDBException as error:
        raise _translated(error) from error
    return [item[described.hash]["S"] for item in answer["Items"]]


def number_in(table: str, hash_key: str, attribute: str) -> int | None:
    """A number in one item of a table without a range key; None where there is none. Of no model, so none loads."""
    try:
        answer = _connection.get_item(table_name(table), hash_key, consistent_read=True)
    except PynamoDBException as error:
        raise _translated(error) from error
    found = (answer or {}).get("Item", {}).get(attribute)
    return int(found["N"]) if found else None


def merged(
    model: type[R], partitions: Sequence[str], *, index: str, before: str | None, limit: int, order: str
) -> list[R]:
    """The newest `limit` rows of several index partitions, older than the sort key `before`, newest first."""
    attribute = getattr(model, order)
    between = attribute < before if before else None

    def read(partition: str) -> list[R]:
        return query(model, partition, index=index, between=between, limit=limit, descending=True).items

    rows = [row for part in together([lambda p=p: read(p) for p in partitions]) for row in part]  # type: ignore[misc]
    return sorted(rows, key=lambda row: str(getattr(row, order)), reverse=True)[:limit]


def _sealed(table: Table, index: str | None, item: dict[str, Any]) -> str:
    return _packed_key({name: item[name] for name in table.key_names(index)})


def _packed_key(key: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def _opened(cursor: str, table: Table, index: str | None, hash_name: str, hash_key: str) -> dict[str, Any]:
    """The key in a cursor, its partition replaced by the one that is being read: a cursor gives a position, no more."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key = msgspec.json.decode(raw, type=dict[str, dict[Literal["S", "N"], str]])
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise Invalid(fields={"cursor": "This is not a cursor of this list."}) from error
    if key.keys() != set(table.key_names(index)) or any(len(value) != 1 for value in key.values()):
        raise Invalid(fields={"cursor": "This is not a cursor of this list."})
    return {**key, hash_name: {"S": hash_key}}


__all__ = [
    "Action", "Condition", "NumberAttribute", "Packed", "Page", "Row", "Transaction", "UnicodeAttribute", "afresh", "beside",
    "client", "guarded", "keys_until", "live", "merged", "query", "raw", "size", "table_name", "together",
]  # fmt: skip
