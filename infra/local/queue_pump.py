"""SQS to Lambda: batches of up to ten, partial failures reported, a message that fails again and again left to its DLQ."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from .lambda_events import Handler, invoke, queue_event
from .pumps import Pump, log

BATCH = 10
VISIBILITY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue to read: its name in our words, its address and ARN."""

    name: str
    url: str
    arn: str


class Precedence:
    """Urgent messages first: the other pumps wait while the urgent one is at work."""

    def __init__(self) -> None:
        self._idle = threading.Event()
        self._idle.set()

    def busy(self, is_busy: bool) -> None:
        """Told by the urgent pump."""
        if is_busy:
            self._idle.clear()
        else:
            self._idle.set()

    def give_way(self) -> None:
        """Wait for the urgent pump, but not for ever."""
        self._idle.wait(1.0)


class QueuePump(Pump):
    """Reads one queue when the bell rings, when a failed message is due again, and else every `idle` seconds."""

    def __init__(
        self, name: str, sqs: Any, queue: Queue, handler: Handler, precedence: Precedence, *, is_urgent: bool = False,
        idle: float = 5.0,
    ) -> None:  # fmt: skip
        super().__init__(name)
        self._sqs = sqs
        self._queue = queue
        self._handler = handler
        self._precedence = precedence
        self._is_urgent = is_urgent
        self._idle = idle
        self._again_at: list[float] = []  # when failed messages become visible again

    def turn(self) -> float:
        """Receive one batch and have it handled."""
        if not self._is_urgent:
            self._precedence.give_way()
        received = self._sqs.receive_message(
            QueueUrl=self._queue.url, MaxNumberOfMessages=BATCH, MessageSystemAttributeNames=["All"], WaitTimeSeconds=0
        )
        messages = received.get("Messages", [])
        if self._is_urgent:
            self._precedence.busy(bool(messages))
        if not messages:
            return self._until_next_look()
        try:
            self._handle(messages)
        finally:
            if self._is_urgent:
                self._precedence.busy(False)
        return 0

    def _handle(self, messages: list[dict[str, Any]]) -> None:
        failed = self._failed(messages)
        done = [message for message in messages if message["MessageId"] not in failed]
        if done:
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(done)]
            self._sqs.delete_message_batch(QueueUrl=self._queue.url, Entries=entries)
        for message in messages:
            if message["MessageId"] in failed:
                self._postpone(message)

    def _failed(self, messages: list[dict[str, Any]]) -> set[str]:
        try:
            answer = invoke(self._handler, self.name, queue_event(messages, self._queue.arn)) or {}
            return {failure["itemIdentifier"] for failure in answer.get("batchItemFailures", [])}
        except Exception:  # noqa: BLE001 - whatever it was, the messages come again
            log.exception("%s failed", self.name)
            return {message["MessageId"] for message in messages}

    def _postpone(self, message: dict[str, Any]) -> None:
        """Sooner again than in AWS, where the whole visibility timeout passes: somebody sits before this machine."""
        receives = int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1"))
        wait = min(VISIBILITY_SECONDS, 2 ** (receives - 1))
        self._sqs.change_message_visibility(
            QueueUrl=self._queue.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=wait
        )
        self._again_at.append(time.monotonic() + wait + 0.02)

    def _until_next_look(self) -> float:
        now = time.monotonic()
        self._again_at = [moment for moment in self._again_at if moment > now]
        return min([self._idle, *(moment - now for moment in self._again_at)])
