from __future__ import annotations

import msgspec
from chalicelib import clock
from chalicelib.storage import Transaction
from chalicelib.workflows import acting, definitions, enrolling, enrolments, decisions, shard_work
from chalicelib.messaging import statuses
from tests.factories import make_account, make_contact, make_portal, change_account, staff
from tests.workflows.flows import MAIL, SMS, step, workflow, product
from tests.world import World


def on(portal, wf):
    row = definitions.read(portal.slug, wf.id)
    row.state, row.switched_on_at = "on", clock.timestamp()
    tx = Transaction()
    tx.put(row)
    definitions.put_live(tx, row)
    tx.commit()


def test_thread(world: World) -> None:
    portal = make_portal(world, time_zone="America/New_York")
    account = make_account(portal, record_type="client", primary_emails=("maria@example.com",))
    contact = make_contact(portal, account, mobile="+12125550123")
    wf = workflow(
        portal,
        step("mail", 1, "minutes", MAIL),
        step("sms", 30, "minutes", SMS),
        step("self", 30, "minutes", {"action": "enable-self-service"}),
        step(
            "task",
            1,
            "days",
            {"action": "create-task", "title": "Call them", "due": {"count": 2, "unit": "days"}},
            at="09:00",
        ),
        step("call", 2, "days", {"action": "add-to-call-queue", "reason": "Book"}),
        step("tag", 3, "days", {"action": "add-tags", "tags": ["done"]}),
        step("tag2", 4, "days", {"action": "remove-tags", "tags": ["review"]}),
    )
    on(portal, wf)
    change_account(portal, account.id, tags=("review",))
    enrolling.changed(portal.slug, account.id)
    enrolling.changed(portal.slug, account.id)
    (enrolment,) = enrolments.of_account(portal.slug, account.id).items
    for moment in (2 * 60, 30 * 60, 86400, 86400 * 1.5, 86400, 86400):
        world.clock.advance(moment)
        for shard in range(16):
            shard_work.work_shard(shard)
        world.drain()
    for d in reversed(decisions.listed(portal.slug, account.id).items):
        print(d.at, d.what, d.step_id, d.reason, d.made)
    print([(m.to, m.subject, m.text[:80]) for m in world.inbox])
    print(enrolments.get(portal.slug, enrolment.id))
    assert 0
