"""Threat 7. Link replay: of 64 parallel presses one succeeds, and no link works after what should have ended it.

Of the mechanism, for every purpose. The pages' POSTs: tests/journeys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import get_args

import pytest

from chalicelib import ids
from chalicelib.facts import Act
from chalicelib.security import links
from chalicelib.security.links import SETUP_SECONDS, Link, LinkOver, Purpose, Setup
from chalicelib.storage import Transaction
from tests.browsing import at_once
from tests.factories import make_portal
from tests.world import MovableClock, World

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
each_purpose = pytest.mark.parametrize("purpose", PURPOSES)


def committed(do: Callable[[Transaction], object]) -> str:
    """Do it in a transaction of its own: "done", or why the link is over."""
    tx = Act("tests", "system:tests").transaction()
    try:
        do(tx)
        tx.commit()
    except LinkOver as refusal:
        return refusal.why
    return "done"


class Sent:
    """A link for somebody of a portal, as a message carries it, and what can be done with it."""

    def __init__(self, slug: str, purpose: Purpose, holder: str = "", *, seconds: int = 1800) -> None:
        self.slug, self.purpose, self.holder = slug, purpose, holder or ids.new()
        tx = Act(slug, "system:tests").transaction()
        self.link = links.issue(tx, slug, purpose, self.holder, seconds=seconds)
        tx.commit()
        self.setup = Setup(purpose=purpose, holder=self.holder, link_id=self.link.id)

    def token(self, place: int = 0) -> str:
        """The secret part of the address that one message has."""
        link = self.link
        return links.token(self.slug, link.purpose, link.holder, link.id, link.version, place)

    def look(self, place: int = 0) -> str:
        """What the page of the link's address sees: "live", or why not."""
        try:
            links.peek(self.slug, self.purpose, self.token(place))
        except LinkOver as refusal:
            return refusal.why
        return "live"

    def press(self, seen: Link | None = None) -> str:
        """Press the button of a page that was seen before."""
        return committed(lambda tx: links.spend(tx, self.slug, seen or self.link))

    def is_open(self) -> bool:
        """Whether the set-up goes on."""
        try:
            links.opened(self.slug, self.setup)
        except LinkOver:
            return False
        return True

    def finish(self) -> str:
        """Do what the link is for."""
        return committed(lambda tx: links.finish(tx, self.slug, self.setup))

    def cancel(self) -> None:
        """End all links of this purpose and holder."""
        assert committed(lambda tx: links.cancel(tx, self.slug, self.purpose, self.holder)) == "done"


def rows(world: World, sent: Sent) -> int:
    """How many rows there are in the table, over or not."""
    return sum(each["pk"]["S"] == f"{sent.slug}#link#{sent.purpose}#{sent.holder}" for each in world.scan("tokens"))


@each_purpose
def test_of_64_parallel_presses_exactly_one_succeeds_and_no_later_one(world: World, purpose: Purpose) -> None:
    sent = Sent(make_portal(world).slug, purpose)
    pages = [links.peek(sent.slug, purpose, sent.token(place)) for place in range(4)] * 16

    answers = Counter(at_once([lambda page=page: sent.press(page) for page in pages], threads=64))  # type: ignore[misc]

    assert answers == {"done": 1, "used": 63}
    assert sent.look() == "used" and sent.press() == "used" and sent.is_open()
    world.clock.advance(minutes=1)
    assert sent.look() == "used" and sent.press() == "used"
    assert rows(world, sent) == 1


@each_purpose
def test_of_64_parallel_ends_of_a_set_up_exactly_one_counts(world: World, purpose: Purpose) -> None:
    sent = Sent(make_portal(world).slug, purpose)
    assert sent.finish() == "used", "not before the press"
    assert sent.press() == "done"
    assert Counter(at_once([sent.finish] * 64, threads=64)) == {"done": 1, "used": 63}
    assert not sent.is_open() and sent.look() == "used" and sent.press() == "used"


@each_purpose
def test_a_newer_link_ends_the_older_in_whatever_state(world: World, purpose: Purpose) -> None:
    slug = make_portal(world).slug
    unpressed = Sent(slug, purpose)
    seen = links.peek(slug, purpose, unpressed.token())
    pressed = Sent(slug, purpose, unpressed.holder)
    assert (unpressed.look(), unpressed.press(seen)) == ("replaced", "used")
    assert pressed.press() == "done" and pressed.is_open()
    newest = Sent(slug, purpose, unpressed.holder)
    assert pressed.look() == "replaced" and not pressed.is_open() and pressed.finish() == "used"
    assert newest.look() == "live" and not newest.is_open()
    assert newest.press() == "done" and newest.finish() == "done"
    assert unpressed.look() == pressed.look() == "replaced"
    assert rows(world, newest) == 1


@each_purpose
def test_what_is_cancelled_opens_nothing(world: World, purpose: Purpose) -> None:
    slug = make_portal(world).slug
    unpressed, pressed, other = Sent(slug, purpose), Sent(slug, purpose), Sent(slug, purpose)
    seen = links.peek(slug, purpose, unpressed.token())
    assert pressed.press() == "done"
    unpressed.cancel()
    pressed.cancel()
    assert unpressed.look() == "replaced" and unpressed.press(seen) == "used" and not unpressed.is_open()
    assert pressed.look() == "replaced" and not pressed.is_open() and pressed.finish() == "used"
    with pytest.raises(LinkOver):
        links.count_try(slug, pressed.setup)
    assert rows(world, unpressed) == rows(world, pressed) == 0, "a press brings nothing back"
    assert other.look() == "live", "nobody else's"


def test_an_end_of_one_purpose_is_none_of_another(world: World) -> None:
    slug, holder = make_portal(world).slug, ids.new()
    sent = {purpose: Sent(slug, purpose, holder) for purpose in PURPOSES}
    sent["password-reset"].cancel()
    assert sent["not-me"].press() == "done"
    assert [purpose for purpose in PURPOSES if sent[purpose].look() == "live"] == [
        "credential-create", "staff-invitation", "invitation", "contact-confirmation", "self-service-password",
        "view-as",
    ]  # fmt: skip


@each_purpose
def test_siblings_in_other_inboxes_die_with_the_one_that_is_pressed(world: World, purpose: Purpose) -> None:
    sent = Sent(make_portal(world).slug, purpose)
    assert [sent.look(place) for place in range(5)] == ["live"] * 5
    assert sent.press(links.peek(sent.slug, purpose, sent.token(3))) == "done"
    assert [sent.look(place) for place in range(5)] == ["used"] * 5


@each_purpose
def test_an_expired_link_that_is_still_in_the_table_is_unusable_from_its_end_on(
    world: World, moment: MovableClock, purpose: Purpose
) -> None:
    sent = Sent(make_portal(world).slug, purpose, seconds=600)
    moment.advance(599)
    seen = links.peek(sent.slug, purpose, sent.token())
    assert seen.valid_until == moment() + 1
    moment.advance(1)
    assert sent.look() == "expired" and sent.press(seen) == "used" and not sent.is_open()
    assert rows(world, sent) == 1
    moment.advance(days=7)
    assert sent.look() == "replaced" and sent.press(seen) == "used" and rows(world, sent) == 1
    moment.advance(days=-7, seconds=-1)
    assert sent.look() == "live" and sent.press(seen) == "done"


@each_purpose
def test_a_set_up_ends_after_a_quarter_of_an_hour(world: World, moment: MovableClock, purpose: Purpose) -> None:
    sent = Sent(make_portal(world).slug, purpose, seconds=600)
    moment.advance(599)
    assert sent.press() == "done"
    moment.advance(SETUP_SECONDS - 1)
    assert sent.is_open(), "though the link itself has run out"
    moment.advance(1)
    assert not sent.is_open() and sent.finish() == "used" and rows(world, sent) == 1
    moment.advance(-1)
    assert sent.finish() == "done"


def test_a_set_up_of_somebody_else_or_of_another_purpose_is_not_open(world: World) -> None:
    slug, other = make_portal(world).slug, make_portal(world).slug
    sent = Sent(slug, "password-reset")
    assert sent.press() == "done"
    for changed in (
        Setup(purpose="credential-create", holder=sent.holder, link_id=sent.link.id),
        Setup(purpose="password-reset", holder=ids.new(), link_id=sent.link.id),
        Setup(purpose="password-reset", holder=sent.holder, link_id=ids.new()),
    ):
        with pytest.raises(LinkOver):
            links.opened(slug, changed)
        assert committed(lambda tx, changed=changed: links.finish(tx, slug, changed)) == "used"  # type: ignore[misc]
    with pytest.raises(LinkOver):
        links.opened(other, sent.setup)
    assert sent.is_open()


def test_of_64_parallel_tries_at_its_questions_five_are_looked_at_and_the_link_is_over(world: World) -> None:
    sent = Sent(make_portal(world).slug, "password-reset")
    assert sent.press() == "done"

    def answer(_: int = 0) -> bool:
        try:
            links.count_try(sent.slug, sent.setup)
        except LinkOver:
            return False
        return True

    assert sum(at_once([answer] * 64, threads=64)) == 5
    assert not sent.is_open(), "nobody else begins another try"
    assert sent.finish() == "done", "the fifth may still be the right one"
