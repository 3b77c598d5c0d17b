"""Portals and API keys over the API."""

from __future__ import annotations

import uuid

from tests.world import MovableClock

from .client import ApiClient
from .conftest import Office, good, make_key


def a_slug() -> str:
    return f"p{uuid.uuid4().hex[:12]}"


def test_a_portal_is_created_by_a_key_of_the_deployment(deployment: ApiClient) -> None:
    slug = a_slug()
    made = deployment.post("/portals", {"slug": slug, "name": "Acme Benefits", "time_zone": "America/New_York"})
    assert made.status == 201
    assert made.headers["Location"] == f"https://portal.example.com/api/v1/portals/{slug}"
    assert good(deployment.get(f"/portals/{slug}")).json == made.json
    (fact,) = good(deployment.get(f"/portals/{slug}/facts")).items
    assert (fact["kind"], fact["subject"], fact["ip"]) == ("staff:portal:created", f"portal:{slug}", "192.0.2.10")
    again = deployment.post("/portals", {"slug": slug, "name": "Other"})
    assert (again.status, list(again.errors)) == (400, ["slug"])


def test_a_portals_settings_are_checked_and_merged_at_any_depth(office: Office) -> None:
    before = good(office.api.get(office.at)).json
    patch = {"branding": {"brand_colour": "#0a7d33"}, "wording": {"next_label": "Continue"}}
    changed = good(office.api.patch(office.at, patch)).json
    assert changed["wording"] == {**before["wording"], "next_label": "Continue"}
    assert (changed["branding"]["brand_colour"], changed["version"]) == ("#0a7d33", 2)
    wrong = {"branding": {"brand_colour": "red", "font": "x"}, "time_zone": "Mars/Base", "policy": {"code_minutes": 99}}
    reply = office.api.patch(office.at, wrong)
    assert reply.errors == {
        "branding.brand_colour": "This does not have the right form. Expected: A colour, such as #1d4ed8.",
        "branding.font": "There is no field called font here.",
        "policy.code_minutes": "This must be a whole number from 3 to 15.",
        "time_zone": "This is not a time zone we know. Use a name such as America/New_York.",
    }
    assert list(office.api.patch(office.at, {"time_zone": "Mars/Base"}).errors) == ["time_zone"]
    assert office.api.get(office.at).json == changed


def test_a_key_lists_the_portals_that_it_reaches(office: Office, other: Office, deployment: ApiClient) -> None:
    assert [portal["slug"] for portal in good(office.api.get("/portals")).items] == [office.slug]
    seen: set[str] = set()
    reply = good(deployment.get("/portals?limit=100"))
    while True:
        seen |= {portal["slug"] for portal in reply.items}
        if reply.cursor is None:
            break
        reply = good(deployment.get(f"/portals?limit=100&cursor={reply.cursor}"))
    assert {office.slug, other.slug} <= seen


def test_a_key_is_shown_once_used_and_revoked_with_the_next_request(office: Office) -> None:
    made = good(office.api.post(f"{office.at}/api-keys", {"name": "Import", "scopes": ["accounts:read"]}))
    importer = ApiClient(made.json["key"])
    assert importer.get(f"{office.at}/accounts").status == 200
    assert ApiClient(made.json["key"], header="X-Api-Key").get(f"{office.at}/accounts").status == 200
    assert importer.get(f"{office.at}/contacts").code == "forbidden"
    assert importer.post(f"{office.at}/accounts", {"name": "No"}).status == 403
    listed = good(office.api.get(f"{office.at}/api-keys"))
    assert made.json["key"].split("_", 3)[3] not in listed.text
    revoked = good(office.api.delete(f"{office.at}/api-keys/{made.id}"))
    assert revoked.json["revoked_at"]
    reply = importer.get(f"{office.at}/accounts")
    assert (reply.status, reply.code) == (401, "not-signed-in")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_ends_when_its_days_are_over(office: Office, moment: MovableClock) -> None:
    caller = ApiClient(make_key(office.slug, days=2))
    assert caller.get(office.at).status == 200
    moment.advance(days=2)
    assert caller.get(office.at).status == 401


def test_a_key_gives_no_more_than_it_has(office: Office) -> None:
    caller = ApiClient(make_key(office.slug, ["api-keys:manage", "accounts:read"]))
    grab = caller.post(f"{office.at}/api-keys", {"name": "More", "scopes": ["accounts:read", "accounts:write"]})
    assert grab.status == 403
    unknown = caller.post(f"{office.at}/api-keys", {"name": "More", "scopes": ["everything"]})
    assert (unknown.status, list(unknown.errors)) == (400, ["scopes"])
    assert caller.post(f"{office.at}/api-keys", {"name": "Less", "scopes": ["accounts:read"]}).status == 201


def test_keys_that_are_no_keys_open_nothing(office: Office) -> None:
    right = office.api.key or ""
    wrong = [
        "", " ", "x", "ls_", "ls__", f"{right}x", right[:-1], right.replace("ls_", "LS_"), right.upper(), "é" * 20,
        "ls_" + "a" * 5000,
        right.replace(office.slug, "all"), f"ls_{office.slug}_{'0' * 32}_{'a' * 43}", f"ls_{office.slug}#api-keys_{'0' * 32}_x",
    ]  # fmt: skip
    for key in wrong:
        assert ApiClient(key).get(office.at).status == 401, key
    basic = ApiClient(None).get(office.at, Authorization="Basic dXNlcjpwYXNz")
    assert basic.status == 401


def test_reach_has_bounds_that_staff_can_set(office: Office) -> None:
    reach = good(office.api.get(office.at)).json["reach"]
    assert reach == {
        "quiet_hours": {"start": "21:00", "end": "08:00", "for_sms": True, "for_mails": False}, "messages_a_week": 6,
        "sms_a_week": 3, "sms_budget": None,
    }  # fmt: skip
    wrong = {"quiet_hours": {"start": "24:00", "end": "8:00"}, "messages_a_week": 0, "sms_a_week": 21, "sms_budget": -1}
    refused = office.api.patch(office.at, {"reach": wrong})
    assert set(refused.errors) == {
        "reach.quiet_hours.start", "reach.quiet_hours.end", "reach.messages_a_week", "reach.sms_a_week", "reach.sms_budget",
    }  # fmt: skip
    none = office.api.patch(office.at, {"reach": {"quiet_hours": {"start": "08:00", "end": "08:00"}}})
    assert list(none.errors) == ["reach.quiet_hours.end"]


def test_what_was_set_can_be_taken_away_and_both_are_on_record(office: Office) -> None:
    terms = {"url": "https://acme.example/terms", "version": "1"}
    good(office.api.patch(office.at, {"terms": terms, "reach": {"sms_budget": 50}}))
    good(office.api.patch(office.at, {"terms": None, "reach": {"quiet_hours": {"for_sms": False}}}))
    now = good(office.api.get(office.at)).json
    assert (now["terms"], now["reach"]["quiet_hours"]["for_sms"], now["reach"]["sms_budget"]) == (None, False, 50)
    told = [fact["changes"] for fact in office.api.get(f"{office.at}/facts").json["items"]]
    assert {"terms": [terms, None], "reach.quiet_hours.for_sms": [True, False]} in told
