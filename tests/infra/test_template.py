"""The template: accepted by the linters in both its forms, and safe by what is written in it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from chalicelib.facts.reactions import CONCERNING
from chalicelib.tables import TABLES
from chalicelib.web.problems import KINDS
from infra import stages, template
from infra.package.build import Package
from infra.stages import FUNCTIONS, ROOT
from tests.infra.checkov import kept, problems_found

Template = dict[str, Any]
API_RESOURCES = 280  # of the 300 that API Gateway allows

# Where a policy may say `*`, and why. (Sid, resource) as the template has them.
STARS = {
    ("SendSms", "*"): "a phone number has no ARN; ButToPhonesOnly beside it denies every topic",
    ("AskWhoAnsweredStop", "*"): "the list of numbers that opted out is the account's and has no ARN",
    ("ButToPhonesOnly", "arn:${AWS::Partition}:sns:*:*:*"): "a denial",
    ("FindTheStream", "${MessagesTable.Arn}/stream/*"): "Lambda lists the streams of the one table to find its latest",
    ("FindTheStream", "${FactsTable.Arn}/stream/*"): "the same",
    ("KeepDocuments", "${DocumentsBucket.Arn}/*"): "the objects of the one bucket",
}
SECRET_WORDS = ("secret", "password", "token", "key")


def of_type(made: Template, kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in made["Resources"].items() if each["Type"] == kind}


def statements(made: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for role, properties in of_type(made, "AWS::IAM::Role").items():
        for policy in properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield role, statement


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for inner in node.values():
            yield from strings(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from strings(inner)


def test_cfn_lint_accepts_both_forms(package: Package) -> None:
    files = [package.template, package.translated, package.edge_logs]
    assert json.loads(kept("cfn-lint", version("cfn-lint"), files, lambda: _cfn_lint(files))) == []


def _cfn_lint(files: list[Path]) -> str:
    """What cfn-lint objects to, as JSON."""
    program = str(Path(sys.executable).with_name("cfn-lint"))
    command = [program, "--format", "json", "--regions", "eu-west-1", "us-east-1", "--template", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip(), done.stderr
    return done.stdout


def test_checkov_accepts_what_is_deployed_but_for_what_is_skipped_with_a_reason(package: Package) -> None:
    failed, skipped = problems_found([package.translated, package.edge_logs])  # a superset of the template before it
    assert failed == []
    assert all(reason for _, reason in skipped), "each skip says why"


def test_the_dev_stage_is_made_of_the_same(template_of: Any) -> None:
    assert template_of("dev")["Resources"].keys() == template_of("prod")["Resources"].keys()


def test_each_function_has_a_role_of_its_own(translated: Template) -> None:
    functions = of_type(translated, "AWS::Lambda::Function")
    roles = [json.dumps(function["Role"]) for function in functions.values()]
    assert set(functions) == set(FUNCTIONS.values())
    assert len(set(roles)) == len(functions)


def test_no_policy_says_star_but_for_the_listed_reasons(translated: Template) -> None:
    found = set()
    for _role, statement in statements(translated):
        assert "*" not in json.dumps(statement["Action"]), statement
        for text in strings(statement.get("Resource")):
            if "*" in text:
                found.add((statement.get("Sid"), text))
    assert found == set(STARS)


def test_somebody_may_query_each_index_and_no_policy_names_one_that_does_not_exist(translated: Template) -> None:
    indexes = {
        f"${{{name.title()}Table.Arn}}/index/{index.name}" for name, table in TABLES.items() for index in table.indexes
    }
    assert {
        text for _, statement in statements(translated) for text in strings(statement) if "/index/" in text
    } == indexes


def test_nobody_may_change_or_remove_a_fact(translated: Template) -> None:
    facts = {"Fn::GetAtt": ["FactsTable", "Arn"]}
    allowed = {
        action
        for _role, statement in statements(translated)
        if facts in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert allowed == {"dynamodb:PutItem", "dynamodb:Query"}


def test_every_table_is_encrypted_recoverable_and_protected(translated: Template) -> None:
    tables = of_type(translated, "AWS::DynamoDB::Table")
    assert {properties["TableName"] for properties in tables.values()} == {
        f"latchstring-prod-{name}" for name in TABLES
    }
    for name, properties in tables.items():
        assert properties["BillingMode"] == "PAY_PER_REQUEST", name
        assert properties["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}, name
        assert properties["PointInTimeRecoverySpecification"] == {
            "PointInTimeRecoveryEnabled": True,
            "RecoveryPeriodInDays": 35,
        }, name
        assert properties["DeletionProtectionEnabled"] is True, name
        assert translated["Resources"][name]["DeletionPolicy"] == "Retain", name


def test_whatever_expires_is_cleaned_and_messages_and_facts_are_streamed(translated: Template) -> None:
    for name, table in TABLES.items():
        properties = of_type(translated, "AWS::DynamoDB::Table")[f"{name.title()}Table"]
        assert properties.get("TimeToLiveSpecification", {}).get("AttributeName") == table.ttl
        assert ("StreamSpecification" in properties) == table.stream


def test_every_queue_is_encrypted_and_has_a_dead_one_that_rings(translated: Template) -> None:
    queues = of_type(translated, "AWS::SQS::Queue")
    alarmed = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in of_type(translated, "AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
        for dimension in alarm["Dimensions"]
    }
    for name, properties in queues.items():
        assert properties["KmsMasterKeyId"] == {"Ref": "DataKey"}, name
        if "RedrivePolicy" in properties:
            assert properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] in queues
        else:
            assert name in alarmed, f"{name} has neither a dead queue nor an alarm"


def test_a_message_stays_invisible_for_six_times_the_worker_s_time(translated: Template) -> None:
    functions, queues = of_type(translated, "AWS::Lambda::Function"), of_type(translated, "AWS::SQS::Queue")
    mapped = 0
    for mapping in of_type(translated, "AWS::Lambda::EventSourceMapping").values():
        queue = queues.get(mapping["EventSourceArn"]["Fn::GetAtt"][0])
        if queue:
            timeout = functions[mapping["FunctionName"]["Ref"]]["Timeout"]
            assert queue["VisibilityTimeout"] >= 6 * timeout
            mapped += 1
    assert mapped == 3


def test_partial_failures_are_reported_and_poison_is_put_aside(translated: Template) -> None:
    mappings = of_type(translated, "AWS::Lambda::EventSourceMapping")
    assert all(mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for mapping in mappings.values())
    streams = {
        mapping["FunctionName"]["Ref"]: mapping for mapping in mappings.values() if "StartingPosition" in mapping
    }
    assert streams.keys() == {"Relay", "FactsRelay"}
    for stream in streams.values():
        assert stream["StartingPosition"] == "TRIM_HORIZON"
        assert stream["BisectBatchOnFunctionError"] is True
        assert stream["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["FailuresQueue", "Arn"]}
    assert _pattern(streams["Relay"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"status": {"S": ["queued"]}}},
    }, "what chalicelib.messaging.relay takes for new"
    assert _pattern(streams["FactsRelay"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"kind": {"S": sorted(CONCERNING)}}},
    }, "what chalicelib.facts.relay looks at"
    assert streams["FactsRelay"]["MaximumRetryAttempts"] == -1, "nothing else brings a fact again"
    for mapping in mappings.values():
        if "ScalingConfig" in mapping:
            function = of_type(translated, "AWS::Lambda::Function")[mapping["FunctionName"]["Ref"]]
            assert mapping["ScalingConfig"]["MaximumConcurrency"] == function["ReservedConcurrentExecutions"]


def _pattern(mapping: dict[str, Any]) -> Any:
    (wanted,) = mapping["FilterCriteria"]["Filters"]
    assert len(wanted["Pattern"]) < 4096, "AWS takes no longer one"
    return json.loads(wanted["Pattern"])


def test_every_function_is_bounded(translated: Template) -> None:
    functions = of_type(translated, "AWS::Lambda::Function")
    for name, properties in functions.items():
        assert properties["ReservedConcurrentExecutions"] >= 1, name
        assert properties["Timeout"] <= 60, name
        assert properties["Architectures"] == ["arm64"], name
        assert properties["Runtime"] == f"python{sys.version_info.major}.{sys.version_info.minor}", name
    assert functions["APIHandler"]["Timeout"] < 29, "API Gateway gives up after 29 seconds"
    # AWS keeps 100 of an account's 1,000 concurrent executions unreserved.
    assert sum(properties["ReservedConcurrentExecutions"] for properties in functions.values()) <= 900


def test_the_environment_holds_what_the_application_reads_and_no_secret(translated: Template) -> None:
    from dataclasses import fields

    from chalicelib.config import Config

    for name, properties in of_type(translated, "AWS::Lambda::Function").items():
        variables = properties["Environment"]["Variables"]
        ours = {variable for variable in variables if variable.startswith("LATCHSTRING_")}
        assert ours == {f"LATCHSTRING_{field.name.upper()}" for field in fields(Config)}, name
        for variable, value in variables.items():
            if any(word in variable.lower() for word in SECRET_WORDS):
                assert value == {"Ref": "KeysSecretArn"}, f"{name}: {variable}"
            assert "{{resolve:" not in json.dumps(value), f"{name}: {variable}"


def test_no_log_says_what_stands_in_a_query_string(package: Package, translated: Template) -> None:
    (stage,) = of_type(translated, "AWS::ApiGateway::Stage").values()
    logged = stage["AccessLogSetting"]["Format"].lower()
    assert not [word for word in ("querystring", "$context.path", "header", "authorizer", "cookie") if word in logged]
    (settings,) = stage["MethodSettings"]
    assert settings["LoggingLevel"] == "OFF"
    assert settings["DataTraceEnabled"] is False
    assert stage.get("TracingEnabled") in (False, None)
    edge = json.loads(package.edge_logs.read_text())
    fields = edge["Resources"]["Delivery"]["Properties"]["RecordFields"]
    assert not [
        field for field in fields if "query" in field or "cookie" in field.lower() or "referer" in field.lower()
    ]
    (distribution,) = of_type(translated, "AWS::CloudFront::Distribution").values()
    assert "Logging" not in distribution["DistributionConfig"]
    (firewall,) = of_type(translated, "AWS::WAFv2::LoggingConfiguration").values()
    redacted = json.dumps(firewall["RedactedFields"])
    assert all(word in redacted for word in ("QueryString", "referer", "cookie", "authorization"))
    sampled = list(_find(translated, "SampledRequestsEnabled"))
    assert sampled
    assert not any(sampled)


def _find(node: Any, name: str) -> Iterator[Any]:
    if isinstance(node, dict):
        for key, inner in node.items():
            if key == name:
                yield inner
            yield from _find(inner, name)
    elif isinstance(node, list):
        for inner in node:
            yield from _find(inner, name)


def test_log_groups_are_encrypted_and_forget(translated: Template) -> None:
    groups = of_type(translated, "AWS::Logs::LogGroup")
    for name, properties in groups.items():
        assert properties["RetentionInDays"] == 90, name
        assert properties["KmsKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}, name
    for name, properties in of_type(translated, "AWS::Lambda::Function").items():
        assert properties["LoggingConfig"]["LogGroup"]["Ref"] in groups, name


def test_the_api_has_room_for_more_routes(translated: Template) -> None:
    (api,) = of_type(translated, "AWS::ApiGateway::RestApi").values()
    resources = {"/"}
    for path in api["Body"]["paths"]:
        parts = path.strip("/").split("/")
        resources |= {"/" + "/".join(parts[: length + 1]) for length in range(len(parts))}
    assert 10 < len(resources) < API_RESOURCES


def test_a_missing_page_is_404_and_nothing_api_gateway_says_itself_may_be_kept(translated: Template) -> None:
    (api,) = of_type(translated, "AWS::ApiGateway::RestApi").values()
    answers = api["Body"]["x-amazon-apigateway-gateway-responses"]
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    for name, answer in answers.items():
        assert answer["responseParameters"]["gatewayresponse.header.Cache-Control"] == "'no-store'", name
        assert "<h1>" in answer["responseTemplates"]["text/html"], name
        filled = answer["responseTemplates"]["application/json"].replace("$context.status", "500")
        problem = json.loads(filled)
        assert problem["title"] and problem["type"] == f"/api/v1/docs#problem-{problem['code']}", name
        assert problem["code"] in KINDS and problem["request_id"] == "$context.requestId", name


def test_pages_are_never_cached_and_always_over_tls(translated: Template) -> None:
    (distribution,) = of_type(translated, "AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    default = config["DefaultCacheBehavior"]
    assert default["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "AWS's CachingDisabled"
    assert set(default["AllowedMethods"]) >= {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    behaviours = [default, *config["CacheBehaviors"]]
    assert {behaviour["ViewerProtocolPolicy"] for behaviour in behaviours} == {"redirect-to-https"}
    assert "CustomErrorResponses" not in config, "an error page for everything would hide the application's own"
    static = {behaviour["PathPattern"] for behaviour in config["CacheBehaviors"]}
    assert static == {"/static/*", "/console", "/console/*"}


def test_requests_that_go_around_the_edge_are_blocked_first(translated: Template) -> None:
    (firewall,) = of_type(translated, "AWS::WAFv2::WebACL").values()
    first = min(firewall["Rules"], key=lambda rule: rule["Priority"])
    (statement,) = [first["Statement"]["NotStatement"]["Statement"]]
    match = statement["ByteMatchStatement"]
    assert first["Action"] == {"Block": {}}
    assert match["FieldToMatch"] == {"SingleHeader": {"Name": "x-origin-secret"}}
    (distribution,) = of_type(translated, "AWS::CloudFront::Distribution").values()
    application = distribution["DistributionConfig"]["Origins"][0]
    assert application["OriginCustomHeaders"][0]["HeaderValue"] == match["SearchString"]
    assert "{{resolve:secretsmanager:" in json.dumps(match["SearchString"]), "a reference, never the secret itself"


def test_buckets_are_private_versioned_encrypted_and_over_tls_only(translated: Template) -> None:
    policies = of_type(translated, "AWS::S3::BucketPolicy")
    for name, properties in of_type(translated, "AWS::S3::Bucket").items():
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}, name
        assert properties["BucketEncryption"], name
        assert translated["Resources"][name]["DeletionPolicy"] == "Retain", name
        denied = policies[f"{name}Policy"]["PolicyDocument"]["Statement"][0]
        assert denied["Effect"] == "Deny", name
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, name


def test_alarms_say_why_and_wake_somebody(translated: Template) -> None:
    alarms = of_type(translated, "AWS::CloudWatch::Alarm")
    assert {
        "BouncesAlarm",
        "ComplaintsAlarm",
        "SmsSpendAlarm",
        "UrgentWaitingAlarm",
        "ReactionsWaitingAlarm",
        "GuessingAlarm",
    } <= set(alarms)
    assert {"RelayBehindAlarm", "FactsRelayBehindAlarm"} <= set(alarms)
    assert {f"{logical}ErrorsAlarm" for logical in FUNCTIONS.values()} <= set(alarms)
    assert {f"{table.title()}TableThrottledAlarm" for table in TABLES} <= set(alarms)
    for name, properties in alarms.items():
        assert properties["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert len(properties["AlarmDescription"]) > 10, name


def test_stage_settings_come_from_one_file() -> None:
    content = json.loads((ROOT / ".chalice" / "config.json").read_text())
    for name in stages.names():
        stage = stages.read(name)
        assert set(stage.settings) == set(FUNCTIONS)
        for function in FUNCTIONS:
            assert (ROOT / ".chalice" / content["lambda_functions"][function]["iam_policy_file"]).exists()


@pytest.fixture
def template_of() -> Any:
    return lambda name: template.to_merge(stages.read(name))


def test_nothing_in_the_template_belongs_to_one_machine(package: Package) -> None:
    for file in (package.template, package.edge_logs):
        assert str(Path.home()) not in file.read_text()
        assert str(ROOT) not in file.read_text()
