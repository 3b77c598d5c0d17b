"""Starting, refusing to start, being killed, and starting again."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.tables import TABLES, Table
from infra.local import demo, tools
from infra.local.clients import client
from infra.local.dynoxide import Dynoxide
from infra.local.environment import REPOSITORY, TABLE_PREFIX, Environment
from infra.local.folder import FolderLock
from infra.local.reset import forget
from infra.local.runtime import Runtime
from infra.local.stop import CannotStart
from infra.local.tables import create_tables
from tests.local.running import fetch, start
from tests.local.standin import StandIn, until


def test_a_taken_port_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} is taken .* PORT={port + 100} make run"):
            Runtime(port, tmp_path / "x", wiring=StandIn().wiring()).start()
    assert [file.name for file in (tmp_path / "x").iterdir()] == ["lock"]
    FolderLock(tmp_path / "x" / "lock").take()


def test_a_second_runtime_on_the_same_folder_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "lock")
    lock.take()
    with pytest.raises(CannotStart, match=rf"already running here \(process {os.getpid()}\): it is starting"):
        Runtime(0, tmp_path, wiring=StandIn().wiring()).start()
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        first.listen()
        port = first.getsockname()[1]
        lock.note(f"http://127.0.0.1:{port}")
        with pytest.raises(CannotStart, match=rf"\(process {os.getpid()}\): http://127.0.0.1:{port}\n"):
            Runtime(port, tmp_path, wiring=StandIn().wiring()).start()
    lock.release()
    FolderLock(tmp_path / "lock").take()


def settings() -> dict[str, str]:
    """The environment but for the mark that Chalice adds to it each time an application is made."""
    return {name: value for name, value in os.environ.items() if name != "AWS_EXECUTION_ENV"}


@pytest.mark.slow
def test_data_keys_and_messages_outlive_a_restart_and_the_environment_is_put_back(tmp_path: Path) -> None:
    before = settings()
    first = start(tmp_path, timers=False)
    first.standin.write("kept")
    until(lambda: first.runtime.outbox.find("kept"))
    first.runtime.stop()
    assert settings() == before
    keys = (tmp_path / "keys.json").read_text()
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    again = start(tmp_path, timers=False)
    try:
        assert again.standin.read("kept")["status"] == "sent"
        assert len(again.get("/inbox/messages.json").json) == 1
        loaded = again.standin.client("secretsmanager").get_secret_value(SecretId="latchstring/local/keys")
        assert json.loads(loaded["SecretString"]) == json.loads(keys)
        time.sleep(0.2)
        assert not [r for event in again.standin.events for r in event["Records"] if r["eventName"] == "INSERT"]
    finally:
        again.runtime.stop()


@pytest.mark.slow
def test_messages_left_open_are_settled_on_the_providers_evidence(tmp_path: Path) -> None:
    first = start(tmp_path, timers=False)
    first.standin.write("accepted")
    until(lambda: first.standin.read("accepted")["status"] == "sent")
    until(lambda: first.runtime.outbox.next_feedback_at() is None)
    first.standin.write("accepted", status="sending")  # as if it had died before it could note the answer
    first.standin.write("lost", status="unknown")
    first.runtime.stop()
    again = start(tmp_path, timers=False)
    try:
        sent = again.runtime.outbox.find("accepted")
        assert sent is not None and again.standin.confirmed == [("accepted", sent.id)]
        assert again.standin.released == ["lost"]
        until(lambda: ("Delivery", sent.id) in [_told(event) for event in again.standin.feedback])
        until(lambda: again.runtime.outbox.find("lost"))  # it was queued again at once
        assert len(again.get("/inbox/messages.json").json) == 2
    finally:
        again.runtime.stop()


@pytest.mark.slow
def test_what_stood_in_the_queue_of_reactions_is_told_again_by_the_facts(tmp_path: Path) -> None:
    first = start(tmp_path, timers=False)
    first.standin.react_faults += ["account:late"] * 9
    first.standin.say("account:late")
    until(lambda: len(first.standin.react_faults) < 9)
    until((tmp_path / "checkpoints.json").exists)
    first.runtime.stop()
    assert first.standin.reacted == []
    again = start(tmp_path, timers=False)
    try:
        until(lambda: again.standin.reacted == ["account:late"])
    finally:
        again.runtime.stop()


@pytest.mark.slow
def test_what_workers_of_the_last_runtime_had_taken_is_free_again(tmp_path: Path) -> None:
    first = start(tmp_path, timers=False)
    table, later = f"{TABLE_PREFIX}-workflows", {"N": str(int(time.time()) + 60)}
    job = {"pk": {"S": "acme#job#j1"}, "sk": {"S": "job"}, "due_shard": {"S": "due#3"}, "due_at": later}
    others = {"pk": {"S": "acme#job#j2"}, "sk": {"S": "job"}, "due_shard": {"S": "due#3"}, "due_at": later}
    part = {"pk": {"S": "due-lease#3"}, "sk": {"S": "lease"}, "until": later}
    for item in (job | {"lease_until": later}, others, part):
        first.standin.client("dynamodb").put_item(TableName=table, Item=item)
    first.runtime.stop()
    again = start(tmp_path, timers=False)
    try:
        found = again.standin.client("dynamodb").scan(TableName=table)["Items"]
        held = {item["pk"]["S"]: int(item["due_at"]["N"]) for item in found if "lease_until" not in item}
        assert held.keys() == {"acme#job#j1", "acme#job#j2"}, "nobody holds a job, or a part of what is due"
        assert held["acme#job#j1"] <= time.time() < held["acme#job#j2"]
    finally:
        again.runtime.stop()


@pytest.mark.slow
def test_facts_of_long_before_the_end_are_not_told_again(tmp_path: Path) -> None:
    first = start(tmp_path, timers=False)
    first.standin.say("account:early")
    until(lambda: first.standin.reacted == ["account:early"])
    until((tmp_path / "checkpoints.json").exists)
    first.runtime.stop()
    later = time.time() + 3600  # as if another fact had been handed on an hour later
    os.utime(tmp_path / "checkpoints.json", (later, later))
    again = start(tmp_path, timers=False)
    again.runtime.stop()
    assert again.standin.facts == []


def _told(event: dict[str, Any]) -> tuple[str, str]:
    """What a feedback event says, and of which message."""
    return event["eventType"], event["mail"]["messageId"]


RUN = """
import sys, threading
from pathlib import Path
from infra.local.reset import forget
from infra.local.runtime import Runtime
from tests.local.standin import StandIn
runtime = Runtime(0, Path(sys.argv[1]), wiring=StandIn().wiring(), timers=False)
runtime.start()
print("up", runtime.base_url, flush=True)
threading.Event().wait()
"""


@pytest.mark.slow
def test_killed_hard_it_leaves_no_process_and_starts_again(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        assert process.stdout and process.stdout.readline().startswith("up")
        database = json.loads((tmp_path / "dynoxide.json").read_text())["pid"]
        process.send_signal(signal.SIGKILL)
        process.wait()
    if sys.platform == "linux":
        until(lambda: not _lives(database))
    start(tmp_path, timers=False).runtime.stop()


@pytest.mark.slow
def test_a_database_left_behind_is_ended_by_the_next_start(tmp_path: Path) -> None:
    left = Dynoxide(tmp_path)
    left.start()
    found = Dynoxide(tmp_path)
    found.start()
    assert not left.is_alive() and found.is_alive()
    found.stop()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_wrong_port_number_is_one_clear_line(tmp_path: Path) -> None:
    settings = {**os.environ, "PORT": "many", "LOCAL_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "infra.local"], env=settings, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.strip() == "Latchstring cannot start: PORT=many is not a port number. Try PORT=8100 make run"


def test_tables_of_another_version_are_named(tmp_path: Path) -> None:
    database = Dynoxide(tmp_path)
    database.start()
    try:
        create_tables(database.endpoint, "latchstring-old")
        create_tables(database.endpoint, "latchstring-old")
        described = client(database.endpoint).describe_table(TableName="latchstring-old-messages")["Table"]
        assert described["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
        changed = {**TABLES, "people": Table("people")}
        with pytest.raises(CannotStart, match=r"latchstring-old-people .*make reset"):
            create_tables(database.endpoint, "latchstring-old", changed)
    finally:
        database.stop()


def test_a_table_without_the_stream_that_it_needs_now_gets_it_and_keeps_its_data(tmp_path: Path) -> None:
    database = Dynoxide(tmp_path)
    database.start()
    try:
        before = {**TABLES, "facts": replace(TABLES["facts"], stream=False)}
        create_tables(database.endpoint, "latchstring-old", before)
        items, table = client(database.endpoint), "latchstring-old-facts"
        items.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
        create_tables(database.endpoint, "latchstring-old")
        assert items.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        assert items.scan(TableName=table)["Count"] == 1
        with pytest.raises(CannotStart, match="latchstring-old-facts"):
            create_tables(database.endpoint, "latchstring-old", before)
    finally:
        database.stop()


def test_the_package_is_named_for_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(tools.platform, "machine", lambda: "arm64")
    assert tools.package_name() == "@dynoxide/darwin-arm64"


def test_without_npm_the_other_way_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CannotStart, match=r"npm is needed once(.|\n)*AWS_ENDPOINT_URL_DYNAMODB="):
        tools.dynoxide(tmp_path)


def test_the_demo_is_filled_once_and_follows_the_port(tmp_path: Path) -> None:
    filled: list[str] = []

    def fill(base_url: str) -> demo.Demo:
        filled.append(base_url)
        return {
            "portal": "acme",
            "api_key": "k",
            "clients": [{"client_number": "1", "last_name": "L", "email": "e@x.test"}],
        }

    path = tmp_path / "demo.json"
    demo.seed_once(path, "http://127.0.0.1:1", fill)
    found = demo.seed_once(path, "http://127.0.0.1:2", fill)
    assert filled == ["http://127.0.0.1:1"]
    assert found["base_url"] == json.loads(path.read_text())["base_url"] == "http://127.0.0.1:2"
    said = demo.where_to_click("http://127.0.0.1:2", found, path)
    assert all(
        words in said for words in ("http://127.0.0.1:2/acme/", "/inbox/", "/api/v1/docs", "client number 1", str(path))
    )
    assert "api_key in" in said


def test_filling_that_broke_off_is_done_again(tmp_path: Path) -> None:
    def broken(_base_url: str) -> demo.Demo:
        raise demo.ApiFault("no")

    with pytest.raises(demo.ApiFault):
        demo.seed_once(tmp_path / "demo.json", "http://x", broken)
    assert demo.seed_once(tmp_path / "demo.json", "http://x", lambda _: {"portal": "acme"})["portal"] == "acme"


def test_settings_of_the_shell_do_not_leak_into_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHSTRING_STAGE", "prod")
    monkeypatch.setenv("AWS_PROFILE", "work")
    environment = Environment()
    environment.enter({"X_LOCAL": "1"})
    assert "LATCHSTRING_STAGE" not in os.environ and "AWS_PROFILE" not in os.environ and os.environ["X_LOCAL"] == "1"
    environment.leave()
    assert os.environ["LATCHSTRING_STAGE"] == "prod" and "X_LOCAL" not in os.environ


def test_reset_forgets_all_but_what_was_installed(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "objects").mkdir()
    (tmp_path / "dynamodb.db-wal").write_text("")
    (tmp_path / "keys.json").write_text("{}")
    forget(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["lock", "tools"]
    forget(tmp_path / "never-there")


def test_reset_is_refused_while_a_runtime_works(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}")
    lock = FolderLock(tmp_path / "lock")
    lock.take()
    with pytest.raises(CannotStart):
        forget(tmp_path)
    assert (tmp_path / "keys.json").exists()
    lock.release()


def a_shell(**more: str) -> dict[str, str]:
    """The environment of somebody's shell: without what this test process set for the application."""
    return {n: v for n, v in os.environ.items() if not n.startswith(("LATCHSTRING_", "AWS_"))} | more


@pytest.mark.slow
def test_the_command_starts_the_real_application_and_sigterm_ends_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.local"]
    shell = a_shell(PORT="0", LOCAL_DIR=str(tmp_path), LATCHSTRING_STAGE="prod")
    with subprocess.Popen(command, env=shell, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        base_url = next(line.split()[-1] for line in process.stdout if "is up" in line)
        assert fetch(base_url, "GET", "/healthz").status == 200
        assert fetch(base_url, "GET", "/acme/sign-in").status == 200
        assert json.loads((tmp_path / "demo.json").read_text())["base_url"] == base_url
        assert fetch(base_url, "GET", "/inbox/messages.json").json
        database = json.loads((tmp_path / "dynoxide.json").read_text())["pid"]
        process.terminate()
        assert process.wait(10) == 0
    until(lambda: not _lives(database))


@pytest.mark.slow
def test_a_start_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.local"]
    shell = a_shell(PORT="0", LOCAL_DIR=str(tmp_path))
    with subprocess.Popen(
        command, env=shell, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        until(lambda: (tmp_path / "dynoxide.json").exists(), 20)
        database = json.loads((tmp_path / "dynoxide.json").read_text())["pid"]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
    until(lambda: not _lives(database))
    forget(tmp_path)  # nobody holds the folder


@pytest.mark.slow
def test_another_dynamodb_by_its_endpoint(tmp_path: Path) -> None:
    other = Dynoxide(tmp_path / "other")
    other.start()
    running = start(tmp_path / "local", timers=False, database=other.endpoint)
    try:
        running.standin.write("elsewhere")
        until(lambda: running.runtime.outbox.find("elsewhere"))
        assert running.get("/healthz").status == 200
    finally:
        running.runtime.stop()
        other.stop()
