"""Go, later or never: quiet hours by the clock of whoever would be woken, caps, a budget; and again at the door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clock, ids
from chalicelib.errors import Stale, Unavailable
from chalicelib.facts import Act
from chalicelib.messaging import budget, consent, reach, reading, suppression
from chalicelib.messaging.reach import CapReached, Lately, Verdict
from chalicelib.portals import Portal, known
from tests.messaging.samples import MOBILE, TO, code_context, put, put_code, row
from tests.mishaps import Mishap, Mishaps
from tests.world import MovableClock, World

OFF = {"for_sms": False}
NEW_YORK, LOS_ANGELES = "America/New_York", "America/Los_Angeles"


def _at(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def _portal(world: World, **reach_settings: object) -> Portal:
    found: Portal = world.portal(time_zone=NEW_YORK, reach=reach_settings, support={"postal_address": "1 Main Street"})
    return found


def _asked(portal: Portal, at: int, **changed: object) -> Verdict:
    given: dict[str, object] = {
        "channel": "sms", "to": MOBILE, "purpose": "marketing", "at": at, "zone": None, "sent_lately": Lately(), **changed,
    }  # fmt: skip
    return reach.verdict(portal, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "until"),
    [
        ("2030-06-03T20:59", None),
        ("2030-06-03T21:00", "2030-06-04T08:00"),
        ("2030-06-03T23:59", "2030-06-04T08:00"),
        ("2030-06-04T00:00", "2030-06-04T08:00"),
        ("2030-06-04T07:59", "2030-06-04T08:00"),
        ("2030-06-04T08:00", None),
        ("2030-06-08T22:00", "2030-06-09T08:00"),  # from a Saturday into a Sunday: the weekday makes no difference
        ("2030-12-31T22:00", "2031-01-01T08:00"),
        ("2030-03-09T22:00", "2030-03-10T08:00"),  # the clocks go forward in this night
        ("2030-11-02T22:00", "2030-11-03T08:00"),  # and back in this one
    ],
)
def test_quiet_hours_over_midnight(world: World, shown: str, until: str | None) -> None:
    portal = _portal(world)
    wanted = Verdict("later", "quiet-hours", _at(until, NEW_YORK)) if until else Verdict("go")
    assert _asked(portal, _at(shown, NEW_YORK)) == wanted


def test_quiet_hours_of_one_day(world: World) -> None:
    portal = _portal(world, quiet_hours={"start": "12:00", "end": "13:30"})
    assert _asked(portal, _at("2030-06-03T12:30", NEW_YORK)).until == _at("2030-06-03T13:30", NEW_YORK)
    for free in ("2030-06-03T11:59", "2030-06-03T13:30", "2030-06-03T23:00"):
        assert _asked(portal, _at(free, NEW_YORK)).answer == "go"


def test_they_are_kept_by_the_accounts_clock(world: World) -> None:
    portal = _portal(world)
    evening = _at("2030-06-03T22:00", NEW_YORK)  # seven in Los Angeles
    assert _asked(portal, evening).answer == "later"
    assert _asked(portal, evening, zone=LOS_ANGELES).answer == "go"
    assert _asked(portal, evening + 3 * 3600, zone=LOS_ANGELES).until == _at("2030-06-04T08:00", LOS_ANGELES)


def test_mails_keep_them_only_where_the_portal_says_so(world: World) -> None:
    night = _at("2030-06-03T23:00", NEW_YORK)
    assert _asked(_portal(world), night, channel="email", to=TO).answer == "go"
    assert _asked(_portal(world, quiet_hours={"for_mails": True}), night, channel="email", to=TO).answer == "later"
    assert _asked(_portal(world, quiet_hours=OFF), night).answer == "go"


def test_an_end_that_the_clocks_skip_or_show_twice(world: World) -> None:
    skipped = _portal(world, quiet_hours={"start": "21:00", "end": "02:30"})
    night = _at("2030-03-10T01:00", NEW_YORK)
    assert _asked(skipped, night).until == _at("2030-03-10T03:00", NEW_YORK)
    assert _asked(skipped, _at("2030-03-10T03:00", NEW_YORK)).answer == "go"
    twice = _portal(world, quiet_hours={"start": "21:00", "end": "01:30"})
    first = _at("2030-11-03T01:30", NEW_YORK)
    assert _asked(twice, first - 60).until == first
    assert _asked(twice, first + 1800).until == first + 3600, "one o'clock comes again, and so does its quiet half"


@given(
    minutes=st.integers(0, 366 * 24 * 60),
    start=st.times(), end=st.times(),
    zone=st.sampled_from([NEW_YORK, LOS_ANGELES, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)  # fmt: skip
def test_they_end_at_the_first_moment_that_is_free(minutes: int, start: object, end: object, zone: str) -> None:
    from chalicelib.portals.reach import QuietHours, Reach
    from chalicelib.portals.shapes import Portal as Shape

    hours = QuietHours(start=f"{start:%H:%M}", end=f"{end:%H:%M}")
    if hours.start == hours.end:
        return
    portal = Shape(
        slug="acme",
        name="Acme",
        version=1,
        created_at="",
        updated_at="",
        time_zone=zone,
        reach=Reach(quiet_hours=hours),
    )
    at = _at("2030-01-01T00:00", "UTC") + minutes * 60
    until = reach.quiet_until(portal, "sms", at, None)
    if until is None:
        return
    assert at < until <= at + 25 * 3600
    assert reach.quiet_until(portal, "sms", until, None) is None
    for step in range(at, until, 600):
        assert reach.quiet_until(portal, "sms", step, None) == until


def test_never_to_who_opted_out_bounced_or_unsubscribed(world: World) -> None:
    portal, noon = _portal(world), _at("2030-06-03T12:00", NEW_YORK)
    act = Act(portal.slug, "system:tests")
    suppression.suppress(Act("*", "system:tests"), "sms", "+12025554001", "opted-out")
    suppression.suppress(act, "email", "gone@client.example", "bounced")
    consent.withdraw(act, consent.whose(portal.slug, "sms", "+12025554002"), how="staff")
    assert _asked(portal, noon, to="+12025554001", purpose="service") == Verdict("never", "opted-out")
    assert _asked(portal, noon, channel="email", to="gone@client.example", purpose="service") == Verdict(
        "never", "bounced"
    )
    assert _asked(portal, noon, to="+12025554002") == Verdict("never", "unsubscribed")
    assert _asked(portal, noon, to="+12025554002", purpose="service") == Verdict("go"), "which is no marketing"
    bare = world.portal()
    assert _asked(bare, noon, channel="email", to=TO) == Verdict("never", "no-postal-address")
    assert {"opted-out", "bounced", "unsubscribed", "no-postal-address"} <= reach.REASONS.keys()


def test_caps_of_a_week(world: World, moment: MovableClock) -> None:
    portal, account = _portal(world, messages_a_week=4, sms_a_week=2, quiet_hours=OFF), ids.new()
    began = clock.timestamp()
    for channel in ("sms", "email", "sms"):
        _reached(portal, account, channel)
        moment.advance(hours=1)
    lately = reach.lately(portal.slug, account)
    assert _asked(portal, clock.timestamp(), sent_lately=lately) == Verdict("later", "sms-cap", began + reach.WEEK)
    with pytest.raises(CapReached):
        _reached(portal, account, "sms")
    assert _asked(portal, clock.timestamp(), channel="email", to=TO, sent_lately=lately).answer == "go"
    _reached(portal, account, "email")
    with pytest.raises(CapReached):
        _reached(portal, account, "email")
    _reached(portal, ids.new(), "email")  # another account has a week of its own
    moment.seconds = began + reach.WEEK
    _reached(portal, account, "sms")
    with pytest.raises(CapReached):
        _reached(portal, account, "email")


def test_two_that_reach_an_account_at_once_do_not_share_its_last_place(world: World) -> None:
    portal, account = _portal(world, messages_a_week=3), ids.new()

    def one(_: int) -> bool:
        try:
            _reached(portal, account, "email")
        except (CapReached, Stale):
            return False
        return True

    with ThreadPoolExecutor(6) as workers:
        done = sum(workers.map(one, range(12)))
    assert 1 <= done <= 3
    assert len(reach.lately(portal.slug, account).moments) == done


def _reached(portal: Portal, account: str, channel: str) -> None:
    tx = Act(portal.slug, "system:tests").transaction()
    reach.count(tx, portal, account, channel)
    tx.commit()


def test_a_message_at_night_waits_in_the_queue_and_goes_out_in_the_morning(world: World, moment: MovableClock) -> None:
    portal, account = _portal(world), ids.new()
    moment.seconds = _at("2030-06-03T21:30", NEW_YORK)
    waits = _text(portal, account=account)
    elsewhere = _text(portal, to="+12025554101", account=account, zone=LOS_ANGELES)
    code = put_code(portal, "sms", to="+12025554102")
    world.drain()
    assert [reading.get(portal.slug, each).status for each in (waits, elsewhere, code)] == ["queued", "sent", "sent"]
    told = reading.get(portal.slug, waits)
    assert told.reason == "quiet-hours" and "quiet hours" in told.status_text
    assert world.cloud.bulk.waiting == [], "nothing spins meanwhile"
    assert row(portal, waits).sweep_at == _at("2030-06-04T08:00", NEW_YORK)
    for _ in range(10):
        moment.advance(hours=1)
        world.tick()
        world.drain()
    assert world.sent_to(MOBILE) == []
    moment.seconds = _at("2030-06-04T08:00", NEW_YORK)
    world.tick()
    world.drain()
    told = reading.get(portal.slug, waits)
    assert (told.status, told.reason, len(world.sent_to(MOBILE))) == ("sent", None, 1)


def test_what_was_held_back_is_not_given_up_for_its_age(world: World, moment: MovableClock) -> None:
    portal = _portal(world, quiet_hours={"start": "07:00", "end": "06:00"})
    moment.seconds = _at("2030-06-03T07:00", NEW_YORK)
    identifier = _text(portal)
    world.drain()
    moment.seconds = _at("2030-06-04T06:00", NEW_YORK)
    world.cloud.provider.refuse = lambda _to: (429, "Throttling")
    world.tick()
    world.drain()
    world.cloud.provider.refuse = lambda _to: None
    moment.seconds += 2 * 3600  # 25 hours old, and quiet again
    world.tick()
    world.drain()
    assert reading.get(portal.slug, identifier).status == "queued"
    moment.seconds = _at("2030-06-05T06:00", NEW_YORK)
    world.tick()
    world.drain()
    assert reading.get(portal.slug, identifier).status == "sent"


def _text(portal: Portal, **given: object) -> str:
    options = {"to": MOBILE, "purpose": "marketing", **given}
    return put(
        portal, template="verification-code", channel="sms", context=code_context(), about="contact:1", **options
    )


def test_a_budget_counts_every_part_stops_what_can_wait_and_never_a_code(world: World, moment: MovableClock) -> None:
    portal = _portal(world, sms_budget=0, quiet_hours=OFF)
    assert _asked(portal, clock.timestamp()) == Verdict("never", "sms-budget-spent")
    stopped, code = _text(portal), put_code(portal, "sms", to="+12025554201")
    world.drain()
    told = reading.get(portal.slug, stopped)
    assert (told.status, told.reason) == ("failed", "sms-budget-spent")
    assert "budget" in told.status_text
    assert reading.get(portal.slug, code).status == "sent"


def test_codes_count_towards_the_budget(world: World, moment: MovableClock) -> None:
    portal = _portal(world, sms_budget=1, quiet_hours=OFF)
    most = budget.most_parts(portal)
    assert most == 120  # a unit pays for 120 parts of 0.0083
    budget.spend(portal, most - 2, always=False)
    put_code(portal, "sms", to="+12025554301")
    last, over = _text(portal, to="+12025554302"), _text(portal, to="+12025554303")
    world.drain()
    assert [reading.get(portal.slug, each).status for each in (last, over)] in (["sent", "failed"], ["failed", "sent"])
    moment.seconds = _at("2030-07-01T00:00", NEW_YORK) - 1
    assert budget.is_spent(portal, clock.timestamp())
    moment.advance(1)
    assert not budget.is_spent(portal, clock.timestamp()), "a new month by the portal's calendar"


def test_what_is_tried_again_is_paid_for_once(world: World, moment: MovableClock) -> None:
    portal = _portal(world, sms_budget=1, quiet_hours=OFF)
    budget.spend(portal, 119, always=False)
    world.cloud.provider.refuse = lambda _to: (429, "Throttling")
    identifier = _text(portal)
    world.drain()
    world.cloud.provider.refuse = lambda _to: None
    moment.advance(minutes=4)
    world.drain()
    assert reading.get(portal.slug, identifier).status == "sent"


@pytest.mark.parametrize("kind", ["throttle", "fail"])
def test_threat_44_what_cannot_be_asked_or_counted_is_not_sent(world: World, mishaps: Mishaps, kind: str) -> None:
    portal = _portal(world, sms_budget=5, quiet_hours=OFF)
    known(portal.slug)
    stopped = set()
    for at in range(12):
        identifier = _text(portal, to=f"+12025556{at:03}")
        world.relay()
        with mishaps.planned(Mishap(kind, at, sticky=True)):
            world.work(world.cloud.bulk)
        if "sns.Publish" not in mishaps.calls:
            stopped |= set(mishaps.calls[at : at + 1])
            assert reading.get(portal.slug, identifier).status == "queued"
        world.cloud.bulk.clear()
    assert {"dynamodb.GetItem", "dynamodb.BatchGetItem", "dynamodb.UpdateItem"} <= stopped
    with mishaps.planned(Mishap(kind, "dynamodb.GetItem", sticky=True)), pytest.raises(Unavailable):
        _asked(portal, clock.timestamp())


def test_lately_forgets_what_is_a_week_old() -> None:
    lately = Lately()
    for day in range(40):
        lately = lately.and_at(day * 86400, "email")
    assert [at // 86400 for at, _ in lately.moments] == [39, 38, 37, 36, 35, 34, 33]
    assert timedelta(seconds=reach.WEEK).days == 7
