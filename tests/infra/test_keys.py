"""The signing keys: made once, never replaced, rotated without losing the old ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from chalicelib.security.keys import _Ring
from infra import keys


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", raising=False)  # that of the tests' world
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-west-1")


def held(client: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(client.get_secret_value(SecretId=keys.name("prod"))["SecretString"])
    return content


def test_they_are_made_where_there_are_none_as_the_application_reads_them(client: Any) -> None:
    made, is_new = keys.ensure(client, "prod")
    assert is_new
    assert made.arn.startswith("arn:aws:secretsmanager:eu-west-1:")
    ring = msgspec.json.decode(client.get_secret_value(SecretId=made.arn)["SecretString"], type=_Ring)
    assert ring.current == 1
    assert len(base64.b64decode(ring.keys["1"], validate=True)) == 32
    assert len(bytes.fromhex(ring.origin_secret)) == 32


def test_a_second_deployment_leaves_them_as_they_are(client: Any) -> None:
    first, _ = keys.ensure(client, "prod")
    before = held(client)
    second, is_new = keys.ensure(client, "prod")
    assert not is_new
    assert (second, held(client)) == (first, before)


def test_stages_have_keys_of_their_own(client: Any) -> None:
    assert keys.ensure(client, "prod")[0].arn != keys.ensure(client, "dev")[0].arn


def test_a_rotation_adds_a_key_and_keeps_the_others(client: Any) -> None:
    keys.ensure(client, "prod")
    before = held(client)
    assert keys.rotate(client, "prod") == 2
    after = held(client)
    assert after["current"] == 2
    assert after["keys"]["1"] == before["keys"]["1"] != after["keys"]["2"]
    assert after["origin_secret"] == before["origin_secret"]


def test_a_new_secret_for_the_edge_is_a_new_version_and_leaves_the_keys(client: Any) -> None:
    first, _ = keys.ensure(client, "prod")
    before = held(client)
    keys.renew_origin(client, "prod")
    second, _ = keys.ensure(client, "prod")
    after = held(client)
    assert first.version != second.version, "so that the next deployment tells the edge"
    assert after["origin_secret"] != before["origin_secret"]
    assert after["keys"] == before["keys"]
