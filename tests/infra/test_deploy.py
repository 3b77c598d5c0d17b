"""What of a deployment can be tried without an AWS account: settings, artifacts, change sets, files, the smoke test."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.deploy import account, artifacts, changes, publish, settings, smoke
from infra.deploy.changes import Change, NotDeployed
from infra.package.build import Package
from infra.template.parameters import PARAMETERS

REGION, ACCOUNT = "eu-west-1", "123456789012"
QUEUE = {
    "Resources": {"Letters": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "letters"}}},
    "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Letters", "QueueName"]}}},
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Clients of an account that nothing has been deployed to; not those of the tests' world."""
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
        monkeypatch.delenv(name)
    with mock_aws():
        yield lambda service, region=REGION: boto3.client(service, region_name=region)


def bucket_for(s3: Any) -> str:
    """The artifacts bucket without its policy: moto denies by it whatever the condition says."""
    bucket = artifacts.ensure_bucket(s3, ACCOUNT, REGION)
    s3.delete_bucket_policy(Bucket=bucket)
    return bucket


def test_settings_name_what_is_wrong_with_them(tmp_path: Path) -> None:
    with pytest.raises(settings.SettingsWrong, match=r"is missing\. Copy example"):
        settings.read("prod", tmp_path)
    example = json.loads((settings.FOLDER / "example.json").read_text())
    (tmp_path / "prod.json").write_text(json.dumps({**example, "mail_from": "", "colour": "red"}))
    with pytest.raises(settings.SettingsWrong, match="colour is not a setting; mail_from is missing"):
        settings.read("prod", tmp_path)


def test_settings_and_keys_give_every_parameter_of_the_template(tmp_path: Path) -> None:
    (tmp_path / "prod.json").write_text((settings.FOLDER / "example.json").read_text())
    given = settings.read("prod", tmp_path).parameters()
    assert given.keys() | {"KeysSecretArn", "KeysSecretVersion"} == PARAMETERS.keys()


@pytest.mark.parametrize("region", [REGION, "us-east-1"])
def test_the_artifacts_bucket_is_private_and_can_be_made_twice(aws: Any, region: str) -> None:
    s3 = aws("s3", region)
    for _ in range(2):
        bucket = artifacts.ensure_bucket(s3, ACCOUNT, region)
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]


def test_what_is_uploaded_names_the_code_in_the_bucket(aws: Any, package: Package) -> None:
    s3 = aws("s3")
    bucket = bucket_for(s3)
    address = artifacts.upload(s3, bucket, "prod", package)
    uploaded = json.loads(s3.get_object(Bucket=bucket, Key=address.split(".com/")[1])["Body"].read())
    functions = [each for each in uploaded["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    assert {json.dumps(each["Properties"]["CodeUri"]) for each in functions} == {
        json.dumps({"Bucket": bucket, "Key": f"prod/{package.zip.name}"})
    }
    assert s3.head_object(Bucket=bucket, Key=f"prod/{package.zip.name}")["ContentLength"] == package.zip.stat().st_size


def test_a_stack_is_made_and_changed_by_change_sets(aws: Any) -> None:
    cfn, s3 = aws("cloudformation"), aws("s3")
    bucket = bucket_for(s3)

    def deployed(template: dict[str, Any]) -> changes.ChangeSet | None:
        s3.put_object(Bucket=bucket, Key="t.json", Body=json.dumps(template))
        address = f"https://{bucket}.s3.{REGION}.amazonaws.com/t.json"
        waiting = changes.prepare(cfn, "latchstring-test", address, {}, poll=0)
        if waiting:
            changes.carry_out(cfn, waiting)
        return waiting

    first = deployed(QUEUE)
    assert first
    assert first.is_new
    assert [change.action for change in first.changes] == ["Add"]
    second = deployed({**QUEUE, "Resources": {**QUEUE["Resources"], "Parcels": {"Type": "AWS::SQS::Queue"}}})
    assert second
    assert not second.is_new
    assert [(change.action, change.resource) for change in second.changes] == [("Add", "Parcels")]


def test_a_stack_tells_of_itself_once_it_is_there(aws: Any) -> None:
    cfn = aws("cloudformation")
    assert changes.outputs(cfn, "latchstring-test") == {}
    cfn.create_stack(StackName="latchstring-test", TemplateBody=json.dumps(QUEUE))
    assert changes.outputs(cfn, "latchstring-test") == {"Name": "letters"}


@pytest.mark.parametrize(
    ("change", "dangerous"),
    [
        (Change("Remove", "FactsTable", "AWS::DynamoDB::Table"), True),
        (Change("Modify", "FactsTable", "AWS::DynamoDB::Table", "True"), True),
        (Change("Modify", "DataKey", "AWS::KMS::Key", "Conditional"), True),
        (Change("Modify", "FactsTable", "AWS::DynamoDB::Table", "False"), False),
        (Change("Add", "FactsTable", "AWS::DynamoDB::Table"), False),
        (Change("Remove", "RestAPIDeployment1", "AWS::ApiGateway::Deployment"), False),
    ],
)
def test_what_would_cost_data_is_marked(change: Change, dangerous: bool) -> None:
    assert change.is_dangerous is dangerous
    assert str(change).startswith("!") is dangerous


def test_files_are_kept_for_as_long_as_their_address_stands_for_one_content(tmp_path: Path) -> None:
    for name in (
        "static/site.css",
        "console/dist/index.html",
        "console/dist/assets/index-BkX2_9aZ.js",
        "static/.hidden",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    found = {file.key: file for file in publish.files(tmp_path)}
    assert list(found) == ["console/assets/index-BkX2_9aZ.js", "static/site.css", "console/index.html"]
    assert "immutable" in found["static/site.css"].cache
    assert "immutable" in found["console/assets/index-BkX2_9aZ.js"].cache
    assert found["console/index.html"].cache == "no-cache"
    assert found["console/index.html"].content_type == "text/html; charset=utf-8"
    assert found["console/assets/index-BkX2_9aZ.js"].content_type == "text/javascript; charset=utf-8"


def test_files_arrive_with_their_type_and_their_age(aws: Any) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="static", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert publish.publish(s3, "static", publish.files()) >= 2
    answer = s3.get_object(Bucket="static", Key="static/site.css")
    assert answer["ContentType"] == "text/css; charset=utf-8"
    assert "immutable" in answer["CacheControl"]


def answers(**statuses: int) -> smoke.Get:
    """A deployed stage that answers so."""
    headers = Message()
    for name in ("Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
        headers[name] = "set"
    usual = {"healthz": 200, "missing": 404, "page": 200, "direct": 403} | statuses

    def get(url: str) -> smoke.Answer:
        if "execute-api" in url:
            kind = "direct"
        elif url.endswith("/healthz"):
            kind = "healthz"
        else:
            kind = "missing" if "no-such-portal" in url else "page"
        return smoke.Answer(usual[kind], headers, '<input name="client_number">')

    return get


def test_the_smoke_test_is_silent_when_all_is_well() -> None:
    assert smoke.faults("https://portal.example.com", "https://x.execute-api/prod/", "acme", answers()) == []


def test_the_smoke_test_says_what_is_wrong() -> None:
    found = smoke.faults(
        "https://p.example.com", "https://x.execute-api/prod/", "acme", answers(healthz=502, direct=200)
    )
    assert found == [
        "/healthz answered 502 instead of 200",
        "the API asked directly, around the edge answered 200 instead of 403",
    ]


@pytest.fixture
def deployment(aws: Any, package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A deployment of a small stack, by all the steps of a large one."""
    from infra.deploy import __main__ as deploy

    # moto denies by a bucket policy whatever its condition says.
    monkeypatch.setattr(artifacts, "_policy", lambda _bucket: {"Version": "2012-10-17", "Statement": []})
    (tmp_path / "prod.json").write_text((settings.FOLDER / "example.json").read_text())
    small = tmp_path / "template.json"

    def make(template: dict[str, Any]) -> Any:
        small.write_text(json.dumps(template))
        given = replace(package, template=small)
        return deploy._Deployment("prod", settings.read("prod", tmp_path), given)

    return make


def test_a_first_deployment_makes_keys_and_stack_and_a_second_finds_them(
    deployment: Any, aws: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    first = deployment(QUEUE)
    assert first.told == {}
    assert first.main_stack(agreed=True, only_show=False, lossy=False)
    assert "Signing keys were made." in capsys.readouterr().out
    second = deployment({**QUEUE, "Resources": {**QUEUE["Resources"], "Parcels": {"Type": "AWS::SQS::Queue"}}})
    assert not second.main_stack(agreed=True, only_show=True, lossy=False), "only shown"
    shown = capsys.readouterr().out
    assert "Signing keys are there." in shown
    assert "Add     AWS::SQS::Queue" in shown
    assert len(aws("secretsmanager").list_secrets()["SecretList"]) == 1


def test_a_deployment_that_would_cost_data_is_stopped(deployment: Any) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "facts", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        },
    }  # fmt: skip
    deployment({"Resources": {"Facts": table, **QUEUE["Resources"]}}).main_stack(
        agreed=True, only_show=False, lossy=False
    )
    with pytest.raises(NotDeployed, match="would cost data"):
        deployment(QUEUE).main_stack(agreed=True, only_show=False, lossy=False)


def test_the_wrong_account_stops_everything(aws: Any, tmp_path: Path) -> None:
    example = json.loads((settings.FOLDER / "example.json").read_text())
    (tmp_path / "prod.json").write_text(json.dumps({**example, "account": "999999999999"}))
    with pytest.raises(NotDeployed, match="but the stage belongs to 999999999999"):
        account.check(settings.read("prod", tmp_path))
