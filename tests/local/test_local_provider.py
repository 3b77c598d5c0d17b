"""The provider: once per message id, durable before it answers, feedback as SES tells it."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.outbox import Accepted, Outbox
from infra.local.ses_feedback import events_after
from tests.local.running import Running
from tests.local.standin import until


def send(running: Running, message: str, to: str = "p@example.test", subject: str = "Hello", **more: Any) -> str:
    """SendEmail as deliver does it."""
    mime = f"From: Acme <hello@acme.example>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nText"
    answer = running.standin.client("sesv2").send_email(
        Content={"Raw": {"Data": mime.encode()}},
        EmailTags=[{"Name": "message", "Value": message}, {"Name": "portal", "Value": "acme"}],
        **more,
    )
    return str(answer["MessageId"])


def publish(running: Running, number: str, text: str, message: str | None = None) -> str:
    """Publish as deliver does it."""
    attributes = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
    if message:
        attributes["latchstring.message"] = {"DataType": "String", "StringValue": message}
    answer = running.standin.client("sns").publish(PhoneNumber=number, Message=text, MessageAttributes=attributes)
    return str(answer["MessageId"])


def test_the_same_message_id_is_accepted_once_even_in_parallel(running: Running) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: send(running, "once-1"), range(24)))
    assert len(answers) == 1
    assert len([m for m in running.runtime.outbox.newest() if m.message == "once-1"]) == 1


def test_text_messages_too(running: Running) -> None:
    first = publish(running, "+15550123", "Hi & <bye>", "once-sms")
    assert publish(running, "+15550123", "Hi & <bye>", "once-sms") == first
    assert [m.text for m in running.runtime.outbox.newest("+15550123")] == ["Hi & <bye>"]


def test_without_a_message_id_nothing_is_held_back(running: Running) -> None:
    assert publish(running, "+15550124", "a") != publish(running, "+15550124", "a")


@pytest.mark.parametrize(
    ("number", "text"), [("5550100", "x"), ("+1555", "x"), ("+15550100", ""), ("+15550100", "x" * 1601)]
)
def test_numbers_and_texts_that_sns_refuses(running: Running, number: str, text: str) -> None:
    with pytest.raises(ClientError) as refused:
        running.standin.client("sns").publish(PhoneNumber=number, Message=text)
    assert refused.value.response["Error"]["Code"] == "InvalidParameter"


def test_mails_that_ses_refuses(running: Running) -> None:
    with pytest.raises(ClientError) as refused:
        send(running, "reject-1", "reject@simulator.example")
    assert refused.value.response["Error"]["Code"] == "MessageRejected"
    with pytest.raises(ClientError) as refused:
        send(running, "not a tag")
    assert refused.value.response["Error"]["Code"] == "BadRequestException"


@pytest.mark.parametrize(
    ("mailbox", "kinds"),
    [
        ("someone@example.test", ["Send", "Delivery"]),
        ("bounce@simulator.example", ["Send", "Bounce"]),
        ("bounce+a@simulator.amazonses.com", ["Send", "Bounce"]),
        ("complaint@simulator.example", ["Send", "Delivery", "Complaint"]),
    ],
)
def test_feedback_reaches_the_handler_in_ses_shape(running: Running, mailbox: str, kinds: list[str]) -> None:
    message = f"feedback-{mailbox.replace('@', '-').replace('+', '-')}"
    provider_id = send(running, message, mailbox)

    def told() -> list[dict[str, Any]]:
        return [event for event in running.standin.feedback if event["mail"]["messageId"] == provider_id]

    until(lambda: len(told()) == len(kinds))
    assert [event["eventType"] for event in told()] == kinds
    mail = told()[0]["mail"]
    assert mail["tags"]["message"] == [message] and mail["tags"]["portal"] == ["acme"]
    assert mail["destination"] == [mailbox] and mail["timestamp"].endswith("Z")
    last = told()[-1][kinds[-1].lower()]
    if kinds[-1] == "Bounce":
        assert last["bounceType"] == "Permanent" and last["bouncedRecipients"][0]["emailAddress"] == mailbox


def a_message(identifier: str) -> Accepted:
    """A mail as accepted."""
    return Accepted(
        "email", "d@example.test", "a@acme.example", "s", "t", None, [], {"message": identifier}, f"p-{identifier}", 1.0
    )


def test_what_was_accepted_survives_and_stays_single(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    message = a_message("durable")
    outbox.accept(message, events_after(message))
    with sqlite3.connect(tmp_path / "outbox.db") as other:  # committed: another process sees it while we still run
        assert other.execute("SELECT message FROM messages").fetchall() == [("durable",)]
    again = Outbox(tmp_path / "outbox.db")  # as after kill -9: the first was never closed
    assert again.accept(a_message("durable"), ()) == "p-durable"
    found = again.find("durable")
    assert found is not None and found.id == "p-durable"
    assert [each.event["eventType"] for each in again.due_feedback(10.0)] == ["Send", "Delivery"]


def test_a_failed_write_accepts_nothing(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")

    def failing() -> Any:
        yield from events_after(a_message("x"))
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        outbox.accept(a_message("x"), failing())
    assert outbox.find("x") is None and outbox.next_feedback_at() is None
