"""The journeys of campaigns: planned, changed, scheduled, cancelled, released, read."""

from __future__ import annotations

from itertools import count
from typing import Any, ClassVar

from chalicelib.campaigns import campaigns
from chalicelib.campaigns import reports as campaign_reports
from chalicelib.campaigns import runs as campaign_runs
from chalicelib.errors import NotFound
from chalicelib.facts import Kind
from chalicelib.people import accounts
from tests.browsing import Seen
from tests.campaigning import said
from tests.factories import make_account, staff
from tests.faults.journey import Journey, Repeatable
from tests.working import leave_nothing_due, work_due

_AT = "/api/v1/portals/{portal}/campaigns"
_ONE = f"{_AT}/{{campaign}}"
_numbers = count(1)


class OfACampaign(Repeatable):
    """A draft that tags two accounts."""

    def prepare(self) -> None:
        old = f"old-c{next(_numbers)}"
        self.accounts = [make_account(self.portal, tags=[old]) for _ in range(2)]
        self.filter = {"tag": old}
        self.do = {"action": "add-tags", "tags": ["asked"]}
        wanted = said(self.do, filter=self.filter)
        self.id = campaigns.create(staff(self.portal), self.portal, wanted).id
        self.about = f"campaign:{self.id}"

    @property
    def state(self) -> str:
        """As of now."""
        return campaigns.get(self.slug, self.id).state

    def begin(self) -> None:
        """As the worker of its shard does."""
        campaign_runs.begin_due(self.slug, self.id)

    def tagged(self) -> int:
        """How many accounts it has done."""
        return sum("asked" in accounts.get(self.slug, each.id).tags for each in self.accounts)


class PlansACampaign(Repeatable):
    """A draft, and its fact."""

    route = ("POST", _AT)
    good = (201,)

    def act(self) -> Seen:
        body: dict[str, Any] = {
            "name": f"Review {id(self)}", "filter": {}, "do": {"action": "add-tags", "tags": ["asked"]},
            "when": {"when": "now"},
        }  # fmt: skip
        return self.ask("POST", "campaigns", body, **self.key())

    def check(self) -> None:
        found = [each for each in campaigns.listed(self.slug, limit=100).items if each.name == f"Review {id(self)}"]
        (draft,) = found
        assert self.facts_about(f"campaign:{draft.id}", Kind.CAMPAIGN_CREATED) == 1


class ChangesACampaign(OfACampaign):
    """It has another name."""

    route = ("PATCH", _ONE)

    def act(self) -> Seen:
        return self.ask(
            "PATCH", f"campaigns/{self.id}", {"name": "Other", "when": {"when": "cron", "cron": "0 9 * * *"}}
        )

    def midway(self) -> None:
        is_changed = campaigns.get(self.slug, self.id).name == "Other"
        assert self.facts_about(self.about, Kind.CAMPAIGN_CHANGED) == is_changed

    def check(self) -> None:
        assert campaigns.get(self.slug, self.id).version == 2
        self.midway()


class RemovesACampaign(OfACampaign):
    """It is gone, and its fact is there."""

    route = ("DELETE", _ONE)
    good = (204,)
    repeated = (404,)

    def act(self) -> Seen:
        return self.ask("DELETE", f"campaigns/{self.id}")

    def check(self) -> None:
        try:
            campaigns.get(self.slug, self.id)
        except NotFound:
            assert self.facts_about(self.about, Kind.CAMPAIGN_REMOVED) == 1
            return
        raise AssertionError("it is still there")


class SchedulesACampaign(OfACampaign):
    """It runs, and does each once."""

    route = ("POST", f"{_ONE}/schedule")

    def act(self) -> Seen:
        return self.ask("POST", f"campaigns/{self.id}/schedule", **self.key())

    def midway(self) -> None:
        assert self.facts_about(self.about, Kind.CAMPAIGN_SCHEDULED) == (self.state == "scheduled")

    def check(self) -> None:
        assert self.state == "scheduled" and self.facts_about(self.about, Kind.CAMPAIGN_SCHEDULED) == 1
        self.begin()
        work_due()
        assert (self.state, self.tagged()) == ("done", 2)
        leave_nothing_due()


class CancelsACampaign(OfACampaign):
    """In the middle of its run: nothing is done any more."""

    route = ("POST", f"{_ONE}/cancel")

    def prepare(self) -> None:
        super().prepare()
        campaigns.schedule(staff(self.portal), self.portal, self.id)
        self.begin()

    def act(self) -> Seen:
        return self.ask("POST", f"campaigns/{self.id}/cancel", **self.key())

    def midway(self) -> None:
        assert self.facts_about(self.about, Kind.CAMPAIGN_CANCELLED) == (self.state == "cancelled")

    def check(self) -> None:
        work_due()
        assert (self.state, self.tagged()) == ("cancelled", 0)
        self.midway()
        leave_nothing_due()


class ReleasesACampaign(OfACampaign):
    """From its hold: the rest gets it."""

    route = ("POST", f"{_ONE}/release")

    def prepare(self) -> None:
        super().prepare()
        for each in self.accounts:
            make_account(self.portal, tags=[self.filter["tag"]], primary_emails=[f"{each.id}@x.example"])
        do = {"action": "send-email", "message": "annual-review"}
        wanted = said(do, filter=self.filter, canary={"percent": 25})
        self.id = campaigns.create(staff(self.portal), self.portal, wanted).id
        self.about = f"campaign:{self.id}"
        campaigns.schedule(staff(self.portal), self.portal, self.id)
        self.begin()
        work_due()

    def act(self) -> Seen:
        return self.ask("POST", f"campaigns/{self.id}/release", **self.key())

    def midway(self) -> None:
        assert self.facts_about(self.about, Kind.CAMPAIGN_RELEASED) == (self.state != "holding")

    def check(self) -> None:
        work_due()
        self.midway()
        (run,) = campaign_reports.report(self.slug, self.id).runs
        assert (self.state, run.done, run.refused) == ("done", 2, 2)
        leave_nothing_due()


class CopiesACampaign(OfACampaign):
    """One draft more."""

    route = ("POST", f"{_ONE}/copy")
    good = (201,)

    def prepare(self) -> None:
        super().prepare()
        name = f"Original {self.id}"
        campaigns.change(staff(self.portal), self.portal, self.id, said(self.do, filter=self.filter, name=name))

    def act(self) -> Seen:
        return self.ask("POST", f"campaigns/{self.id}/copy", **self.key())

    def check(self) -> None:
        found = [each.name for each in campaigns.listed(self.slug, limit=100).items if self.id in each.name]
        assert sorted(found) == [f"Copy of Original {self.id}", f"Original {self.id}"]


class ReadsACampaign(OfACampaign):
    """With its runs."""

    route = ("GET", _ONE)
    where: ClassVar[str] = ""

    def prepare(self) -> None:
        super().prepare()
        campaigns.schedule(staff(self.portal), self.portal, self.id)
        self.begin()
        work_due()

    def act(self) -> Seen:
        return self.ask("GET", f"campaigns/{self.id}{self.where}")

    def check(self) -> None:
        assert self.act().status == 200


class CountsACampaign(ReadsACampaign):
    """Whom it would reach."""

    route = ("GET", f"{_ONE}/count")
    where = "/count"


class RehearsesACampaign(ReadsACampaign):
    """Whom it would reach, one by one."""

    route = ("GET", f"{_ONE}/rehearsal")
    where = "/rehearsal"


class ListsRecipients(ReadsACampaign):
    """For whom it was done."""

    route = ("GET", f"{_ONE}/recipients")
    where = "/recipients"


class ListsCampaigns(ReadsACampaign):
    """All of them."""

    route = ("GET", _AT)

    def act(self) -> Seen:
        return self.ask("GET", "campaigns")


JOURNEYS: list[type[Journey]] = [
    PlansACampaign, ChangesACampaign, RemovesACampaign, SchedulesACampaign, CancelsACampaign, ReleasesACampaign,
    CopiesACampaign, ReadsACampaign, CountsACampaign, RehearsesACampaign, ListsRecipients, ListsCampaigns,
]  # fmt: skip
