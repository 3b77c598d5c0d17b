"""For each function, the first event that a new Lambda process might get, with something real behind it in the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib import ids
from infra.local import lambda_events
from tests.cloud import event as ses_event
from tests.factories import make_account
from tests.messaging import samples
from tests.world import World

Event = dict[str, Any]


class FirstEvents:
    """Makes events: a new one at each call, since a message is delivered only once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.portal = world.portal()
        self.kinds: dict[str, Callable[[], Event]] = {
            "APIHandler": self.page,
            "Relay": self.stream,
            "DeliverUrgent": self.code,
            "DeliverBulk": self.mail,
            "Feedback": self.feedback,
            "Tick": self.minute,
            "FactsRelay": self.fact,
            "React": self.changed,
        }

    def page(self, path: str | None = None, resource: str = "/{portal}/sign-in") -> Event:
        """A visitor opens the sign-in page."""
        headers = {
            "Accept": "text/html",
            "Host": "portal.example.com",
            "X-Origin-Secret": "0" * 64,
            "X-Viewer-Address": "203.0.113.7",
        }
        path = path or f"/{self.portal.slug}/sign-in"
        return {
            "resource": resource,
            "path": path,
            "httpMethod": "GET",
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "pathParameters": {"portal": self.portal.slug} if "{portal}" in resource else None,
            "stageVariables": None,
            "requestContext": {
                "httpMethod": "GET",
                "resourcePath": resource,
                "path": path,
                "requestId": "1",
                "identity": {"sourceIp": "198.51.100.1"},
                "stage": "prod",
            },
            "body": None,
            "isBase64Encoded": False,
        }

    def minute(self) -> Event:
        """A minute has passed in which nothing fell due: what the other events left unsent is taken away first."""
        self._world.forget_unsent()
        return lambda_events.schedule_event("tick")

    def stream(self) -> Event:
        """A message has just been written."""
        self._world.lose_stream()
        samples.put(self.portal)
        stream = self._world._stream
        return lambda_events.stream_event(stream.read(), stream.arn)

    def fact(self) -> Event:
        """An account has just been made."""
        stream = self._world._facts
        stream.skip()
        make_account(self.portal)
        return lambda_events.stream_event(stream.concerning(), stream.arn)

    def changed(self) -> Event:
        """An account has changed: workflows are to look at it."""
        return self._brought(f'{{"portal":"{self.portal.slug}","account":"{make_account(self.portal).id}"}}')

    def code(self) -> Event:
        """A verification code is to be sent by mail."""
        return self._queued(samples.put_code(self.portal))

    def mail(self) -> Event:
        """A mail about a batch is to be sent."""
        return self._queued(samples.put(self.portal))

    def feedback(self) -> Event:
        """SES has delivered a mail."""
        identifier = samples.put(self.portal)
        told = ses_event("Delivery", "provider-id", {"portal": self.portal.slug, "message": identifier})
        return lambda_events.topic_event(told, "feedback")

    def _queued(self, identifier: str) -> Event:
        return self._brought(f'{{"portal":"{self.portal.slug}","id":"{identifier}"}}')

    def _brought(self, body: str) -> Event:
        message = {"MessageId": ids.new(), "ReceiptHandle": "r", "Body": body}
        return lambda_events.queue_event([message], "arn:aws:sqs:us-east-1:123456789012:queue")
