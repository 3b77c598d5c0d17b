"""The zip: small, the same every time, for the right machine, and complete: each function works from it alone."""

from __future__ import annotations

import ast
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.package import botocore_slim, dependencies, elf
from infra.package.build import Package, build
from infra.stages import ROOT
from tests.infra import clean
from tests.infra.first_events import FirstEvents
from tests.messaging import samples
from tests.world import World

MEGABYTES = 10
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(task_folder: Path) -> dict[str, str]:
    return clean.deployed_environment()


def test_it_is_small_and_has_everything_in_place(package: Package) -> None:
    names = set(zipfile.ZipFile(package.zip).namelist())
    assert package.megabytes < MEGABYTES
    assert {"app.pyc", "chalice/app.pyc", "chalicelib/consumers/relay.pyc", "chalicelib/pages/static.txt"} <= names
    assert not [name for name in names if name.endswith(".py")], "bytecode alone is a sixth smaller"
    assert not [name for name in names if "/templates/" in name or "/tests/" in name or name.startswith("boto3/")]


def test_the_same_sources_make_the_same_bytes_wherever_they_are(package: Package, tmp_path: Path) -> None:
    elsewhere = tmp_path / "another-place" / "two"
    elsewhere.mkdir(parents=True)
    for name in ("app.py", "requirements.txt", "chalicelib", "static", ".chalice"):
        copy(ROOT / name, elsewhere / name)
    assert build("prod", tmp_path / "out", project=elsewhere).digest == package.digest


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def test_every_compiled_module_fits_the_machine_in_lambda(package: Package) -> None:
    archive = zipfile.ZipFile(package.zip)
    compiled = [name for name in archive.namelist() if ".so" in name]
    assert compiled
    for name in compiled:
        content = archive.read(name)
        assert elf.machine(content) == "arm64", name
        assert elf.newest_glibc(content) <= dependencies.glibc(), name


def test_the_same_package_is_made_another_day(package: Package) -> None:
    assert package.unpinned == [], "pin these in requirements.txt"


def test_nobody_calls_what_was_cut_from_botocore() -> None:
    called = {(service, name) for path in (ROOT / "chalicelib").rglob("*.py") for service, name in _calls(path)}
    assert called, "the calls of aws.client(...) were not found"
    kept = {(service, _snake(name)) for service, names in botocore_slim.OPERATIONS.items() for name in names}
    assert called <= kept | {("s3", "generate_presigned_url"), ("s3", "generate_presigned_post")}


def test_the_api_answers_a_visitor(task_folder: Path, world: World, environment: dict[str, str]) -> None:
    run = clean.handle(task_folder, "APIHandler", FirstEvents(world).page(), environment)
    assert run.answer["statusCode"] == 200, run.printed
    assert 'name="client_number"' in run.answer["body"]
    assert "/static/site.css?v=" in run.answer["body"]


def test_the_relay_hands_messages_on(task_folder: Path, world: World, environment: dict[str, str]) -> None:
    run = clean.handle(task_folder, "Relay", FirstEvents(world).stream(), environment)
    assert run.answer == {"batchItemFailures": []}, run.printed
    assert len(world.cloud.bulk.receive()) == 1


def test_the_relay_of_facts_hands_accounts_on(task_folder: Path, world: World, environment: dict[str, str]) -> None:
    run = clean.handle(task_folder, "FactsRelay", FirstEvents(world).fact(), environment)
    assert run.answer == {"batchItemFailures": []}, run.printed
    assert len(world.cloud.reactions.receive()) == 1


def test_a_changed_account_is_reacted_to(task_folder: Path, world: World, environment: dict[str, str]) -> None:
    run = clean.handle(task_folder, "React", FirstEvents(world).changed(), environment)
    assert run.answer == {"batchItemFailures": []}, run.printed
    assert "error" not in run.printed.lower(), run.printed


@pytest.mark.parametrize("function", ["DeliverUrgent", "DeliverBulk"])
def test_mail_is_delivered(function: str, task_folder: Path, world: World, environment: dict[str, str]) -> None:
    run = clean.handle(task_folder, function, FirstEvents(world).kinds[function](), environment)
    assert run.answer == {"batchItemFailures": []}, run.printed
    assert [sent.to for sent in world.inbox] == [samples.TO]


def test_text_messages_are_delivered(task_folder: Path, world: World, environment: dict[str, str]) -> None:
    events = FirstEvents(world)
    event = events._queued(samples.put_code(events.portal, "sms"))
    run = clean.handle(task_folder, "DeliverUrgent", event, environment)
    assert run.answer == {"batchItemFailures": []}, run.printed
    assert [sent.to for sent in world.inbox] == [samples.MOBILE], run.printed


def test_feedback_is_taken_in(task_folder: Path, world: World, environment: dict[str, str]) -> None:
    events = FirstEvents(world)
    event = events.feedback()
    identifier = json.loads(event["Records"][0]["Sns"]["Message"])["mail"]["tags"]["message"][0]
    run = clean.handle(task_folder, "Feedback", event, environment)
    assert samples.row(events.portal, identifier).status == "delivered", run.printed


def test_the_tick_sweeps(task_folder: Path, world: World, environment: dict[str, str]) -> None:
    run = clean.handle(task_folder, "Tick", FirstEvents(world).kinds["Tick"](), environment)
    assert run.answer is None
    assert "error" not in run.printed.lower(), run.printed


def test_nothing_that_libraries_load_later_was_cut(task_folder: Path, environment: dict[str, str]) -> None:
    """What no first request touches: telephone numbers, addresses, time zones, presigned forms, every kept operation."""
    run = clean.python(task_folder, _LATER + f"\nuse({_kept()!r})", environment)
    assert "all there" in run.printed


_LATER = """
def use(kept):
    import phonenumbers
    assert phonenumbers.is_valid_number(phonenumbers.parse("07911 123456", "GB"))
    assert phonenumbers.is_valid_number(phonenumbers.parse("+1 202 555 0123"))
    import email_validator
    assert email_validator.validate_email("jörg@bücher.example", check_deliverability=False).ascii_domain
    import zoneinfo
    assert zoneinfo.ZoneInfo("America/New_York")
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    assert AESGCM(bytes(32)).encrypt(bytes(12), b"x", b"")
    from chalicelib.security import passwords, totp
    assert passwords.matches(passwords.hashed("harbour lantern"), "harbour lantern")
    assert passwords.strength("harbour-lantern-42-otter", ("Acme",)) > passwords.strength("acme2031", ("Acme",))
    assert totp.picture("otpauth://totp/Acme:maria?secret=ABCDEFGH").startswith("data:image/svg+xml")
    from importlib.metadata import version
    assert version("botocore") and version("cryptography")
    import botocore.session
    session = botocore.session.get_session()
    for service, operations in kept.items():
        client = session.create_client(service)
        for operation in operations:
            model = client.meta.service_model.operation_model(operation)
            assert model.input_shape is None or list(model.input_shape.members) is not None
            assert model.output_shape is None or list(model.output_shape.members) is not None
    from chalicelib import aws
    s3 = aws.client("s3")
    assert s3.generate_presigned_post("bucket", "key")["fields"]["policy"]
    assert "X-Amz-Signature" in s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    from botocore.httpsession import get_cert_path
    import os
    assert os.path.getsize(get_cert_path(True)) > 100_000
    print("all there")
"""


def _kept() -> dict[str, list[str]]:
    return {service: list(names) for service, names in botocore_slim.OPERATIONS.items()}


def _calls(path: Path) -> list[tuple[str, str]]:
    """Each `client("service").operation(...)` in a module, also by way of a local name."""
    tree, names, found = ast.parse(path.read_text()), {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.Name):
            targets = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else [node.targets[0]]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for target, value in zip(targets, values, strict=False):
                if isinstance(target, ast.Name) and (service := _service(value)):
                    names[target.id] = service
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            service = _service(of) or (names.get(of.id) if isinstance(of, ast.Name) else None)
            if service:
                found.append((service, node.func.attr))
    return found


def _service(node: Any) -> str | None:
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return str(node.args[0].value) if name == "client" else None
    return None


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")
