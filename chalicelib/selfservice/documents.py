"""Documents: sent straight to S3 by a presigned form, set apart until checked, downloaded by a short link.

The same for every home that has documents (`homes`): a batch, an account's record. A document's row says where it stands:
waiting for its file, ready, or refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from .. import clock, facts, ids
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act
from ..portals import Portal
from ..storage import query
from . import files, filetypes
from .files import NotArrived
from .homes import Home
from .models import FileRow
from .shapes import Document, DocumentUpload, Download, NewDocument

_MOST = 100  # documents of one home, without those whose form ran out before their file came
_MOST_WAITING = 10  # files that one contact may have announced to a batch and not sent
UNNAMED: Final = "application/octet-stream"  # a client's upload: its type is read from the file itself
NO_SLASHES: Final = "A file name cannot hold slashes."
D = TypeVar("D", bound=Document)
U = TypeVar("U", bound=DocumentUpload)


def add(
    act: Act,
    portal: Portal,
    home: Home[D, U],
    wanted: NewDocument,
    *,
    document_id: str | None = None,
    then: Callable[[str], str] | None = None,
) -> U:
    """A new document, waiting for its file, and the form to send it with.

    `then` makes from the document's id the address a browser goes to once the file is sent. Raises Invalid, Conflict, and
    NotFound where there is no such home.
    """
    by_client = wanted.content_type == UNNAMED and _is_contact(act)
    _check(portal, wanted, by_client=by_client)
    home.check_it_is_there()
    _check_room(act, home)
    identifier = document_id or ids.new()
    row = home.new_row(act, wanted, identifier)
    tx = act.transaction()
    home.must_stay(tx)
    tx.put(row, when=home.rows.pk.does_not_exist(), refusal=Conflict("This document exists already."))
    facts.record(tx, act, home.kind("added", act), home.about, {"document": identifier})
    tx.commit()
    return _upload(home, row, portal, then(identifier) if then else None)


def upload(portal: Portal, home: Home[D, U], document_id: str) -> U:
    """A fresh form for a document that still waits for its file. Raises Conflict once it has arrived and been checked."""
    held = row(home, document_id)
    if held.status != "waiting":
        raise Conflict("This document has its file already.")
    return _upload(home, held, portal, None)


def listed(home: Home[D, U]) -> list[D]:
    """All documents, oldest first, those still waiting too. Raises NotFound for a home that does not exist."""
    home.check_it_is_there()
    return of_home(home)


def of_home(home: Home[D, U]) -> list[D]:
    """The same for a home that is known to exist: one read."""
    return [home.shown(each) for each in _rows(home)]


def get(home: Home[D, U], document_id: str) -> D:
    """One document. Raises NotFound."""
    return home.shown(row(home, document_id))


def check(act: Act, portal: Portal, home: Home[D, U], document_id: str) -> D:
    """Check what arrived: length and first bytes. It becomes ready, or refused with a reason. Raises Conflict if absent."""
    for last in (False, True):
        held = row(home, document_id)
        if held.status != "waiting":
            return home.shown(held)
        try:
            return _checked(act, portal, home, held, document_id)
        except (Conflict, Stale) as refusal:  # another check was quicker, or it was renamed meanwhile
            if (last or isinstance(refusal, NotArrived)) and row(home, document_id).status == "waiting":
                raise
    return get(home, document_id)


def _checked(act: Act, portal: Portal, home: Home[D, U], held: Any, document_id: str) -> D:
    as_read = home.as_read(held)
    held.copy = (
        ids.new()
    )  # each check has a copy of its own: what another one copies meanwhile cannot get into this one
    waiting, place = _place(home, "quarantine", held), _place(home, "documents", held)
    size, head = files.take_over(waiting, place, held.content_type)
    if held.content_type == UNNAMED:
        held.content_type = filetypes.type_of(head) or UNNAMED
    held.reason = _fault(held, size, head, portal)
    held.status, held.size, held.version = ("refused" if held.reason else "ready"), size, int(held.version) + 1
    if held.status == "ready" and not filetypes.is_allowed(held.content_type, held.name):
        held.name += filetypes.EXTENSIONS[held.content_type][0]
    tx = act.transaction()
    tx.put(held, when=as_read)
    if held.status == "ready":
        home.count(tx, held, 1)
    facts.record(tx, act, home.kind(held.status, act), home.about, {"document": document_id})
    try:
        tx.commit()
    except (Conflict, Stale):
        files.tidy(place)
        raise
    files.tidy(waiting, *([place] if held.reason else []))
    return home.shown(held)


def remove(act: Act, home: Home[D, U], document_id: str, *, version: int | None = None) -> None:
    """Remove a document and its file: the file first, since without the row nobody would find it again.

    Raises NotFound, and Stale where `version` is not the present one.
    """
    held = row(home, document_id)
    if version is not None and version != held.version:
        raise Stale
    try:
        _removed(act, home, held, document_id)
    except Conflict:  # a check took the file over meanwhile: there is another one to delete now
        _removed(act, home, row(home, document_id), document_id)


def _removed(act: Act, home: Home[D, U], held: Any, document_id: str) -> None:
    files.delete(_place(home, "quarantine", held), _place(home, "documents", held))
    tx = act.transaction()
    tx.delete(home.rows(held.pk, held.sk), when=home.as_read(held))
    if held.status == "ready":
        home.count(tx, held, -1)
    facts.record(tx, act, home.kind("removed", act), home.about, {"document": document_id})
    tx.commit()


def download_url(home: Home[D, U], document_id: str) -> Download:
    """A link to the content, good for a minute, that browsers save instead of showing. Raises NotFound, Conflict."""
    return link(home, row(home, document_id))


def link(home: Home[D, U], held: Any) -> Download:
    """The same for a document as it was read. Raises Conflict."""
    if held.status != "ready":
        raise Conflict("This document cannot be downloaded: its file has not arrived, or was refused.")
    return files.link(_place(home, "documents", held), held.name, held.content_type)


def row(home: Home[D, U], document_id: str) -> Any:
    """The stored document. Raises NotFound."""
    found = home.rows.find(home.key, f"document#{document_id}")
    if found is None:
        raise NotFound(f"There is no document with this id in this {home.word}.")
    return found


def _check(portal: Portal, wanted: NewDocument, *, by_client: bool) -> None:
    wrong = {}
    if not by_client and not filetypes.is_allowed(wanted.content_type, wanted.name):
        kinds = ", ".join(ending for endings in filetypes.EXTENSIONS.values() for ending in endings)
        wrong["content_type"] = f"The type and the ending of the name must fit each other, and be one of: {kinds}."
    if wanted.size and wanted.size > _largest(portal):
        wrong["size"] = f"A document can have at most {portal.policy.document_megabytes} MB."
    if "/" in wanted.name or "\\" in wanted.name:
        wrong["name"] = NO_SLASHES
    if wrong:
        raise Invalid(fields=wrong)


def _check_room(act: Act, home: Home[D, U]) -> None:
    """Refuse one document too many. What waits longer than its form was good for takes no room."""
    since = clock.timestamp() - files.FORM_SECONDS
    counted = [each for each in _rows(home) if each.status != "waiting" or each.added_at > since]
    if len(counted) >= _MOST:
        raise Conflict(f"A {home.word} can have at most {_MOST} documents. Remove one first.")
    waiting = sum(each.status == "waiting" and each.added_by == act.actor for each in counted)
    if _is_contact(act) and waiting >= _MOST_WAITING:
        raise Conflict("You have begun to send many files. Finish those first, or try again in a quarter of an hour.")


def _is_contact(act: Act) -> bool:
    return act.actor.startswith("contact:")


def _largest(portal: Portal) -> int:
    return portal.policy.document_megabytes * 1024 * 1024


def _upload(home: Home[D, U], held: Any, portal: Portal, then: str | None) -> U:
    size = int(held.size) if held.size is not None else None
    place = _place(home, "quarantine", held)
    return home.upload(held, files.form(place, held.content_type, size=size, most=_largest(portal), then=then))


def _fault(held: FileRow, size: int, head: bytes, portal: Portal) -> str | None:
    if size > _largest(portal):
        return f"The file is larger than {portal.policy.document_megabytes} MB."
    if held.size and held.size != size:
        return "The file does not have the size that was announced."
    if not filetypes.looks_like(held.content_type, head):
        return "The content of the file is not of a kind that can be shared, or not the kind its name says."
    return None


def _place(home: Home[D, U], room: str, held: Any) -> str:
    name = held.sk.removeprefix("document#")
    return f"{room}/{home.folder}/{name}{f'-{held.copy}' if room == 'documents' and held.copy else ''}"


def _rows(home: Home[D, U]) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = query(home.rows, home.key, between=FileRow.sk.startswith("document#"), limit=_MOST, cursor=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
