"""Threat 29. Presigned forms and links: another key, type or size, too late, a file that a browser would run, a file
that is exchanged after it was checked → refused, or harmless. What can be had is saved, never shown.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.auth
import botocore.signers
import pytest

from chalicelib import aws
from chalicelib.facts import Act
from chalicelib.selfservice import documents, record_documents
from chalicelib.selfservice.homes import Home, OfBatch
from tests.browsing import Machine, fetch, send_file
from tests.factories import Client, make_client, make_machine, make_portal, sign_in
from tests.faults.journey import PDF
from tests.mishaps import Killed
from tests.records import SAM
from tests.world import World

EVIL = {
    "html": b"<!doctype html><html><script>alert(1)</script></html>",
    "html, later": b"\n" * 900 + b"<HTML><body onload=alert(1)>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg with a prolog": b'<?xml version="1.0"?><!DOCTYPE svg><svg onload="alert(1)"/>',
    "an executable": b"MZ\x90\x00" + b"\x00" * 200,
    "a shell script with a null": b"#!/bin/sh\n\x00",
    "a zip that is no document": b"PK\x05\x06" + b"\x00" * 18,
    "nothing known": bytes(range(128, 256)),
}
TYPES = [
    ("Plan.pdf", "application/pdf"),
    ("Plan.png", "image/png"),
    ("Plan.txt", "text/plain"),
    ("Plan.csv", "text/csv"),
]


@dataclass(frozen=True)
class Place:
    """Where files are sent to: the same is true of each."""

    client: Client
    at: str
    home: Home[Any, Any]


@pytest.fixture
def client(world: World) -> Client:
    return make_client(world, make_portal(world, policy={"document_megabytes": 1}))


@pytest.fixture(params=["batch", "record"])
def place(request: pytest.FixtureRequest, client: Client) -> Place:
    if request.param == "batch":
        return Place(client, f"batches/{client.batch.id}/documents", OfBatch(client.slug, client.batch.id))
    home = record_documents.by_staff(client.slug, client.account, SAM)
    return Place(client, f"accounts/{client.account.id}/documents", home)


@pytest.fixture
def machine(client: Client) -> Machine:
    return make_machine(client.portal)


def announce(machine: Machine, place: Place, name: str = "Plan.pdf", kind: str = "application/pdf", **more: Any) -> Any:
    return machine.post(place.at, {"name": name, "content_type": kind, **more})


def check(machine: Machine, place: Place, form: Any) -> Any:
    return machine.post(f"{place.at}/{form['document']['id']}/check")


def test_a_form_takes_what_it_was_made_for_and_nothing_else(place: Place, machine: Machine) -> None:
    form = announce(machine, place, size=len(PDF))
    url, fields = form["url"], form["fields"]
    changes = [
        {"key": fields["key"].replace("quarantine/", "documents/")}, {"key": fields["key"][:-1] + "x"},
        {"key": f"{fields['key']}/../../x"}, {"Content-Type": "text/html"}, {"Content-Type": "image/svg+xml"},
        {"acl": "public-read"}, {"Content-Disposition": "inline"}, {"success_action_redirect": "https://evil.example/"},
        {"policy": fields["policy"][:-4] + "AAAA"}, {"x-amz-meta-x": "1"}, {"x-amz-signature": "0" * 64},
        {"x-amz-credential": fields["x-amz-credential"].replace("LATCHSTRING", "SOMEBODY")},
    ]  # fmt: skip
    for change in changes:
        assert send_file(url, {**fields, **change}, PDF).status in (400, 403), change
    for content in (PDF + b"x", PDF[:-1], b""):
        assert send_file(url, fields, content).status in (400, 403), content
    unsized = announce(machine, place)
    assert send_file(unsized["url"], unsized["fields"], b"%PDF-" + b"x" * 1024 * 1024).status in (400, 403)
    missing = {name: value for name, value in fields.items() if name != "Content-Type"}
    assert send_file(url, missing, PDF).status in (400, 403)
    assert machine.ask("POST", f"{place.at}/{form['document']['id']}/check").status == 409
    assert send_file(url, fields, PDF).status == 204
    assert check(machine, place, form)["status"] == "ready"


def test_a_form_and_a_link_work_for_their_time_only(
    place: Place, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store tells its own time, so it is the signing that is moved into the past."""

    def ago(minutes: float) -> None:
        moment = datetime.now(UTC) - timedelta(minutes=minutes)

        def then(remove_tzinfo: bool = True) -> datetime:
            return moment.replace(tzinfo=None) if remove_tzinfo else moment

        for module in (botocore.auth, botocore.signers):
            monkeypatch.setattr(module, "get_current_datetime", then)

    ago(15.1)
    form = announce(machine, place)
    assert send_file(form["url"], form["fields"], PDF).status == 403
    ago(14.5)
    form = announce(machine, place)
    assert send_file(form["url"], form["fields"], PDF).status == 204
    monkeypatch.undo()
    check(machine, place, form)
    ago(1.1)
    assert fetch(documents.download_url(place.home, form["document"]["id"]).url).status == 403
    ago(0.5)
    assert fetch(documents.download_url(place.home, form["document"]["id"]).url).status == 200


@pytest.mark.parametrize(("name", "kind"), TYPES)
def test_what_a_browser_would_run_is_refused_under_any_name(
    place: Place, machine: Machine, name: str, kind: str
) -> None:
    for content in EVIL.values():
        form = announce(machine, place, name, kind)
        assert send_file(form["url"], form["fields"], content).status == 204
        told = check(machine, place, form)
        assert (told["status"], bool(told["reason"])) == ("refused", True), (name, content[:40])
        at = f"{place.at}/{form['document']['id']}"
        assert machine.ask("GET", f"{at}/download").status == 409


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.svg", "image/svg+xml"), ("a.html", "text/html"), ("a.pdf", "text/html"), ("a.html", "text/plain"),
     ("a.pdf.html", "application/pdf"), ("a.js", "text/javascript"), ("a.xhtml", "application/xhtml+xml"),
     ("a.bin", "application/octet-stream"), ("a.xml", "text/xml"), ("a.docm", "application/pdf"), ("a.pdf", ""),
     ("a.pdf", "application/pdf; charset=x"), ("a.pdf", "APPLICATION/PDF"), ("../a.pdf", "application/pdf")],
)  # fmt: skip
def test_no_such_type_can_even_be_announced(place: Place, machine: Machine, name: str, kind: str) -> None:
    seen = machine.ask("POST", place.at, {"name": name, "content_type": kind})
    assert seen.status == 400, seen.text


def test_a_client_sends_no_page_either(world: World, client: Client) -> None:
    from tests.browsing import Browser

    browser = Browser()
    sign_in(world, browser, client)
    for number, content in enumerate(EVIL.values()):
        browser.open(f"{client.batch_path}/upload")
        form = browser.fill(name=f"Form {number}").form_with("file", "policy")
        sent = send_file(form.action, form.fields, content)
        assert sent.status == 303
        browser.open(sent.location.partition("?")[0])
        seen = browser.press("Check and share")
        assert "could not take this file" in seen.shown, content[:40]
    shown = browser.open(client.batch_path)
    assert "Form 1" not in shown.shown


def test_a_polyglot_that_passes_is_saved_and_never_shown(place: Place, machine: Machine) -> None:
    for name, kind, content in (
        ("Plan.pdf", "application/pdf", b"%PDF-1.4\n<html><script>alert(1)</script>"),
        ("Plan.txt", "text/plain", b"<script>alert(1)</script>"),
        ("Plan.csv", "text/csv", b"=cmd|' /C calc'!A0\n"),
    ):
        form = announce(machine, place, name, kind)
        send_file(form["url"], form["fields"], content)
        assert check(machine, place, form)["status"] == "ready"
        got = fetch(documents.download_url(place.home, form["document"]["id"]).url)
        assert got.headers["Content-Type"] == kind
        assert got.headers["Content-Disposition"].startswith(f'attachment; filename="{name}"')


@pytest.mark.parametrize("name", ['a"; x=".pdf', "a\u202efdp.pdf", "ä ö.pdf", "a;b.pdf", "a%22.pdf", "a'.pdf"])
def test_no_file_name_can_end_the_disposition(place: Place, machine: Machine, name: str) -> None:
    body = {"name": name, "content_type": "application/pdf"}
    seen = machine.ask("POST", place.at, body)
    if seen.status == 400:
        return
    form = seen.json
    send_file(form["url"], form["fields"], PDF)
    check(machine, place, form)
    held = fetch(documents.download_url(place.home, form["document"]["id"]).url)
    told = held.headers["Content-Disposition"]
    assert told.count('"') == 2 and told.startswith("attachment; ") and told.isascii()


def test_a_link_leads_to_its_file_alone(place: Place, machine: Machine) -> None:
    links = []
    for _ in range(2):
        form = announce(machine, place)
        send_file(form["url"], form["fields"], PDF)
        check(machine, place, form)
        links.append(documents.download_url(place.home, form["document"]["id"]).url)
    (one, one_query), (other, _) = (link.split("?") for link in links)
    assert fetch(f"{other}?{one_query}").status == 403
    for change in (
        one_query.replace("attachment", "inline"), one_query.replace("application%2Fpdf", "text%2Fhtml"),
        one_query.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"), "",
    ):  # fmt: skip
        assert fetch(f"{one}?{change}").status in (400, 403), change


def test_what_is_sent_after_the_check_does_not_reach_what_was_checked(place: Place, machine: Machine) -> None:
    form = announce(machine, place)
    send_file(form["url"], form["fields"], PDF)
    assert check(machine, place, form)["status"] == "ready"
    send_file(form["url"], form["fields"], EVIL["html"])
    assert check(machine, place, form)["status"] == "ready"
    got = fetch(documents.download_url(place.home, form["document"]["id"]).url)
    assert got.body == PDF


def test_nor_what_is_sent_between_two_checks_at_once(place: Place, machine: Machine) -> None:
    """One check has looked at the file and not yet noted it; then the file is exchanged, and a second check takes the new
    one over and dies.
    """
    form = announce(machine, place)
    send_file(form["url"], form["fields"], PDF)
    act, identifier = Act(place.client.slug, "system:tests"), form["document"]["id"]
    inner: list[Any] = []

    def meanwhile(**_: Any) -> None:
        inner.append(None)
        if len(inner) == 1:
            send_file(form["url"], form["fields"], EVIL["html"])
            with suppress(Killed):
                documents.check(act, place.client.portal, place.home, identifier)
        else:
            raise Killed

    events = aws.client("s3").meta.events
    events.register_last("after-call.s3.GetObject", meanwhile)
    try:
        documents.check(act, place.client.portal, place.home, identifier)
    finally:
        events.unregister("after-call.s3.GetObject", meanwhile)
    assert len(inner) == 2
    assert documents.get(place.home, identifier).status == "ready"
    assert fetch(documents.download_url(place.home, identifier).url).body == PDF
