"""The runtime's own pages: health, static files, the front door, the inbox."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest
from botocore.exceptions import ClientError

from infra.local.outbox import Accepted
from infra.local.ses_feedback import events_after
from tests.local.running import Running


def test_health_names_what_it_checked(running: Running) -> None:
    answer = running.get("/healthz")
    assert answer.status == 200 and answer.json["status"] == "ok"
    assert answer.json["checks"] == {"database": True, "consumers": True, "application": True}


def test_the_root_leads_to_the_demo_portal(running: Running) -> None:
    answer = running.get("/")
    assert (answer.status, answer.headers["Location"]) == (302, "/acme/")


def test_static_files_are_revalidated_and_versions_kept(running: Running) -> None:
    first = running.get("/static/site.css")
    assert first.status == 200 and first.headers["Content-Type"].startswith("text/css")
    assert first.headers["Cache-Control"] == "no-cache"
    assert running.get("/static/site.css", If_None_Match=str(first.headers["ETag"])).status == 304
    assert "immutable" in str(running.get("/static/site.css?v=1").headers["Cache-Control"])
    head = running.ask("HEAD", "/static/site.css")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "3")


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "%2e%2e/outside.txt",
        "..%2Foutside.txt",
        ".hidden",
        "",
        "no.css",
        "%00",
        "/etc/passwd",
        "a/../../outside.txt",
    ],
)
def test_nothing_outside_the_folder_is_served(running: Running, name: str) -> None:
    assert running.get(f"/static/{name}").status == 404


def accept(running: Running, identifier: str, to: str, html: str | None = None, channel: str = "email") -> str:
    """Put a message into the outbox."""
    text = "Your code: 482913\nOpen http://127.0.0.1/acme/sign-in?token=abc.\n@127.0.0.1 #482913"
    message = Accepted(
        channel, to, "hello@acme.example", "482913 is your code" if channel == "email" else None, text, html,
        [("Subject", "x")], {"message": identifier}, f"id-{identifier}", 1_790_000_000.25,
    )  # fmt: skip
    return running.runtime.outbox.accept(message, events_after(message))


def test_messages_in_json_newest_first_with_exactly_the_promised_names(running: Running) -> None:
    accept(running, "j1", "json@example.test", "<b>x</b>")
    accept(running, "j2", "+15550100", channel="sms")
    found = running.get("/inbox/messages.json").json
    assert [message["id"] for message in found][:2] == ["id-j2", "id-j1"]
    assert set(found[0]) == {"id", "channel", "to", "from", "subject", "text", "html", "sent_at"}
    assert found[1]["sent_at"] == "2026-09-21T14:13:20.250Z" and found[1]["html"] == "<b>x</b>"
    assert [m["id"] for m in running.get("/inbox/messages.json?to=JSON@example.test").json] == ["id-j1"]
    assert [m["id"] for m in running.get("/inbox/messages.json?to=+15550100").json] == ["id-j2"]
    assert running.get("/inbox/messages.json?to=nobody@example.test").json == []


def test_a_mail_is_shown_safely_with_its_code_and_links(running: Running) -> None:
    accept(
        running,
        "p1",
        "<x>@example.test",
        '<html><head></head><script>alert(1)</script><a href="http://x/">y</a></html>',
    )
    page = running.get("/inbox/messages/id-p1").body.decode()
    assert 'data-copy="482913"' in page and 'href="http://127.0.0.1/acme/sign-in?token=abc"' in page
    assert "&lt;x&gt;@example.test" in page and "<x>" not in page
    assert 'sandbox="allow-same-origin allow-popups' in page and "allow-scripts" not in page
    mail = running.get("/inbox/messages/id-p1/html")
    policy = str(mail.headers["Content-Security-Policy"])
    assert policy.startswith("sandbox") and "allow-scripts" not in policy and "default-src 'none'" in policy
    assert b'<head><base target="_blank">' in mail.body


def test_a_text_message_is_shown_as_on_a_phone(running: Running) -> None:
    accept(running, "s1", "+15550111", channel="sms")
    page = running.get("/inbox/messages/id-s1").body.decode()
    assert 'class="bubble"' in page and "<iframe" not in page


def test_the_list_filters_and_tells_when_nothing_changed(running: Running) -> None:
    accept(running, "l1", "list@example.test")
    page = running.get("/inbox/?to=list@example.test").body.decode()
    assert page.count("data-id=") == 1 and 'data-copy="482913"' in page
    part = running.get("/inbox/list")
    assert running.get("/inbox/list", If_None_Match=str(part.headers["ETag"])).status == 304
    accept(running, "l2", "list@example.test")
    assert running.get("/inbox/list", If_None_Match=str(part.headers["ETag"])).status == 200


@pytest.mark.parametrize(
    "path", ["/inbox/none", "/inbox/messages/none", "/inbox/messages/none/html", "/inbox/messages/a/b/c"]
)
def test_unknown_messages_are_404(running: Running, path: str) -> None:
    assert running.get(path).status == 404


def test_the_inbox_redirects_to_its_slash(running: Running) -> None:
    assert running.get("/inbox").headers["Location"] == "/inbox/"


def test_mime_parts_survive(running: Running) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Acmé <hello@acme.example>", "mime@example.test", "Ünïcode ✓"
    mail.set_content("Plain é")
    mail.add_alternative("<p>Rich é</p>", subtype="html")
    running.standin.client("sesv2").send_email(Content={"Raw": {"Data": mail.as_bytes()}})
    found = running.get("/inbox/messages.json?to=mime@example.test").json[0]
    assert (found["subject"], found["text"], found["html"]) == ("Ünïcode ✓", "Plain é\n", "<p>Rich é</p>\n")
    assert found["from"] == "hello@acme.example" and json.dumps(found)


def test_a_text_message_is_answered_by_stop_and_by_start(running: Running) -> None:
    accept(running, "stop1", "+15550177", channel="sms")
    sns, at = running.standin.client("sns"), "/inbox/messages/id-stop1"
    assert b"Reply STOP" in running.get(at).body
    assert running.ask("POST", f"{at}/stop", Sec_Fetch_Site="cross-site").status == 405
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == []
    assert running.ask("POST", f"{at}/stop", Sec_Fetch_Site="same-origin").status == 303
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == ["+15550177"]
    with pytest.raises(ClientError, match="OptedOut"):
        sns.publish(PhoneNumber="+15550177", Message="More")
    assert b"Reply START" in running.get(at).body
    assert running.ask("POST", f"{at}/start").status == 303
    assert sns.publish(PhoneNumber="+15550177", Message="More")["MessageId"]


def test_who_has_opted_out_is_listed_a_hundred_at_a_time(running: Running) -> None:
    numbers = [f"+1555018{number:04}" for number in range(205)]
    for number in numbers:
        running.runtime.outbox.opt_out(number)
    found, page, sns = [], {}, running.standin.client("sns")
    while answer := sns.list_phone_numbers_opted_out(**page):
        found += answer["phoneNumbers"]
        if "nextToken" not in answer:
            break
        page = {"nextToken": answer["nextToken"]}
    for number in numbers:
        running.runtime.outbox.opt_in(number)
    assert found == numbers


def test_only_a_text_message_is_answered(running: Running) -> None:
    accept(running, "stop2", "stop@example.test")
    assert running.ask("POST", "/inbox/messages/id-stop2/stop").status == 404
    assert running.ask("POST", "/inbox/messages/none/stop").status == 404
