"""`/inbox/`: every mail and text message the provider has accepted, as the client would see it.

A text message can be answered by STOP or START, as its owner would by phone: the product hears of it when it next asks.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import cached_property
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from werkzeug.wrappers import Request, Response

from .environment import REPOSITORY
from .lambda_events import iso
from .notices import refusal
from .outbox import Accepted, Outbox

_SHOWN = 200
_ANSWER = re.compile(r"/inbox/messages/([^/]+)/(stop|start)")
_CODE = re.compile(r"(?<![\w#])(\d{6})(?!\w)")
_LINK = re.compile(r"https?://[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]")
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src data:; "
    "frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
# A mail runs no script and reaches nothing but images; its links open in a new tab. The inbox may measure its height.
_MAIL_POLICY = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data: http: https:; frame-ancestors 'self'"
)


class Shown:
    """An accepted message as the pages show it."""

    def __init__(self, message: Accepted) -> None:
        self.message = message

    @cached_property
    def code(self) -> str | None:
        """The one-time code in it, if there is one."""
        found = _CODE.search(self.message.subject or "") or _CODE.search(self.message.text)
        return found[1] if found else None

    @cached_property
    def links(self) -> list[str]:
        """The addresses in the text, in order, each once."""
        return list(dict.fromkeys(_LINK.findall(self.message.text)))

    @property
    def linked_text(self) -> Markup:
        """The text with its addresses clickable."""
        parts, at = [], 0
        for found in _LINK.finditer(self.message.text):
            parts += [escape(self.message.text[at : found.start()]), _anchor(found[0])]
            at = found.end()
        return Markup("").join([*parts, escape(self.message.text[at:])])

    @property
    def title(self) -> str:
        """What the list says of it."""
        return self.message.subject or " ".join(self.message.text.split())

    @property
    def sent_at(self) -> str:
        """When, in ISO 8601."""
        return iso(self.message.accepted_at)

    @property
    def time(self) -> str:
        """When, short, in this machine's time zone."""
        moment = dt.datetime.fromtimestamp(self.message.accepted_at).astimezone()
        is_today = moment.date() == dt.datetime.now().astimezone().date()
        return moment.strftime("%H:%M:%S" if is_today else "%d %b %H:%M")

    @property
    def mail_document(self) -> str:
        """The HTML part, with links that open in a new tab."""
        html = self.message.html or ""
        base = '<base target="_blank">'
        return (
            re.sub(r"(?i)<head[^>]*>", lambda head: head[0] + base, html, count=1)
            if "<head" in html.lower()
            else base + html
        )


def _anchor(address: str) -> Markup:
    return Markup('<a href="{0}" target="_blank" rel="noopener">{0}</a>').format(address)


class Inbox:
    """The pages and the list in JSON."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        folder = REPOSITORY / "infra" / "local" / "templates"
        self._folder = folder
        self._pages = Environment(
            loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )

    def answer(self, request: Request, path: str) -> Response:
        """The answer for a path at or below /inbox."""
        if request.method == "POST" and (found := _ANSWER.fullmatch(path)):
            return self._reply(request, path, *found.groups())
        if request.method not in ("GET", "HEAD"):
            return refusal(405, path, {"Allow": "GET, HEAD"})
        if path == "/inbox":
            return Response(status=301, headers={"Location": "/inbox/"})
        rest = path.removeprefix("/inbox/")
        if rest in ("", "list"):
            return self._list(request, "inbox.html" if rest == "" else "list.html")
        if rest == "messages.json":
            return _json([in_json(message) for message in self._outbox.newest(_wanted(request), _limit(request))])
        if rest == "inbox.js":
            script = (self._folder / "inbox.js").read_text(encoding="utf-8")
            return Response(script, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})
        return self._message(path, *rest.split("/"))

    def _list(self, request: Request, template: str) -> Response:
        to = _wanted(request)
        tag = f"{self._outbox.version()}-{dt.datetime.now().astimezone().date()}"
        if template == "list.html" and tag in request.if_none_match:
            return Response(status=304, headers={"ETag": f'"{tag}"'})
        messages = self._outbox.newest(to, _SHOWN + 1)
        more = len(messages) > _SHOWN
        page = self._render(template, to=to, tag=tag, shown=[Shown(m) for m in messages[:_SHOWN]], more=more)
        page.set_etag(tag)
        return page

    def _message(self, path: str, *parts: str) -> Response:
        message = self._outbox.read(parts[1]) if len(parts) in (2, 3) and parts[0] == "messages" else None
        if message is None:
            return refusal(404, path)
        if len(parts) == 2:
            return self._render(
                "message.html", shown=Shown(message), stopped=message.recipient in self._outbox.opted_out()
            )
        if parts[2] != "html" or message.html is None:
            return refusal(404, path)
        headers = {"Content-Security-Policy": _MAIL_POLICY, "Cache-Control": "no-store"}
        return Response(Shown(message).mail_document, mimetype="text/html", headers=headers)

    def _reply(self, request: Request, path: str, provider_id: str, word: str) -> Response:
        """STOP or START from the owner of the number that a text message went to; from our own pages only."""
        message = self._outbox.read(provider_id)
        if message is None or message.channel != "sms":
            return refusal(404, path)
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return refusal(405, path)
        (self._outbox.opt_out if word == "stop" else self._outbox.opt_in)(message.recipient)
        return Response(status=303, headers={"Location": f"/inbox/messages/{provider_id}"})

    def _render(self, template: str, **values: Any) -> Response:
        headers = {
            "Content-Security-Policy": _PAGE_POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
        }
        return Response(self._pages.get_template(template).render(**values), mimetype="text/html", headers=headers)


def in_json(message: Accepted) -> dict[str, Any]:
    """A message as `/inbox/messages.json` lists it."""
    return {
        "id": message.id,
        "channel": message.channel,
        "to": message.recipient,
        "from": message.sender,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "sent_at": iso(message.accepted_at),
    }


def _json(value: Any) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(value, ensure_ascii=False), mimetype="application/json", headers=headers)


def _wanted(request: Request) -> str:
    to = request.args.get("to", "")
    return "+" + to[1:] if re.match(r" \d", to) else to.strip()  # a + that was not encoded arrives as a space


def _limit(request: Request) -> int:
    given = request.args.get("limit", "")
    return int(given) if given.isdigit() else -1
