"""From a fact to what reacts to it: which facts, as what messages, to whom; and that none is lost, repeated or in the way."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from chalicelib import agenda, aws
from chalicelib.errors import Unavailable
from chalicelib.facts import Act, Kind
from chalicelib.facts import relay as facts_relay
from chalicelib.facts.reactions import CONCERNING, concerns
from chalicelib.jobs import doers, reactions
from chalicelib.jobs.handing import hand_on_due
from chalicelib.jobs.models import DueRow
from chalicelib.jobs.reactions import AccountChanged, JobWaiting, ShardDue, worked
from chalicelib.messaging.queue import AlreadyQueued, queue
from chalicelib.portals import Portal
from chalicelib.selfservice import records
from tests.factories import change_account, make_account, make_contact, make_portal, staff
from tests.messaging.samples import TO
from tests.mishaps import Mishap, Mishaps
from tests.records import SAM, make_prescription, make_product, make_website_link, record_portal
from tests.world import MovableClock, World

Called = list[tuple[Any, ...]]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Iterator[Called]:
    """What would do the work notes what it was called with."""
    calls: Called = []
    for name in doers.REACTIONS.values():
        _stand_in(monkeypatch, name, lambda *given, name=name: calls.append((name.rpartition(".")[2], *given)))
    yield calls


def _stand_in(monkeypatch: pytest.MonkeyPatch, name: str, does: Callable[..., Any]) -> None:
    module, _, function = name.rpartition(".")
    monkeypatch.setitem(sys.modules, f"chalicelib.{module}", SimpleNamespace(**{function: does}))  # type: ignore[arg-type]


def waiting(world: World) -> list[dict[str, Any]]:
    """What stands in the queue of reactions."""
    return [json.loads(message.body) for message in world.cloud.reactions.waiting]


class TestWhichFacts:
    @pytest.mark.parametrize(
        ("kind", "changed", "answer"),
        [
            (Kind.ACCOUNT_CREATED, (), True),
            (Kind.ACCOUNT_CLOSED, ("status",), True),
            (Kind.ACCOUNT_OPENED, ("status", "name"), True),
            (Kind.ACCOUNT_CHANGED, ("name", "tags"), True),
            (Kind.ACCOUNT_CHANGED, ("record_type",), True),
            (Kind.ACCOUNT_CHANGED, ("name", "primary_emails", "assigned_agent"), False),
            (Kind.RECORD_ADDED, ("product",), True),
            (Kind.RECORD_CHANGED, ("product", "status"), True),
            (Kind.RECORD_CHANGED, ("link", "status"), False),
            (Kind.RECORD_REMOVED, ("product",), True),
            (Kind.RECORD_REMOVED, ("prescription",), False),
            (Kind.OWN_RECORD_CHANGED, ("provider", "tags"), False),
            (Kind.CONTACT_CREATED, ("tags",), False),
            ("no:such:kind", ("tags",), False),
        ],
    )
    def test_by_kind_and_by_the_names_of_what_changed(self, kind: str, changed: tuple[str, ...], answer: bool) -> None:
        assert concerns(kind, changed) is answer

    def test_a_new_account_and_changes_of_tags_type_and_status_come_to_be_reacted_to(
        self, world: World, called: Called
    ) -> None:
        portal = make_portal(world)
        account = make_account(portal)
        expected: Called = [("changed", portal.slug, account.id)]
        world.drain()
        assert called == expected
        for details in ({"tags": ["vip"]}, {"record_type": "customer"}, {"status": "closed"}, {"status": "open"}):
            change_account(portal, account.id, **details)
            world.drain()
            expected.append(("changed", portal.slug, account.id))
            assert called == expected, details
        world.drain()
        assert called == expected, "each once"

    def test_a_product_does_and_what_else_a_record_holds_does_not(self, world: World, called: Called) -> None:
        portal = record_portal(world)
        account = make_account(portal)
        world.drain()
        called.clear()
        make_prescription(portal, account)
        make_website_link(portal, account)
        world.drain()
        assert called == []
        product = make_product(portal, account)
        world.drain()
        details = msgspec.structs.replace(
            msgspec.convert(
                {name: getattr(product, name) for name in records.PRODUCTS.takes.__struct_fields__},
                records.PRODUCTS.takes,
            ),
            plan="PPO 2000",
        )
        records.change(staff(portal), portal, account, records.PRODUCTS, product.id, details, by=SAM)
        world.drain()
        records.remove(staff(portal), portal, account, records.PRODUCTS, product.id, by=SAM)
        world.drain()
        assert called == [("changed", portal.slug, account.id)] * 3

    def test_where_no_fact_concerns_workflows_nothing_is_invoked_nor_read(
        self, world: World, called: Called, mishaps: Mishaps, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        portal = make_portal(world)
        account = make_account(portal)
        world.drain()
        called.clear()
        make_contact(portal, account)
        change_account(portal, account.id, name="Southwind Traders")
        with mishaps.recording() as calls:
            assert world.relay_facts() == 1, "its kind passes the filter; the names of what changed do not"
        assert calls == []
        make_contact(portal, account)
        monkeypatch.setattr(world._facts, "_streams", None)
        assert world.relay_facts() == 0, "without asking the engine"
        world.drain()
        assert waiting(world) == called == []


class TestTheRelay:
    def test_many_facts_about_an_account_are_one_message_with_ids_and_nothing_else(
        self, world: World, called: Called
    ) -> None:
        portal = make_portal(world)
        one, two = make_account(portal), make_account(portal)
        for tag in ("a-secret-tag", "b", "c"):
            change_account(portal, one.id, tags=[tag])
        world.relay_facts()
        assert waiting(world) == [{"portal": portal.slug, "account": each.id} for each in (one, two)]

    def test_its_messages_are_the_shape_that_is_reacted_to(self, world: World, called: Called) -> None:
        portal = make_portal(world)
        account = make_account(portal)
        world.relay_facts()
        by_the_relay = waiting(world)
        reactions.send([AccountChanged(portal.slug, account.id)])
        assert waiting(world) == by_the_relay * 2

    def test_they_are_sent_in_tens(self, world: World, called: Called, mishaps: Mishaps) -> None:
        portal = make_portal(world)
        accounts = [make_account(portal).id for _ in range(25)]
        with mishaps.recording() as calls:
            world.relay_facts()
        assert calls == ["sqs.SendMessageBatch"] * 3
        world.drain()
        assert [account for _, _, account in called] == accounts

    def test_while_the_queue_is_not_to_be_had_facts_wait_in_the_stream(
        self, world: World, called: Called, mishaps: Mishaps
    ) -> None:
        portal = make_portal(world)
        accounts = [make_account(portal).id for _ in range(3)]
        with mishaps.planned(Mishap("fail", "sqs.SendMessageBatch", sticky=True)):
            assert world.relay_facts() == 0
        assert waiting(world) == []
        world.drain()
        assert [account for _, _, account in called] == accounts

    def test_what_sqs_did_not_take_is_named_by_its_first_fact(
        self, world: World, called: Called, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = SimpleNamespace(send_message_batch=lambda **_: {"Failed": [{"Id": "1"}]})
        monkeypatch.setattr(aws, "client", lambda _service: refused)
        records = [a_fact(account, number=str(n)) for n, account in enumerate(("a", "b", "a", "b", "c"))]
        assert facts_relay.relay(records) == ["1"]

    def test_a_fact_that_cannot_be_read_does_not_hold_up_the_others(self, world: World, called: Called) -> None:
        broken = [
            a_fact("a", changes="{not json"), a_fact("b", kind="staff:account:changed", changes="7"),
            {"eventName": "INSERT", "dynamodb": {}}, {},
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": {"kind": {"S": "x"}}}},
        ]  # fmt: skip
        assert facts_relay.relay([*broken, a_fact("good")]) == []
        assert waiting(world) == [{"portal": "acme", "account": "good"}]

    def test_only_new_facts_about_accounts_are_handed_on(self, world: World, called: Called) -> None:
        others = [
            a_fact("a", event="REMOVE"), a_fact("a", event="MODIFY"), a_fact("a", subject="batch:a"),
            a_fact("a", kind="staff:contact:created"), a_fact("a", kind="staff:account:changed", changes='{"name":"changed"}'),
        ]  # fmt: skip
        assert facts_relay.relay(others) == []
        assert waiting(world) == []


def a_fact(
    account: str, *, number: str = "1", event: str = "INSERT", kind: str = "staff:account:created", subject: str = "",
    changes: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A record of the facts' stream."""
    image = {"portal": "acme", "subject": subject or f"account:{account}", "kind": kind}
    if changes is not None:
        image["changes"] = changes
    told = {"SequenceNumber": number, "NewImage": {name: {"S": value} for name, value in image.items()}}
    return {"eventName": event, "dynamodb": told}


class TestWhoIsCalled:
    def test_each_shape_goes_to_whom_it_is_for(self, world: World, called: Called) -> None:
        assert reactions.send([AccountChanged("acme", "a1"), ShardDue(7), JobWaiting("acme", "j1")]) == []
        assert waiting(world) == [{"portal": "acme", "account": "a1"}, {"shard": 7}, {"portal": "acme", "job": "j1"}]
        world.work(world.cloud.reactions)
        assert called == [("changed", "acme", "a1"), ("work_shard", 7), ("go_on_queued", "acme", "j1")]
        assert waiting(world) == []

    def test_what_was_not_sent_is_given_back(self, world: World, mishaps: Mishaps) -> None:
        wanted = [ShardDue(number) for number in range(12)]
        with mishaps.planned(Mishap("fail", "sqs.SendMessageBatch", sticky=True)):
            assert reactions.send(wanted) == wanted[:10]
        assert waiting(world) == [{"shard": 10}, {"shard": 11}]

    def test_what_sqs_refused_of_each_ten_is_given_back(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        refused = SimpleNamespace(send_message_batch=lambda **_: {"Failed": [{"Id": "1"}]})
        monkeypatch.setattr(aws, "client", lambda _service: refused)
        wanted = [ShardDue(number) for number in range(12)]
        assert reactions.send(wanted) == [wanted[1], wanted[11]]

    @pytest.mark.parametrize(
        "body",
        ["", "[]", "{}", '{"shard": "1"}', '{"shard": -1}', '{"portal": "acme"}', '{"portal": "acme", "account": 1}',
         '{"portal": "acme", "account": "a", "job": "b"}'],
    )  # fmt: skip
    def test_a_queue_message_that_is_none_goes_to_the_dead_letters(
        self, world: World, moment: MovableClock, called: Called, body: str
    ) -> None:
        world.cloud.reactions.send(body)
        for _ in range(7):
            world.drain()
            moment.advance(minutes=4)
        assert [dead.body for dead in world.cloud.reactions.dead] == [body]
        assert called == []

    def test_what_may_be_over_a_minute_later_comes_again(
        self, world: World, moment: MovableClock, called: Called, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers: list[Exception | None] = [Unavailable(), None]

        def changed(*_: str) -> None:
            if answer := answers.pop(0):
                raise answer

        _stand_in(monkeypatch, "workflows.enrolling.changed", changed)
        reactions.send([AccountChanged("acme", "a1")])
        world.drain()
        assert len(answers) == 1
        moment.advance(minutes=3, seconds=1)
        world.drain()
        assert answers == [] and waiting(world) == [] and world.cloud.reactions.dead == []


def test_threat_40_of_ten_concurrent_shuffled_copies_of_each_reaction_one_mail_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reacts claims what it does in the transaction that does it: here by a mail that is queued once."""
    portal = make_portal(world)
    calls: Called = []

    def changed(slug: str, account: str) -> None:
        calls.append((slug, account))
        act = Act(slug, "system:tests")
        tx = act.transaction()
        queue(
            tx, act, template="username-reminder", channel="email", to=TO, about=f"account:{account}",
            context={"username": "jane.doe"}, once=f"reaction/{account}",
        )  # fmt: skip
        with suppress(AlreadyQueued):
            tx.commit()

    _stand_in(monkeypatch, "workflows.enrolling.changed", changed)
    accounts = [make_account(portal).id for _ in range(12)]
    world.relay_facts()
    copies = [message.body for message in world.cloud.reactions.waiting for _ in range(10)]
    world.cloud.reactions.clear()
    random.Random(40).shuffle(copies)
    batches = [_records(copies[start : start + 10]) for start in range(0, len(copies), 10)]
    with ThreadPoolExecutor(8) as workers:
        failures = list(workers.map(worked, batches))
    assert failures == [[]] * 12
    assert Counter(calls) == {(portal.slug, account): 10 for account in accounts}
    world.drain()
    assert len(world.inbox) == len({sent.tags["message"] for sent in world.inbox}) == 12


def test_threat_40_a_stream_batch_that_comes_ten_times_asks_for_nothing_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, calls = make_portal(world), Counter[str]()
    _stand_in(monkeypatch, "workflows.enrolling.changed", lambda _slug, account: calls.update([account]))
    account = make_account(portal)
    facts = world._facts.concerning()
    for _ in range(10):
        assert facts_relay.relay(facts) == []
    world.drain()
    assert calls == {account.id: 10}, "one message a batch, whoever reacts reads what is so now"


def test_threat_41_one_poisoned_reaction_in_ten(
    world: World, moment: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = make_portal(world)
    accounts = [make_account(portal).id for _ in range(10)]
    poisoned, done = {accounts[3]}, Counter[str]()

    def changed(_slug: str, account: str) -> None:
        if account in poisoned:
            raise ZeroDivisionError
        done[account] += 1

    _stand_in(monkeypatch, "workflows.enrolling.changed", changed)
    for _ in range(6):
        world.drain()
        moment.advance(minutes=3, seconds=1)
    world.drain()
    assert done == {account: 1 for account in accounts if account not in poisoned}
    assert [json.loads(dead.body)["account"] for dead in world.cloud.reactions.dead] == [accounts[3]]
    assert waiting(world) == []
    poisoned.clear()
    world.cloud.reactions.redrive()
    world.drain()
    assert done == dict.fromkeys(accounts, 1)


def _records(bodies: list[str]) -> list[dict[str, str]]:
    return [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]


class TestWhatIsDue:
    def test_with_nothing_due_it_is_a_query_a_part_and_nothing_else(self, world: World, mishaps: Mishaps) -> None:
        with mishaps.recording() as calls:
            assert hand_on_due(agenda.WORKFLOWS.due()) == 0
        assert calls == ["dynamodb.Query"] * agenda.WORKFLOWS.shards

    def test_each_part_with_something_due_is_handed_on_once_however_much_it_is(
        self, world: World, moment: MovableClock, called: Called, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(agenda, "WORKFLOWS", replace(agenda.WORKFLOWS, shards=16))
        portal = make_portal(world)
        now = int(moment())
        for number in range(3):
            put_due(portal, f"a{number}", shard=4, at=now - number)
        put_due(portal, "b", shard=11, at=now)
        put_due(portal, "c", shard=12, at=now + 60)
        world.tick()
        assert waiting(world) == [{"shard": 4}, {"shard": 11}]
        moment.advance(minutes=1)
        world.cloud.reactions.clear()
        world.tick()
        assert waiting(world) == [{"shard": 4}, {"shard": 11}, {"shard": 12}]
        world.drain()
        assert called == [("work_shard", shard) for shard in (4, 11, 12)]

    def test_what_the_queue_did_not_take_is_found_a_minute_later(
        self, world: World, moment: MovableClock, mishaps: Mishaps, called: Called
    ) -> None:
        put_due(make_portal(world), "a", shard=0, at=int(moment()))
        with mishaps.planned(Mishap("fail", "sqs.SendMessageBatch", sticky=True)):
            assert hand_on_due(agenda.WORKFLOWS.due()) == 0
        assert hand_on_due(agenda.WORKFLOWS.due()) == 1
        assert waiting(world) == [{"shard": 0}]

    def test_what_one_test_left_due_is_not_there_in_the_next(self, world: World, moment: MovableClock) -> None:
        put_due(make_portal(world), "a", shard=0, at=int(moment()))
        world.reset()
        assert hand_on_due(agenda.WORKFLOWS.due()) == 0


def put_due(portal: Portal, name: str, *, shard: int, at: int) -> None:
    """Something in the workflows table that is due."""
    DueRow(f"{portal.slug}#enrolment#{name}", "enrolment", due_shard=agenda.WORKFLOWS.part(shard), due_at=at).save()


def test_every_kind_of_the_table_is_a_kind() -> None:
    assert set(CONCERNING) <= set(Kind)
