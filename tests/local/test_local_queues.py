"""SQS' stand-in: what is not deleted comes again, what comes too often is put aside, and a long queue costs no more."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.queues import StoredQueue, Waiting
from tests.local.running import Running


@pytest.fixture
def sqs(running: Running) -> Any:
    return running.standin.client("sqs")


@pytest.fixture
def queue(sqs: Any, request: pytest.FixtureRequest) -> str:
    """A queue of the test's own that brings a message twice, with a queue for what came too often."""
    name = request.node.name[:60].replace("[", "-").replace("]", "")
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    return str(sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"])


def received(sqs: Any, queue: str, **options: Any) -> list[dict[str, Any]]:
    """What a look at the queue brings."""
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], **options)
    return list(found.get("Messages", []))


def test_messages_come_in_order_and_what_is_deleted_does_not_come_again(sqs: Any, queue: str) -> None:
    sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": n, "MessageBody": n} for n in ("a", "b", "c")])
    seen = received(sqs, queue)
    assert [message["Body"] for message in seen] == ["a", "b", "c"]
    assert received(sqs, queue) == [], "they are somebody's"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=seen[1]["ReceiptHandle"])
    for message in (seen[0], seen[2]):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    again = received(sqs, queue)
    assert [message["Body"] for message in again] == ["a", "c"]
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in again} == {"2"}


def test_what_is_deleted_stays_away_though_it_could_be_seen_again(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    (message,) = received(sqs, queue, VisibilityTimeout=0)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert received(sqs, queue) == []


def test_what_was_received_too_often_is_put_aside(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="poison")
    assert [len(received(sqs, queue, VisibilityTimeout=0)) for _ in range(3)] == [1, 1, 0]
    (aside,) = received(sqs, f"{queue}-dead")
    assert aside["Body"] == "poison"


def test_a_delayed_message_is_not_there_yet(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=60)
    assert received(sqs, queue) == []


def test_what_is_not_known_is_refused_as_sqs_does(sqs: Any, queue: str) -> None:
    with pytest.raises(ClientError, match="QueueDoesNotExist"):
        received(sqs, f"{queue}-none")
    with pytest.raises(ClientError, match="ReceiptHandleIsInvalid"):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle="none", VisibilityTimeout=1)
    with pytest.raises(ClientError, match="InvalidAction"):
        sqs.purge_queue(QueueUrl=queue)


def test_an_old_handle_deletes_nothing_that_somebody_else_has_received_since(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    (old,), (new,) = (received(sqs, queue, VisibilityTimeout=0) for _ in range(2))
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=old["ReceiptHandle"])
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=new["ReceiptHandle"], VisibilityTimeout=30)


def test_a_long_queue_is_read_as_fast_as_a_short_one() -> None:
    queue = StoredQueue({})
    for number in range(20_000):
        queue.put(Waiting(str(number)))
    began = time.thread_time()
    for _ in range(2_000):
        handed, _ = queue.receive(10, None)
        for message in handed:
            queue.delete(message.handle)
    assert queue.receive(10, None) == ([], [])
    assert time.thread_time() - began < 2, "it took 0.2 s; looking through them all takes minutes"
