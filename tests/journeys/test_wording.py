"""From a word that staff do not like to the mail that a client reads."""

from __future__ import annotations

from tests.browsing import Browser
from tests.factories import make_client, make_machine, sign_in
from tests.staffing import make_colleague, signed_in
from tests.world import World

WHICH = {"name": "batch-in-review", "channel": "email"}


def test_staff_change_a_mail_look_at_it_try_it_send_it_and_take_it_back(world: World) -> None:
    client, browser = make_client(world), Browser()
    world.drain()
    machine, colleague = make_machine(client.portal), make_colleague(client.slug)
    at = f"/portals/{client.slug}/templates"
    listed = {item["name"]: item for item in machine.get("templates")["items"]}
    assert not listed["batch-in-review"]["channels"][0]["is_overridden"]

    wording = machine.get("templates/wording", **WHICH)["default"]["email"]
    wording["subject"] = "Your renewal is here: ((batch_title))"
    wording["blocks"].insert(1, {"kind": "paragraph", "text": "Dear ((contact_first_name|client)),"})
    looked = machine.post("templates/preview", {**WHICH, "email": wording, "contact_id": client.contact.id})
    assert f"Dear {client.contact.first_name}," in looked["text"]
    saved = machine.post("templates/wording", {"name": "batch-in-review", "email": wording, "version": 0})
    assert saved["version"] == 1
    tried = signed_in(colleague).post(f"{at}/test", WHICH)
    assert tried.status == 200

    machine.post(f"batches/{client.batch.id}/notify")
    world.drain()
    sent = world.newest(client.email)
    assert sent.subject == f"Your renewal is here: {client.batch.title}"
    assert world.newest(colleague.email).subject == "Your renewal is here: Renewal 2031"
    lines = machine.get("messages", about=f"batch:{client.batch.id}")["items"]
    assert {line["wording_version"] for line in lines} == {None, 1}  # one from before the wording, one from after it
    sign_in(world, browser, client)
    assert browser.open(sent.link).status == 200

    assert machine.post("templates/restore", {"all": True})["restored"] == 1
    assert [each["version"] for each in machine.get("templates/versions", **WHICH)["items"]] == [2, 1]
    machine.post(f"batches/{client.batch.id}/notify")
    world.drain()
    assert world.newest(client.email).subject.startswith(f"{client.batch.title} is ready")
