"""What Lambda's event sources promise: order, partial failures, retries, and that nothing is lost on the way."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from infra.local import dynoxide
from infra.local.clients import client
from infra.local.cloud import RECEIVES
from infra.local.environment import TABLE_PREFIX
from infra.local.outbox import Feedback, Outbox
from infra.local.pumps import DeadLetters, FeedbackPump, TimerPump
from infra.local.queue_pump import Precedence, Queue, QueuePump
from infra.local.stream_pump import Checkpoints, DatabaseWatch, StreamPump
from infra.local.tables import create_tables
from tests.local.running import Running
from tests.local.standin import FACTS, until

TABLE = f"{TABLE_PREFIX}-messages"


def test_a_message_reaches_the_inbox_quickly_and_its_delivery_is_told(running: Running) -> None:
    running.standin.write("warm")
    until(lambda: running.runtime.outbox.find("warm"))
    running.standin.write("quick", to="quick@example.test")
    assert until(lambda: running.get("/inbox/messages.json?to=quick@example.test").json) < 0.8
    until(
        lambda: [e for e in running.standin.feedback if e["mail"]["tags"]["message"] == ["quick"] and "delivery" in e]
    )


def test_stream_events_have_lambdas_shape(running: Running) -> None:
    running.standin.write("shape")
    until(lambda: running.runtime.outbox.find("shape"))
    record = next(
        record
        for event in running.standin.events
        for record in event["Records"]
        if record["dynamodb"]["Keys"]["pk"]["S"] == "acme#message#shape"
    )
    assert (record["eventName"], record["eventSource"], record["awsRegion"]) == ("INSERT", "aws:dynamodb", "us-east-1")
    assert f":table/{TABLE}/stream/" in record["eventSourceARN"]
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)
    assert record["dynamodb"]["NewImage"]["urgent"] == {"BOOL": True}


def test_bulk_goes_its_own_way(running: Running) -> None:
    running.standin.write("bulk", urgent=False)
    until(lambda: running.runtime.outbox.find("bulk"))


def test_a_fact_is_reacted_to_by_a_stream_and_a_queue_of_its_own(running: Running) -> None:
    running.standin.react_faults += ["account:faulty"]
    running.standin.say("account:faulty")
    running.standin.say("account:sound")
    until(lambda: "account:sound" in running.standin.reacted)
    until(lambda: "account:faulty" in running.standin.reacted)
    assert Counter(running.standin.facts) == {"account:faulty": 1, "account:sound": 1}
    assert {"facts_relay", "react"} <= {pump.name for pump in running.runtime.pumps if pump.is_well()}
    assert running.runtime.health()["consumers"]


def test_a_message_that_fails_once_is_delivered_on_the_next_receive(running: Running) -> None:
    running.standin.deliver_faults += ["faulty"]
    running.standin.write("faulty")
    running.standin.write("sound")
    until(lambda: running.runtime.outbox.find("sound"))
    until(lambda: running.runtime.outbox.find("faulty"))


def test_consumed_stream_records_are_deleted_but_for_the_last(running: Running) -> None:
    for number in range(30):
        running.standin.write(f"trim{number}")
    until(lambda: all(running.runtime.outbox.find(f"trim{number}") for number in range(30)))
    for number in range(5):
        running.standin.say(f"account:trim{number}")
    database = sqlite3.connect(running.runtime.places.root / "dynamodb.db", timeout=5)
    count = "SELECT count(*) FROM _stream_records WHERE table_name = ?"
    for table in (TABLE, FACTS):
        until(lambda table=table: database.execute(count, (table,)).fetchone()[0] == 1)  # type: ignore[misc]
    running.standin.write("after-trim")  # the numbering goes on
    until(lambda: running.runtime.outbox.find("after-trim"))


def test_the_positions_of_two_streams_are_kept_beside_each_other_and_a_table_made_anew_forgets_its_own(
    tmp_path: Path,
) -> None:
    one, other, anew = (f"arn:aws:dynamodb:x:1:table/{name}" for name in ("a/stream/1", "b/stream/1", "a/stream/2"))
    kept = Checkpoints(tmp_path / "checkpoints.json")
    kept.write(one, "shard", "7")
    kept.write(other, "shard", "8")
    kept.write(anew, "shard", "1")
    read_again = Checkpoints(tmp_path / "checkpoints.json")
    assert [read_again.read(stream, "shard") for stream in (one, other, anew)] == [None, "8", "1"]


class Stream:
    """A stream pump driven by hand, on a database of its own."""

    def __init__(self, folder: Path, handler: Any) -> None:
        self.folder, self.handler = folder, handler
        self.database = dynoxide.Dynoxide(folder)
        self.database.start()
        create_tables(self.database.endpoint, TABLE_PREFIX)
        self.items = client(self.database.endpoint)
        self.pump = self.made()

    def made(self) -> StreamPump:
        """A pump as after a start."""
        watch, dead = DatabaseWatch(self.database.database), DeadLetters(self.folder / "dead.jsonl")
        pump = StreamPump(
            "relay",
            self.database.endpoint,
            TABLE,
            self.handler,
            Checkpoints(self.folder / "checkpoints.json"),
            dead,
            watch,
        )
        pump._wait = lambda _seconds: None  # type: ignore[method-assign]
        return pump

    def put(self, *names: str) -> None:
        """Write items."""
        for name in names:
            self.items.put_item(TableName=TABLE, Item={"pk": {"S": name}})


def names(event: dict[str, Any]) -> list[str]:
    """The keys of an event's records."""
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]


class TestStream:
    @pytest.fixture
    def calls(self) -> list[list[str]]:
        return []

    @pytest.fixture
    def faults(self) -> list[Any]:
        return []

    @pytest.fixture
    def stream(self, tmp_path: Path, calls: list[list[str]], faults: list[Any]) -> Any:
        def handler(event: dict[str, Any], _context: Any) -> Any:
            calls.append(names(event))
            for fault in faults:
                if (answer := fault(event)) is not None:
                    return answer
            return {"batchItemFailures": []}

        stream = Stream(tmp_path, handler)
        yield stream
        stream.database.stop()

    def test_all_in_order_and_once(self, stream: Stream, calls: list[list[str]]) -> None:
        wanted = [f"n{number:03d}" for number in range(130)]
        stream.put(*wanted)
        stream.pump.turn()
        stream.pump.turn()
        assert [name for call in calls for name in call] == wanted and len(calls[0]) == 100

    def test_without_a_write_nothing_is_asked(self, stream: Stream) -> None:
        stream.pump.turn()
        stream.pump._streams = None
        assert stream.pump.turn() > 0

    def test_after_a_restart_it_goes_on_where_it_was(self, stream: Stream, calls: list[list[str]]) -> None:
        stream.put("a", "b")
        stream.pump.turn()
        stream.put("c")
        stream.made().turn()
        assert calls == [["a", "b"], ["c"]]

    def test_killed_before_the_checkpoint_it_hands_on_again(
        self, stream: Stream, calls: list[list[str]], faults: list[Any]
    ) -> None:
        def die(_event: Any) -> None:
            raise KeyboardInterrupt

        faults.append(die)
        stream.put("a")
        with pytest.raises(KeyboardInterrupt):
            stream.pump.turn()
        faults.clear()
        stream.made().turn()
        assert calls == [["a"], ["a"]]

    def test_from_a_reported_failure_on_it_is_tried_again(
        self, stream: Stream, calls: list[list[str]], faults: list[Any]
    ) -> None:
        def fail_b_once(event: Any) -> Any:
            faults.clear()
            return {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["dynamodb"]["SequenceNumber"]}]}

        faults.append(fail_b_once)
        stream.put("a", "b", "c")
        stream.pump.turn()
        assert calls == [["a", "b", "c"], ["b", "c"]]

    def test_a_poisonous_record_is_found_by_halving_and_set_aside(
        self, stream: Stream, calls: list[list[str]], faults: list[Any], tmp_path: Path
    ) -> None:
        def choke(event: Any) -> None:
            if "poison" in names(event):
                raise ValueError("cannot")

        faults.append(choke)
        stream.put("a", "b", "poison", "c")
        stream.pump.turn()
        taken = [call for call in calls if "poison" not in call]
        assert taken == [["a", "b"], ["c"]]
        assert json.loads((tmp_path / "dead.jsonl").read_text())["event"]["dynamodb"]["Keys"]["pk"]["S"] == "poison"

    def test_a_turn_that_failed_is_taken_again_without_a_new_write(
        self, stream: Stream, calls: list[list[str]]
    ) -> None:
        stream.put("a")
        streams, stream.pump._streams = stream.pump._streams, None
        with pytest.raises(AttributeError):
            stream.pump.turn()
        stream.pump._streams = streams
        stream.pump.turn()
        assert calls == [["a"]]


class Sqs:
    """A queue of one batch after another."""

    def __init__(self, *batches: list[str]) -> None:
        self.batches = list(batches)
        self.deleted: list[str] = []
        self.postponed: list[int] = []

    def receive_message(self, **_: Any) -> dict[str, Any]:
        batch = self.batches.pop(0) if self.batches else []
        attributes = {"ApproximateReceiveCount": "3"}
        return {
            "Messages": [{"MessageId": n, "ReceiptHandle": n, "Body": "{}", "Attributes": attributes} for n in batch]
        }

    def delete_message_batch(self, Entries: list[dict[str, str]], **_: Any) -> None:  # noqa: N803
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]

    def change_message_visibility(self, VisibilityTimeout: int, **_: Any) -> None:  # noqa: N803
        self.postponed.append(VisibilityTimeout)


QUEUE = Queue("urgent", "http://queue", "arn:aws:sqs:us-east-1:123456789012:urgent")


def a_queue_pump(sqs: Sqs, handler: Any, precedence: Precedence | None = None, is_urgent: bool = True) -> QueuePump:
    """A pump driven by hand."""
    return QueuePump("deliver_urgent", sqs, QUEUE, handler, precedence or Precedence(), is_urgent=is_urgent)


def test_what_a_handler_did_not_report_is_deleted_and_the_rest_comes_again_later() -> None:
    sqs = Sqs(["a", "b"])
    pump = a_queue_pump(sqs, lambda _event, _context: {"batchItemFailures": [{"itemIdentifier": "b"}]})
    assert pump.turn() == 0
    assert (sqs.deleted, sqs.postponed) == (["a"], [4])
    assert 3 < pump.turn() < 4.1


def test_after_a_crash_of_the_handler_all_come_again() -> None:
    sqs = Sqs(["a", "b"])
    a_queue_pump(sqs, lambda _event, _context: 1 / 0).turn()
    assert (sqs.deleted, sqs.postponed) == ([], [4, 4])


def test_urgent_messages_go_first() -> None:
    precedence, order, begun, go_on = Precedence(), [], threading.Event(), threading.Event()

    def urgent(_event: Any, _context: Any) -> None:
        begun.set()
        go_on.wait(5)
        order.append("urgent")

    first = a_queue_pump(Sqs(["u"]), urgent, precedence)
    second = a_queue_pump(Sqs(["b"]), lambda _event, _context: order.append("bulk"), precedence, is_urgent=False)
    one = threading.Thread(target=first.turn)
    one.start()
    begun.wait(5)
    two = threading.Thread(target=second.turn)
    two.start()
    go_on.set()
    one.join(5)
    two.join(5)
    assert order == ["urgent", "bulk"]


def test_a_message_that_always_fails_ends_in_the_dead_letter_queue(running: Running) -> None:
    sqs, queue = running.runtime._sqs, running.runtime.queues["bulk"]
    redrive = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["RedrivePolicy"])["Attributes"]
    assert json.loads(redrive["RedrivePolicy"])["maxReceiveCount"] == RECEIVES == 5


def test_the_timer_ticks_soon_and_then_waits() -> None:
    ticks: list[Any] = []
    timer = TimerPump(lambda event, _context: ticks.append(event), every=60, first_after=0)
    assert timer.turn() == 60 and 59 < timer.turn() <= 60
    assert [tick["detail-type"] for tick in ticks] == ["Scheduled Event"]


def test_feedback_that_fails_stays_and_comes_again(tmp_path: Path) -> None:
    outbox, taken = Outbox(tmp_path / "outbox.db"), []
    answers: list[Any] = [ValueError("not now"), None]

    def handler(event: Any, _context: Any) -> None:
        answer = answers.pop(0)
        if answer:
            raise answer
        taken.append(event["Records"][0]["Sns"]["Message"])

    pump = FeedbackPump(handler, outbox, DeadLetters(tmp_path / "dead.jsonl"))
    outbox.add_feedback([Feedback({"eventType": "Send"}, 1.0)])
    assert 0 < pump.turn() < 1 and not taken
    outbox.postpone_feedback(1, 1.0)
    assert pump.turn() == 60
    assert taken == ['{"eventType": "Send"}'] and outbox.next_feedback_at() is None
