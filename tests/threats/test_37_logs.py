"""Threat 37. Log leak: the whole life of a benefits batch with a canary for every secret and every personal datum, and
with trouble on the way → 0 hits in logs, queues, dead letters, redirects, error texts; no personal value in a fact.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib import facts, log, storage
from chalicelib.messaging import reading
from tests.browsing import PUBLIC_URL, Browser, Machine, Seen, send_file
from tests.factories import LINES, make_machine, newest_code
from tests.faults.journey import PDF
from tests.mishaps import Mishap, Mishaps
from tests.world import World

PERSONAL = {
    "account name": "Quokkaworks", "client number": "QK-90417", "first name": "Zephyrine", "last name": "Thistlewick",
    "email": "zephyrine.t@quokkaworks.example", "mobile": "+14155559417", "typed email": "other.quokka@nowhere.example",
    "typed name": "Umbrageous", "typed number": "ZZ-55501", "comment": "Marmalade instead of dental", "title": "Quoll renewal",
    "summary": "Wombats are covered", "plan": "Numbat PPO", "document": "Bandicoot.pdf", "staff": "platypus@acme.example",
    "typed mobile": "+14155558222", "job": "Chief Echidna",
}  # fmt: skip


@dataclass
class Heard:
    """What the process wrote, and what it put where others can read it."""

    lines: list[str] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)

    def note(self, seen: Seen) -> Seen:
        """Keep where an answer sent the browser, and its text if it was an error's."""
        for each in (*seen.trail, seen):
            self.told += [each.headers.get("Location", ""), each.headers.get("Link", "")]
            if each.status >= 500:
                self.told.append(each.text)
        return seen


class Ear(logging.Handler):
    """Hears every record, with all that hangs on it."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(logging.INFO)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it as it is, and as it is written."""
        written = [
            handler.format(record) for handler in logging.getLogger("latchstring").handlers if handler is not self
        ]
        self.heard.lines += [record.getMessage(), repr(record.__dict__), *written]


@pytest.fixture
def heard() -> Iterator[Heard]:
    kept = Heard()
    ear = Ear(kept)
    loggers = [logging.getLogger(), logging.getLogger("latchstring")]
    for logger in loggers:
        logger.addHandler(ear)
    yield kept
    for logger in loggers:
        logger.removeHandler(ear)


def test_no_log_queue_redirect_or_error_tells_a_secret_or_a_person(
    world: World, mishaps: Mishaps, heard: Heard, capfd: pytest.CaptureFixture[str]
) -> None:
    machine, client, batch = prepared(world, heard)
    slug = machine.slug
    listen_to_queues(world, heard)
    journey(world, heard, machine, client, batch)
    trouble(world, mishaps, heard, machine, client, batch)
    world.drain()
    dead = [message.body for queue in (world.cloud.urgent, world.cloud.bulk) for message in queue.dead]
    written = capfd.readouterr()
    places = {
        "log": [*heard.lines, written.out, written.err], "queues": heard.queued, "dead letters": dead, "answers": heard.told,
        "facts": [json.dumps(fact.changes) for fact in every_fact(slug)],
    }  # fmt: skip
    canaries = {**PERSONAL, **heard.secrets}
    hits = [
        (name, place, line[:300])
        for place, lines in places.items()
        for line in lines
        for name, canary in canaries.items()
        if canary.lower() in line.lower() and not is_chance(name, canary, line)
    ]
    assert hits == []
    assert len(heard.lines) > 100 and len(heard.queued) >= 5 and dead and len(every_fact(slug)) > 10
    assert {"session", "form token", "step cookie", "API key"} <= heard.secrets.keys()
    assert sum(name.startswith("code ") for name in heard.secrets) >= 2


def test_the_ear_hears(heard: Heard) -> None:
    """The test above can fail: what is logged is heard, by our logger and by any other."""
    log.info("heard", reason="Quokkaworks")
    logging.getLogger("botocore.anything").warning("of %s", "Thistlewick")
    text = " ".join(heard.lines)
    assert "Quokkaworks" in text and "Thistlewick" in text
    with pytest.raises(log.NotLoggable):
        log.info("refused", email="x@x.example")


def prepared(world: World, heard: Heard) -> tuple[Machine, dict[str, Any], dict[str, Any]]:
    portal = world.portal(notifications={"staff_emails": [PERSONAL["staff"]]})
    machine = make_machine(portal)
    heard.secrets["API key"] = machine.key.split("_", 3)[3]
    account = machine.post("accounts", {"name": PERSONAL["account name"], "number": PERSONAL["client number"]})
    person = {
        "account_id": account["id"], "first_name": PERSONAL["first name"], "last_name": PERSONAL["last name"],
        "emails": [PERSONAL["email"]], "mobile": PERSONAL["mobile"], "title": PERSONAL["job"],
    }  # fmt: skip
    contact = machine.post("contacts", person)
    machine.patch(f"contacts/{contact['id']}", {"last_name": f"{PERSONAL['last name']}-Jones"})
    machine.patch(f"contacts/{contact['id']}", {"last_name": PERSONAL["last name"]})
    batch = machine.post(
        "batches",
        {"account_id": account["id"], "renewal_contact_id": contact["id"], "title": PERSONAL["title"],
         "summary": PERSONAL["summary"], "lines": [{**LINES[0], "plan": PERSONAL["plan"]}]},
    )  # fmt: skip
    form = machine.post(
        f"batches/{batch['id']}/documents", {"name": PERSONAL["document"], "content_type": "application/pdf"}
    )
    heard.secrets["upload signature"] = form["fields"]["x-amz-signature"]
    send_file(form["url"], form["fields"], PDF)
    machine.post(f"batches/{batch['id']}/documents/{form['document']['id']}/check")
    machine.patch(f"batches/{batch['id']}", {"status": "client_review", "open_to_portal": True})
    machine.patch(
        f"accounts/{account['id']}", {"primary_emails": [PERSONAL["email"]], "assigned_agent": PERSONAL["staff"]}
    )
    machine.patch(f"batches/{batch['id']}", {"assigned_to": PERSONAL["staff"]})
    machine.patch(
        "", {"notifications": {"reply_to": PERSONAL["staff"], "staff_emails": [PERSONAL["staff"], "b@acme.example"]}}
    )
    return machine, contact, batch


def journey(world: World, heard: Heard, machine: Machine, contact: dict[str, Any], batch: dict[str, Any]) -> None:
    browser, note = Browser(), heard.note
    link = f"{PUBLIC_URL}/{machine.slug}/batches/{batch['id']}"
    for method, to in (("email", PERSONAL["email"]), ("sms", PERSONAL["mobile"])):
        note(browser.open(link))
        note(browser.fill(client_number=PERSONAL["client number"], last_name=PERSONAL["last name"]))
        note(browser.fill(method="email", destination=PERSONAL["typed email"]))
        world.clock.advance(31)
        note(browser.open(f"/{machine.slug}/sign-in/confirm"))
        note(browser.fill(method=method, destination=to))
        heard.secrets["step cookie"] = browser.cookie("step") or "?"
        world.drain()
        code = newest_code(world, to)
        heard.secrets[f"code by {method}"] = code
        wrong = f"{(int(code) + 7) % 1_000_000:06}"
        note(browser.fill(code=wrong))
        note(browser.fill(code=code))
        heard.secrets["session"] = browser.cookie("session") or "?"
        heard.secrets["form token"] = browser.here.csrf
        heard.secrets["known browser"] = browser.cookie("browser") or "?"
        if method == "email":
            note(browser.fill(answer="changes", comment=PERSONAL["comment"]))
            note(browser.press("Sign out"))
            machine.patch(f"batches/{batch['id']}", {"status": "in_progress"})
            machine.patch(f"batches/{batch['id']}", {"status": "client_review"})
    note(browser.fill(answer="approve"))
    stranger = Browser("198.51.100.37")
    note(stranger.open(f"/{machine.slug}"))
    note(stranger.fill(client_number=PERSONAL["typed number"], last_name=PERSONAL["typed name"]))
    note(stranger.fill(method="sms", destination=PERSONAL["typed mobile"]))
    note(stranger.fill(code="000000"))
    world.drain()


def trouble(
    world: World, mishaps: Mishaps, heard: Heard, machine: Machine, contact: dict[str, Any], batch: dict[str, Any]
) -> None:
    """Refusals, errors of AWS, a provider that refuses, a message that cannot be composed, a call that breaks."""
    for body in ({"last_name": PERSONAL["last name"], "quokkaworks": 1}, {"emails": [f"{PERSONAL['email']} x"]}):
        machine.ask("PATCH", f"contacts/{contact['id']}", body)
    machine.ask("POST", "accounts", {"name": "X", "number": PERSONAL["client number"]})
    machine.ask("GET", f"contacts?email={PERSONAL['email']}&name={PERSONAL['last name']}")
    machine.ask("GET", f"accounts/{PERSONAL['last name']}")
    for kind in ("fail", "lost", "throttle", "conflict"):
        for at in range(6):
            with mishaps.planned(Mishap(kind, at, sticky=True)):
                seen = machine.ask("PATCH", f"contacts/{contact['id']}", {"title": f"{PERSONAL['job']} {kind}{at}"})
            heard.note(seen)
    browser = Browser("198.51.100.38")
    browser.open(f"/{machine.slug}")
    browser.fill(client_number=PERSONAL["client number"], last_name=PERSONAL["last name"])
    broken: Any = storage.Transaction.commit
    storage.Transaction.commit = explode  # type: ignore[method-assign]
    try:
        heard.note(browser.fill(method="email", destination=PERSONAL["email"]))
        heard.note(machine.ask("PATCH", f"contacts/{contact['id']}", {"title": PERSONAL["job"] + "!"}))
    finally:
        storage.Transaction.commit = broken  # type: ignore[method-assign]
    machine.patch(f"batches/{batch['id']}", {"status": "in_progress"})
    machine.patch(f"batches/{batch['id']}", {"status": "client_review"})
    world.cloud.provider.refuse = lambda _to: (429, "TooManyRequestsException")
    for _ in range(7):
        world.drain()
        world.clock.advance(minutes=4)
    machine.post(f"batches/{batch['id']}/notify")
    world.cloud.provider.refuse = lambda _to: (400, "MessageRejected")
    world.drain()


def explode(_tx: object) -> None:
    raise RuntimeError(f"{PERSONAL['email']} {PERSONAL['last name']} {PERSONAL['client number']}")


def listen_to_queues(world: World, heard: Heard) -> None:
    for queue in (world.cloud.urgent, world.cloud.bulk):
        send = queue.send

        def kept(body: str, send: Any = send) -> str:
            heard.queued.append(body)
            return str(send(body))

        queue.send = kept  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _put_queues_back(world: World) -> Iterator[None]:
    yield
    for queue in (world.cloud.urgent, world.cloud.bulk):
        queue.__dict__.pop("send", None)


def every_fact(slug: str) -> list[facts.Fact]:
    return facts.recent(slug, limit=500).items


def is_chance(name: str, canary: str, line: str) -> bool:
    """Six digits may turn up in an id, a time or a count by chance: only those that stand alone are a code."""
    return name.startswith("code ") and not re.search(rf"(?<![0-9a-fA-F.]){canary}(?![0-9a-fA-F.])", line)


__all__ = ["reading"]
