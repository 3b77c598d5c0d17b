"""Workflows over the API: told by a company's system with a key, and by staff in their browser."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.jobs import jobs
from chalicelib.people import accounts
from chalicelib.portals import Portal
from chalicelib.workflows import switching
from tests import staffing
from tests.api.client import ApiClient, Reply
from tests.api.conftest import good, make_key
from tests.factories import change_account, change_portal, make_portal
from tests.flows import MAIL, SMS, client, on, only, pass_time, step, tag
from tests.world import World

INVITE = step("invite", 1, "minutes", MAIL)
LATER = step("later", 2, "days", MAIL)
REVIEW: dict[str, Any] = {"name": "Annual review", "trigger": {"tags": ["review"]}, "steps": [INVITE, LATER]}
NOBODY = "0" * 32


class Desk:
    """A portal, and a caller at it."""

    def __init__(self, portal: Portal, caller: ApiClient | None = None) -> None:
        self.portal, self.caller = portal, caller or ApiClient(make_key(portal.slug))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self.caller.call(method, f"/portals/{self.portal.slug}/{path}", body, **headers)

    def get(self, path: str) -> Any:
        return good(self.ask("GET", path)).json

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        reply = good(self.ask("POST", path, body, **headers))
        return reply.json if reply.text else None

    def make(self, **said: Any) -> str:
        return str(self.post("workflows", {**REVIEW, **said})["id"])

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        reply = self.ask(method, path, body, **headers)
        assert reply.status >= 400, reply.text
        return reply.status, next(iter(reply.errors.values()), reply.json["detail"])


def leaving(portal: Portal) -> staffing.Colleague:
    """A colleague who is not the last owner."""
    staffing.make_colleague(portal.slug)
    return staffing.make_colleague(portal.slug)


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(make_portal(world))


def test_a_system_makes_a_workflow_and_reads_what_it_has_come_to(world: World, desk: Desk) -> None:
    reply = good(desk.ask("POST", "workflows", REVIEW, Idempotency_Key="one"))
    assert reply.status == 201 and reply.headers["Location"].endswith(f"/workflows/{reply.id}")
    assert (reply.json["state"], reply.json["revision"], reply.json["warnings"]) == ("off", 1, [])
    assert desk.ask("POST", "workflows", REVIEW, Idempotency_Key="one").json == reply.json
    at = f"workflows/{reply.id}"
    waits, comes = client(desk.portal, tags=("review",)), client(desk.portal, primary_emails=())
    assert desk.get(f"{at}/existing")["in_words"] == "1 matches now."
    assert desk.post("workflows/count", {"tags": ["other"]})["in_words"] == "0 match now."
    world.clock.advance(minutes=1)
    switched = desk.post(f"{at}/switch-on", {"existing": "enrol"}, Idempotency_Key="on")
    assert switched["state"] == "on"
    assert desk.post(f"{at}/switch-on", {"existing": "enrol"}, Idempotency_Key="on") == switched
    assert desk.get(f"{at}/job")["state"] == "none"
    tag(desk.portal, comes, "review")
    pass_time(world, minutes=1)
    funnel = desk.get(f"{at}/funnel")
    (told,) = funnel["revisions"]
    assert (told["entered"], told["running"], funnel["is_all"]) == (2, 2, True)
    first, second = told["steps"]
    assert (first["done"], first["skipped"], first["waiting"], second["waiting"]) == (1, 1, 0, 2)
    reason = {"reason": "no-email", "in_words": "There is no email address to send to.", "number": 1}
    assert first["skipped_for"] == [reason]
    assert first["messages"]["sent"] == 1 and second["messages"] is None
    (enrolment,) = desk.get(f"accounts/{waits.id}/enrolments")["items"]
    assert desk.get(f"enrolments/{enrolment['id']}") == enrolment
    active = desk.get(f"enrolments?workflow={reply.id}")["items"]
    assert {each["account_id"] for each in active} == {waits.id, comes.id}
    assert desk.get(f"enrolments?workflow={reply.id}&state=held")["items"] == []
    history = desk.get(f"accounts/{waits.id}/decisions?workflow={reply.id}")["items"]
    assert [each["what"] for each in history] == ["done", "entered"]
    assert desk.get(f"accounts/{waits.id}/decisions?workflow={NOBODY}")["items"] == []


def test_staff_change_copy_and_remove_in_their_browser(world: World) -> None:
    portal = make_portal(world)
    desk = Desk(portal, staffing.make_session(portal.slug))
    at = f"workflows/{desk.make()}"
    tag_of = good(desk.ask("GET", at)).headers["ETag"]
    shorter = {**REVIEW, "name": "Review", "stop_when_no_longer_matching": False, "season": "2031", "steps": [
        {**INVITE, "after": {"count": 2, "unit": "hours"}}, {**LATER, "do": SMS}, step("new", 3, "weeks", MAIL)]}  # fmt: skip
    changed = good(desk.ask("PUT", at, shorter, If_Match=tag_of)).json
    assert (changed["name"], changed["revision"]) == ("Review", 2)
    assert desk.refused("PUT", at, REVIEW, If_Match=tag_of)[0] == 412
    good(desk.ask("PUT", at, {**shorter, "steps": shorter["steps"][::-1][:2]}))
    newest, middle, first = desk.get(f"{at}/revisions")["items"]
    assert first["changed"] == [] and first["saved_by"].startswith("user:") and first["said"]["name"] == "Annual review"
    assert middle["changed"] == [
        "It was called Annual review.", "The season became 2031.", "It goes on when a record no longer matches.",
        "Step new was added.", "Step invite: its time was changed.", "Step later: what it does was changed.",
    ]  # fmt: skip
    assert newest["changed"] == ["Step invite was removed.", "The steps stand in another order."]
    copy = desk.post(f"{at}/copy")
    assert (copy["name"], copy["state"], copy["revision"]) == ("Copy of Review", "off", 1)
    assert {each["name"] for each in desk.get("workflows")["items"]} == {"Copy of Review", "Review"}
    desk.post(f"{at}/switch-on", {"existing": "leave"})
    assert [each["name"] for each in desk.get("workflows?state=on")["items"]] == ["Review"]
    assert desk.ask("DELETE", f"workflows/{copy['id']}").status == 204
    assert desk.ask("GET", f"workflows/{copy['id']}").status == 404


def test_what_is_said_of_a_workflow_is_checked_at_once(world: World, desk: Desk) -> None:
    steps = [
        step("mail", 1, "minutes", {"action": "send-email", "message": "code-email", "to": {}}, at="09:00"),
        step("mail", 0, "days", {"action": "send-sms", "message": "gone", "to": {"staff": [NOBODY]}}),
        step("task", 0, "days", {"action": "create-task", "title": "Call", "assignee": NOBODY}),
        step("tags", 0, "days", {"action": "add-tags", "tags": [","]}),
    ]
    reply = desk.ask("POST", "workflows", {
        "name": "Wrong", "trigger": {"product_statuses": ["Sold out"], "tags": ["a\\b"]}, "steps": steps})  # fmt: skip
    nothing = "There is no message for records of this name with a wording for this channel."
    nobody = "There is no such staff user here, or they were deactivated."
    assert reply.errors == {
        "trigger.product_statuses.0": "The portal has no such product status.",
        "trigger.tags.0": 'A tag cannot hold " or \\, or be a comma.',
        "steps.0.at": "A time of day needs a delay of days or longer.",
        "steps.0.do.message": nothing, "steps.0.do.to": "Say who gets it: the record, its agent, or staff.",
        "steps.1.id": "Another step has this id already.", "steps.1.do.message": nothing, "steps.1.do.to.staff.0": nobody,
        "steps.2.do.assignee": nobody, "steps.3.do.tags.0": 'A tag cannot hold " or \\, or be a comma.',
    }  # fmt: skip
    empty = f"workflows/{desk.make(steps=[])}"
    assert desk.refused("POST", f"{empty}/switch-on", {"existing": "leave"}) == (400, "Add at least one step.")


def test_what_cannot_be_asked_of_a_workflow_is_refused_with_the_reason(world: World, desk: Desk) -> None:
    at = f"workflows/{desk.make()}"
    resume = {"overdue": "shift"}
    assert desk.refused("POST", f"{at}/pause") == (409, "This workflow is not on.")
    assert desk.refused("POST", f"{at}/resume", resume) == (409, "This workflow is not paused.")
    assert desk.refused("POST", f"{at}/switch-off", {"running": "stop"}) == (409, "This workflow is off already.")
    along = desk.refused("POST", f"{at}/take-along", {"overdue": "send"})
    assert along == (409, "Only those in a workflow that is on can be taken along to its newest revision.")
    desk.post(f"{at}/switch-on", {"existing": "leave"})
    assert desk.refused("POST", f"{at}/switch-on", {"existing": "leave"}) == (409, "This workflow is on already.")
    first = "Switch the workflow off first: only one that is off can be removed."
    assert desk.refused("DELETE", at) == (409, first)
    account = client(desk.portal)
    tag(desk.portal, account, "review")
    desk.post(f"{at}/switch-off", {"running": "finish"})
    still = "Records are in this workflow still. Wait until they have come to its end, or stop them, then remove it."
    assert desk.refused("DELETE", at) == (409, still)
    enrolment = f"enrolments/{only(desk.portal, account).id}"
    assert desk.post(f"{enrolment}/stop", {"reason": "They have called."})["reason"] == "They have called."
    assert desk.refused("POST", f"{enrolment}/stop", {"reason": "Again"}) == (409, "This enrolment is over already.")
    assert desk.ask("DELETE", at).status == 204
    assert desk.refused("GET", at) == (404, "There is no workflow with this id.")
    assert desk.refused("GET", f"enrolments?workflow={NOBODY}") == (404, "There is no workflow with this id.")
    assert desk.refused("GET", f"enrolments/{NOBODY}") == (404, "There is no enrolment with this id.")


def test_while_a_job_is_at_work_nothing_else_can_be_asked(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = f"workflows/{desk.make()}"
    client(desk.portal, tags=("review",))
    monkeypatch.setattr(switching.jobs, "go_on_at_once", lambda *_: None)  # nobody has come to it yet
    assert desk.post(f"{at}/switch-on", {"existing": "enrol"})["state"] == "starting"
    job = desk.get(f"{at}/job")
    assert (job["state"], job["workflow_state"], job["passed"]) == ("working", "starting", 0)
    busy = "This workflow is being seen to just now. Wait until that is done, then try again."
    for path, body in (("pause", None), ("switch-off", {"running": "finish"}), ("take-along", {"overdue": "send"})):
        assert desk.refused("POST", f"{at}/{path}", body) == (409, busy)
    assert desk.refused("PUT", at, {**REVIEW, "note": "Other"}) == (409, busy)
    jobs.go_on(desk.portal.slug, job["id"])
    assert desk.get(at)["state"] == "on" and desk.get(f"{at}/job")["id"] is None


def test_at_most_a_hundred_are_on(world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switching.definitions, "MOST_LIVE", 1)
    first, second = (f"workflows/{desk.make()}" for _ in range(2))
    desk.post(f"{first}/switch-on", {"existing": "leave"})
    status, told = desk.refused("POST", f"{second}/switch-on", {"existing": "leave"})
    assert status == 409 and told.startswith("At most")


def test_a_message_that_is_used_stays_and_what_is_gone_is_warned_of(world: World) -> None:
    portal = make_portal(world, product_statuses=["Quoted", "Sold"])
    desk = Desk(portal)
    colleague = leaving(portal)
    mail = {"subject": "A note", "blocks": [{"kind": "paragraph", "text": "Hello."}]}
    name = desk.post("templates", {"name": "spring-note", "title": "Spring note", "email": mail})["name"]
    told = {"action": "send-email", "message": name, "to": {"record": True, "staff": [colleague.id]}}
    task = {"action": "create-task", "title": "Call them", "assignee": colleague.id}
    workflow_id = desk.make(
        name="Spring", trigger={"tags": ["review"], "product_statuses": ["Quoted"]},
        steps=[step("note", 1, "minutes", told), step("task", 1, "minutes", task)],
    )  # fmt: skip
    refusal = desk.refused("POST", "templates/delete", {"name": name})
    assert refusal == (
        409, "This message is sent by Spring: so it stays. Choose another one there, then try again.",
    )  # fmt: skip
    assert desk.refused("POST", "templates/change", {"name": name, "without": "email"})[0] in (400, 409)
    desk.post(f"staff/{colleague.id}/deactivate")
    change_portal(portal, product_statuses=["Sold"])
    assert desk.get(f"workflows/{workflow_id}")["warnings"] == [
        "It asks for the product status Quoted, which the portal no longer has.",
        "Step note: it goes to a colleague who is no longer of the staff.",
        "Step task: its task is for a colleague who is no longer of the staff.",
    ]
    good(desk.ask("PUT", f"workflows/{workflow_id}", REVIEW))
    desk.post("templates/delete", {"name": name})


def test_steps_whose_message_or_colleague_is_gone_are_skipped_with_the_reason(world: World, desk: Desk) -> None:
    colleague = leaving(desk.portal)
    mail = {"subject": "A note", "blocks": [{"kind": "paragraph", "text": "Hello."}]}
    name = desk.post("templates", {"name": "spring-note", "title": "Spring note", "email": mail})["name"]
    do = {"action": "send-email", "message": name, "to": {"record": True}}
    to_staff = {**MAIL, "to": {"staff": [colleague.id]}}
    task = {"action": "create-task", "title": "Call them", "assignee": colleague.id}
    on(
        desk.portal, step("note", 1, "minutes", do), step("tell", 1, "minutes", to_staff), step("task", 1, "minutes", task)
    )  # fmt: skip
    account = client(desk.portal)
    tag(desk.portal, account, "review")
    (workflow,) = desk.get("workflows")["items"]
    good(desk.ask("PUT", f"workflows/{workflow['id']}", REVIEW))  # whoever is in it still sends the message
    desk.post("templates/delete", {"name": name})
    desk.post(f"staff/{colleague.id}/deactivate")
    pass_time(world, minutes=1)
    reasons = {each.id: (each.outcome, each.reason) for each in only(desk.portal, account).steps}
    assert reasons == {
        "note": ("skipped", "The message is gone, or has no wording for this channel (any more)."),
        "tell": ("skipped", "This colleague is not a staff user here (any more)."),
        "task": ("skipped", "There is no such staff user here, or they were deactivated."),
    }
    counted = desk.get(f"workflows/{workflow['id']}/funnel")["revisions"][1]["steps"]
    assert [each["skipped_for"][0]["reason"] for each in counted] == ["no-such-message", "no-such-colleague", "other"]


def test_a_receipt_tells_what_taking_a_tag_away_meant(world: World, desk: Desk) -> None:
    on(desk.portal, INVITE, LATER, name="Stops")
    on(desk.portal, INVITE, LATER, name="Goes on", stop_when_no_longer_matching=False)
    account = client(desk.portal, tags=("vip",))
    at = f"accounts/{account.id}/tags"
    receipt = desk.post(at, {"add": ["review"]})
    assert receipt["tags"] == ["vip", "review"] and receipt["stopped"] == receipt["go_on"] == []
    assert {each["workflow_name"] for each in receipt["entered"]} == {"Stops", "Goes on"}
    pass_time(world, minutes=1)
    receipt = desk.post(at, {"remove": ["review"]}, Idempotency_Key="off")
    assert receipt["tags"] == ["vip"] and receipt["entered"] == []
    ((stopped,), (goes_on,)) = receipt["stopped"], receipt["go_on"]
    assert (stopped["workflow_name"], stopped["why"]) == ("Stops", "It no longer matches.")
    assert goes_on["workflow_name"] == "Goes on"
    for each in (stopped, goes_on):
        assert [done["id"] for done in each["done"]] == ["invite"]
        assert [left["id"] for left in each["not_done"]] == ["later"]
    assert desk.post(at, {"remove": ["review"]}, Idempotency_Key="off") == receipt
    asked = desk.post(at, {"remove": ["review"], "stop": True})
    assert [each["workflow_name"] for each in asked["stopped"]] == ["Goes on"] and not asked["go_on"]
    pass_time(world, days=3)
    assert len(world.sent_to("maria@example.com")) == 2, "one of each, before"
    changes = [each["kind"] for each in desk.get(f"facts?subject=account:{account.id}")["items"]]
    assert changes.count("staff:account:changed") == 2


def test_what_goes_on_in_a_workflow_that_was_switched_off_stops_too(world: World, desk: Desk) -> None:
    workflow = on(desk.portal, INVITE, LATER)
    account = client(desk.portal)
    tag(desk.portal, account, "review")
    desk.post(f"workflows/{workflow.id}/switch-off", {"running": "finish"})
    (stopped,) = desk.post(f"accounts/{account.id}/tags", {"remove": ["review"]})["stopped"]
    assert stopped["done"] == [] and only(desk.portal, account).state == "stopped"


def test_tags_that_cannot_be_and_who_may_stop(world: World, desk: Desk) -> None:
    account = client(desk.portal)
    at = f"accounts/{account.id}/tags"
    assert desk.refused("POST", at, {})[0] == 400
    assert desk.refused("POST", at, {"add": ["a"], "remove": ["a"]})[0] == 400
    weak = Desk(desk.portal, ApiClient(make_key(desk.portal.slug, {"accounts:write"})))
    weak.post(at, {"add": ["a"]})
    without = "To stop enrolments takes the permission workflows:write. Without stop the tags alone are changed."
    assert weak.refused("POST", at, {"remove": ["a"], "stop": True}) == (403, without)
    assert accounts.get(desk.portal.slug, account.id).tags == ("a",)
    change_account(desk.portal, account.id, status="closed")
    assert desk.refused("POST", f"accounts/{NOBODY}/tags", {"add": ["a"]})[0] == 404
