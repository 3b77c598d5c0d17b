"""The documentation page: how to use the API in words, one worked example, then every operation, shape and problem.

Ours, and one HTML page without scripts or anything fetched from elsewhere: it reads well in any browser and on paper.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

import msgspec

from ..config import settings
from ..portals.permissions import PERMISSIONS
from ..web import openapi
from ..web.operation import Operation
from . import manual_reference as reference
from .manual_story import STORY

STYLE = """
:root{color-scheme:light dark;--ink:#16191d;--soft:#565d66;--paper:#fff;--shade:#f4f6f8;--line:#d9dee4;--link:#1a4fc4}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a5adb7;--paper:#14171c;--shade:#1d2127;--line:#343a43;
--link:#9dbcff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
.frame{max-width:76rem;margin:0 auto;padding:0 1.25rem;display:grid;grid-template-columns:15rem minmax(0,1fr);gap:3rem}
nav{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;padding:2rem 0;font-size:.875rem}
nav ul{list-style:none;margin:0 0 1rem;padding:0}nav li{margin:.2rem 0}nav b{display:block;margin:.8rem 0 .2rem}
main{padding:2rem 0 6rem;min-width:0}
a{color:var(--link)}
h1{font-size:2rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.4rem;margin:3.5rem 0 .5rem}
h3{font-size:1.1rem;margin:2.5rem 0 .3rem}h2,h3{scroll-margin-top:1rem}
.call{font:600 .9rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere;margin:.2rem 0 .6rem;padding:.5rem .75rem;
background:var(--shade);border-left:3px solid var(--link)}
pre{background:var(--shade);border:1px solid var(--line);border-radius:6px;padding:.9rem 1rem;overflow:auto;
font:.85rem/1.5 ui-monospace,monospace}
code{font:.9em ui-monospace,monospace}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1.2rem;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
td:first-child{white-space:nowrap}
.soft{color:var(--soft)}
.wide{overflow-x:auto}
@media(max-width:52rem){.frame{display:block}nav{position:static;max-height:none;padding-bottom:0}td:first-child{
white-space:normal;overflow-wrap:anywhere}}
@media print{nav{display:none}.frame{display:block}pre,table{break-inside:avoid}}
"""

_GUIDE = [
    (
        "Keys",
        "keys",
        """<p>Every call carries an API key, as <code>Authorization: Bearer ls_…</code> or as <code>X-Api-Key: ls_…</code>.
        A key belongs to one portal or to the whole deployment, and holds a list of permissions. It is shown once, when it
        is made; we keep only its hash. Revoking it takes effect with the next call. A portal that a key does not reach
        looks like one that does not exist.</p>""",
    ),
    (
        "Sessions of staff and offices",
        "sessions",
        """<p>Staff who are signed in at <code>/{portal}/staff/sign-in</code> call with the cookie of their session instead of
        a key. Their permissions are those of their role, as of this very call. Every call but GET carries the header
        <code>X-CSRF-Token</code>, whose value <code>GET …/me</code> gives. Dangerous calls (keys, staff, the portal's
        settings, usernames) need a second factor shown within the last ten minutes: the refusal
        <code>step-up-needed</code> says so, and <code>POST …/me/step-up</code> takes a code.</p>
        <p>Users of offices who are signed in at <code>/{portal}/sign-in/password</code> call the same way. Whose role lets
        them manage users acts on those of their own office or provider, and on its registrations: what lies outside looks
        like what does not exist. All others see and change what is their own, under <code>…/me</code>.</p>""",
    ),
    (
        "Lists",
        "lists",
        """<p>A list answers <code>{"items": […], "cursor": "…"}</code>. To go on, repeat the call with that
        <code>cursor</code>, or follow the <code>Link</code> header; on the last page the cursor is null. A page may hold
        fewer than <code>limit</code> while more follow. Unknown parameters are refused rather than ignored. A new
        resource can be read by its id at once, and appears in lists a moment later.</p>""",
    ),
    (
        "Changes",
        "changes",
        """<p><code>PATCH</code> takes a JSON merge patch (RFC 7386): what you leave out stays as it is, null brings a
        field's default back, lists are replaced whole. The result is checked as if it were new. To be sure that nobody
        changed it since you read it, send <code>If-Match</code> with the <code>ETag</code> you got, such as
        <code>"3"</code>; if it is stale the answer is 412. A <code>GET</code> with <code>If-None-Match</code> is answered
        304 when you hold the present version.</p>""",
    ),
    (
        "Repeating calls safely",
        "repeating",
        """<p>Send an <code>Idempotency-Key</code> (a UUID, say) with every <code>POST</code>. If the answer is lost, send
        the same request with the same key again: within 24 hours it is carried out once, and answered alike with the
        header <code>Idempotency-Replayed: true</code>. The same key with another request is refused. A refused request
        uses up nothing: correct it, and the key is still good. In bulk calls each row is repeated on its own.</p>""",
    ),
    (
        "Refusals",
        "refusals",
        """<p>Every refusal is a problem document (RFC 9457, <code>application/problem+json</code>). Decide by
        <code>code</code>; show <code>detail</code> to people. <code>errors</code> names every field whose form or content
        is wrong, not only the first; what needs a look at the records (a number that is taken, a contact that does not
        exist, a phone number of the portal's country) is checked once that is right. Quote <code>request_id</code> when
        you ask for help.</p>""",
    ),
]  # fmt: skip

_PROBLEM_EXAMPLE = {
    "type": "https://portal.example.com/api/v1/docs#problem-invalid",
    "title": "Some fields are not valid",
    "status": 400,
    "code": "invalid",
    "detail": "Some of what was sent is not valid. Each field that needs a change is named below.",
    "request_id": "5f0c5a3e-6a0b-4a39-9a55-1d9a2b7c3d4e",
    "errors": [
        {"field": "contacts.0.last_name", "message": "This is needed."},
        {"field": "contacts.0.emails.0", "message": "This is not an email address."},
    ],
}


def page(operations: Sequence[Operation], prefix: str) -> str:
    """The whole page."""
    document = openapi.document(operations, prefix)
    shown = [operation for operation in operations if operation.path.startswith(prefix)]
    groups = list(dict.fromkeys(operation.group for operation in shown))
    body = [_opening(document), _guide(), reference.problems(_pretty(_PROBLEM_EXAMPLE)), _story()]
    for group in groups:
        body.append(f'<h2 id="{_anchor(group)}">{escape(group)}</h2>')
        body += [reference.operation(each, document, prefix) for each in shown if each.group == group]
    body.append(reference.shapes(document))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Latchstring API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style>{STYLE}</style></head><body><div class="frame">{_navigation(shown, groups)}'
        f"<main>{''.join(body)}</main></div></body></html>"
    )


def _opening(document: dict[str, Any]) -> str:
    about, url = escape(document["info"]["description"]), escape(settings.public_url)
    return (
        f"<h1>Latchstring API</h1><p>{about}</p><p>All paths start with <code>{url}/api/v1</code>. The same in a form for "
        'programs: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
    )


def _guide() -> str:
    parts = [f'<h2 id="{anchor}">{heading}</h2>{text}' for heading, anchor, text in _GUIDE]
    rows = "".join(
        f"<tr><td><code>{name}</code></td><td>{escape(text)}</td></tr>" for name, text in PERMISSIONS.items()
    )
    table = f"<h3>Permissions</h3><table><tr><th>Name</th><th>What it allows</th></tr>{rows}</table>"
    return parts[0] + table + "".join(parts[1:])


def _story() -> str:
    steps = "".join(
        f"<h3>{place}. {escape(heading)}</h3><p>{escape(text)}</p>"
        f"<pre>{escape(command.replace('$URL', settings.public_url))}</pre>"
        for place, (heading, text, command) in enumerate(STORY, start=1)
    )
    return f'<h2 id="example">A worked example: a benefits renewal</h2>{steps}'


def _navigation(shown: Sequence[Operation], groups: Sequence[str]) -> str:
    guide = [
        *((anchor, heading) for heading, anchor, _ in _GUIDE),
        ("problems", "All problems"),
        ("example", "Example"),
    ]
    lists = [_links("How it works", guide)]
    lists += [_links(group, [(each.name, each.summary) for each in shown if each.group == group]) for group in groups]
    lists.append(_links("Reference", [("shapes", "Shapes")]))
    return f'<nav aria-label="Contents">{"".join(lists)}</nav>'


def _links(heading: str, links: Sequence[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="#{anchor}">{escape(text)}</a></li>' for anchor, text in links)
    return f"<b>{escape(heading)}</b><ul>{items}</ul>"


def _anchor(group: str) -> str:
    return f"group-{group.lower().replace(' ', '-')}"


def _pretty(value: Any) -> str:
    return json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False)
