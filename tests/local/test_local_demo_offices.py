"""The demo's offices: `.local/demo.json` tells whoever tries registering what to type, and it is right."""

from __future__ import annotations

import json

from chalicelib.facts import Kind
from chalicelib.people import offices, users
from chalicelib.registration import checks
from infra.local import demo, demo_offices, demo_users
from tests.factories import facts_of
from tests.local.in_process import demo_api
from tests.world import World


def test_what_the_demo_tells_of_its_offices_is_so_however_often_it_is_made(world: World) -> None:
    api = demo_api(world)
    told = [demo_offices.make(api) for _ in range(2)][-1]
    json.dumps(told)
    clinic, dental = told
    assert [office["name"] for office in told] == ["Elm Street Clinic", "Harbour Dental"]
    assert [provider["name"] for provider in clinic["providers"]] == ["Dr. Ida Ferro", "Dr. Abel Quist"]
    for each in (clinic, dental, *clinic["providers"]):
        (found,) = offices.found(demo.PORTAL, each["value"], each["qualifier"])
        assert (found.id, found.number) == (each["id"], each["client_number"])
        came_out = checks.outcome(demo.PORTAL, found, each["claim_numbers"][0].lower(), each.get("birth_date", ""))
        assert came_out.claim_number == "matched"
        assert came_out.birth_date == ("matched" if each in clinic["providers"] else "not-given")
    administrator = users.find(demo.PORTAL, demo_users.ADMINISTRATOR)
    assert administrator and administrator.office_id == clinic["id"] and administrator.factors == ("totp",)
    assert clinic["administrator"]["username"] == administrator.username
    assert len(facts_of(demo.PORTAL, Kind.CHECKS_CHANGED)) == 6, "the second time changed nothing"
