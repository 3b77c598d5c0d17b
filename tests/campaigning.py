"""Campaigns for tests: planned, scheduled, and run as the deployment would, with the clock in the test's hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from chalicelib.campaigns import campaigns
from chalicelib.campaigns import reports as campaign_reports
from chalicelib.campaigns import runs as campaign_runs
from chalicelib.campaigns.shapes import Campaign, CampaignInput, Run
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from tests.factories import make_account, staff
from tests.world import World

MAIL = {"action": "send-email", "message": "annual-review"}
TEXT = {"action": "send-sms", "message": "annual-review"}
TAG = {"action": "add-tags", "tags": ["asked-2031"]}
NOW = {"when": "now"}


def said(do: dict[str, Any] = MAIL, when: dict[str, Any] = NOW, **more: Any) -> CampaignInput:
    """For every client, unless a filter is given."""
    plain = {"name": "Annual review", "filter": {"record_type": "client"}, "do": do, "when": when, **more}
    return msgspec.convert(plain, CampaignInput)


def planned(portal: Portal, do: dict[str, Any] = MAIL, when: dict[str, Any] = NOW, **more: Any) -> Campaign:
    """A draft."""
    return campaigns.create(staff(portal), portal, said(do, when, **more))


def scheduled(portal: Portal, do: dict[str, Any] = MAIL, when: dict[str, Any] = NOW, **more: Any) -> Campaign:
    """One that runs when its time comes."""
    return campaigns.schedule(staff(portal), portal, planned(portal, do, when, **more).id)


def clients(portal: Portal, count: int, **details: Any) -> list[Account]:
    """So many clients, each with an address of its own."""
    plain = {"record_type": "client", "number": None}
    return [
        make_account(portal, **{**plain, "primary_emails": (f"c{place}@{portal.slug}.example",), **details})
        for place in range(count)
    ]


def begin(portal: Portal, campaign: Campaign) -> None:
    """What a shard's worker does of it."""
    campaign_runs.begin_due(portal.slug, campaign.id)


def pass_time(world: World, **duration: float) -> None:
    """Let time pass, and do what has come due."""
    world.clock.advance(**duration)
    world.tick()
    world.drain()


def run_of(portal: Portal, campaign: Campaign) -> Run:
    """Its newest run."""
    return campaign_reports.report(portal.slug, campaign.id).runs[0]


def state_of(portal: Portal, campaign: Campaign) -> str:
    return campaigns.get(portal.slug, campaign.id).state


def mails(world: World, subject: str = "annual review") -> Counter[str]:
    """How many mails of a campaign each address has got."""
    return Counter(sent.to for sent in world.inbox if sent.channel == "email" and subject in sent.subject)


def each_once(made: list[Account]) -> Counter[str]:
    """One mail for each."""
    return Counter(account.primary_emails[0] for account in made)
