"""What wakes somebody up, each with the reason in its description: who reads it has just been woken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.tables import TABLES
from infra.stages import FUNCTIONS, Stage

from .cfn import ACCOUNT, Node, allow, att, only_over_tls, policy, ref, resource
from .mail import topic
from .queues import DEAD_QUEUES
from .tables import logical_id

_MINUTE = 60
_CODE_ROUTE = "/{portal}/sign-in/code"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One threshold on one metric. `dimensions` is CloudFormation; `of` the namespace."""

    of: str
    metric: str
    above: float | Node
    why: str
    dimensions: dict[str, Any]
    statistic: str = "Sum"
    seconds: int = 5 * _MINUTE
    times: int = 1

    def resource(self) -> Node:
        """The alarm in CloudFormation."""
        return _alarm(
            self.why,
            self.above,
            Namespace=self.of,
            MetricName=self.metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in self.dimensions.items()],
            Statistic=self.statistic,
            Period=self.seconds,
            EvaluationPeriods=self.times,
        )


def resources(stage: Stage) -> dict[str, Node]:
    """Every alarm, and the topic that tells the operator."""
    alarms = {**_queues(), **_functions(), **_api(stage), **_mail(), **_sms()}
    made = {f"{name}Alarm": alarm.resource() for name, alarm in alarms.items()}
    made |= {f"{logical_id(table)}ThrottledAlarm": _throttled(table) for table in TABLES}
    return made | _codes(stage) | _topic(stage)


def _queues() -> dict[str, Alarm]:
    made = {
        queue: Alarm(
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", 0,
            "Something could not be handled and was put aside: see docs/deployment.md, Put aside",
            {"QueueName": att(queue, "QueueName")}, statistic="Maximum", seconds=_MINUTE,
        )
        for queue in DEAD_QUEUES
    }  # fmt: skip
    for queue, seconds, what in (
        ("Urgent", 60, "Codes and links"),
        ("Bulk", 3600, "Bulk messages"),
        ("Reactions", 3600, "What workflows must look at, and their steps that are due,"),
    ):
        made[f"{queue}Waiting"] = Alarm(
            "AWS/SQS", "ApproximateAgeOfOldestMessage", seconds,
            f"{what} have waited for more than {seconds} seconds",
            {"QueueName": att(f"{queue}Queue", "QueueName")}, statistic="Maximum", seconds=_MINUTE, times=2,
        )  # fmt: skip
    return made


def _functions() -> dict[str, Alarm]:
    made = {}
    for logical in FUNCTIONS.values():
        this = {"FunctionName": ref(logical)}
        made[f"{logical}Errors"] = Alarm("AWS/Lambda", "Errors", 0, f"{logical} failed: see its log", this)
        made[f"{logical}Throttled"] = Alarm(
            "AWS/Lambda", "Throttles", 0, f"{logical} was refused: its reserved concurrency is used up", this
        )
    for logical, seconds, what in (("Relay", 60, "Messages"), ("FactsRelay", 600, "Facts that workflows look at")):
        made[f"{logical}Behind"] = Alarm(
            "AWS/Lambda", "IteratorAge", seconds * 1000, f"{what} wait in a table's stream for more than {seconds} seconds",
            {"FunctionName": ref(logical)}, statistic="Maximum", seconds=_MINUTE, times=2,
        )  # fmt: skip
    return made


def _api(stage: Stage) -> dict[str, Alarm]:
    this = {"ApiName": stage.prefix, "Stage": ref("RestAPI.Stage")}
    return {
        "ApiFaults": Alarm("AWS/ApiGateway", "5XXError", 2, "Visitors see error pages", this),
        "ApiSlow": Alarm(
            "AWS/ApiGateway", "Latency", 3000, "Pages take more than three seconds on average", this,
            statistic="Average", times=2,
        ),
        "Flood": Alarm(
            "AWS/WAFV2", "BlockedRequests", 2000, "The firewall is turning away a flood",
            {"WebACL": stage.prefix, "Region": ref("AWS::Region"), "Rule": "ALL"},
        ),
    }  # fmt: skip


def _mail() -> dict[str, Alarm]:
    """SES reviews an account at 5 % bounces and 0.1 % complaints: we want to know well before."""
    return {
        "Bounces": Alarm(
            "AWS/SES", "Reputation.BounceRate", 0.02, "More than 2 % of mail bounces; SES reviews at 5 %",
            {}, statistic="Maximum", seconds=15 * _MINUTE,
        ),
        "Complaints": Alarm(
            "AWS/SES", "Reputation.ComplaintRate", 0.0005,
            "More than 0.05 % of mail is reported as spam; SES reviews at 0.1 %",
            {}, statistic="Maximum", seconds=15 * _MINUTE,
        ),
    }  # fmt: skip


def _sms() -> dict[str, Alarm]:
    return {
        "SmsSpend": Alarm(
            "AWS/SNS", "SMSMonthToDateSpentUSD", ref("SmsMonthlyAlarmUsd"), "SMS cost more this month than expected",
            {}, statistic="Maximum",
        ),
        "SmsFailing": Alarm(
            "AWS/SNS", "NumberOfNotificationsFailed", 10, "SMS are not delivered",
            {"PhoneNumber": "PhoneNumberDirect"},
        ),
    }  # fmt: skip


def _throttled(table: str) -> Node:
    """Reads and writes together, also those on the table's indexes."""
    names = {"reads": "ReadThrottleEvents", "writes": "WriteThrottleEvents"}
    dimensions = [{"Name": "TableName", "Value": ref(logical_id(table))}]
    queries = [
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": dimensions},
                "Period": 5 * _MINUTE,
                "Stat": "Sum",
            },
        }
        for name, metric in names.items()
    ]
    total = {"Id": "total", "Expression": "FILL(reads,0)+FILL(writes,0)", "Label": "throttled", "ReturnData": True}
    why = f"DynamoDB refused requests to {table}: one key is too busy, or traffic more than doubled at once"
    return _alarm(why, 0, Metrics=[*queries, total], EvaluationPeriods=1)


def _codes(stage: Stage) -> dict[str, Node]:
    """Codes tried and codes refused, from the access log: when most are wrong, somebody may be guessing."""
    space = f"{stage.prefix}/SignIn"
    tried = f'{{ $.route = "{_CODE_ROUTE}" && $.method = "POST" }}'
    refused = f'{{ $.route = "{_CODE_ROUTE}" && $.method = "POST" && $.status >= 400 && $.status < 500 }}'
    metric = {"Period": 5 * _MINUTE, "Stat": "Sum"}
    queries: list[Node] = [
        {"Id": name, "ReturnData": False, "MetricStat": {"Metric": {"Namespace": space, "MetricName": of}, **metric}}
        for name, of in (("tried", "CodesTried"), ("refused", "CodesRefused"))
    ]
    judged = "IF(FILL(refused,0)>30 AND FILL(refused,0)*2>FILL(tried,0),1,0)"
    queries.append({"Id": "guessing", "Expression": judged, "Label": "guessing", "ReturnData": True})
    return {
        "CodesTried": _counted(space, "CodesTried", tried),
        "CodesRefused": _counted(space, "CodesRefused", refused),
        "GuessingAlarm": _alarm(
            "More than half of many codes were wrong: somebody may be guessing", 0, Metrics=queries, EvaluationPeriods=1
        ),
    }


def _counted(space: str, metric: str, pattern: str) -> Node:
    return resource(
        "AWS::Logs::MetricFilter",
        {
            "LogGroupName": ref("AccessLog"),
            "FilterPattern": pattern,
            "MetricTransformations": [{"MetricNamespace": space, "MetricName": metric, "MetricValue": "1"}],
        },
    )


def _alarm(why: str, above: float | Node, **metric: object) -> Node:
    return resource(
        "AWS::CloudWatch::Alarm",
        {
            "AlarmDescription": why,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": above,
            "TreatMissingData": "notBreaching",  # most of these metrics exist only when something happens
            "AlarmActions": [ref("AlarmTopic")],
            "OKActions": [ref("AlarmTopic")],
            **metric,
        },
    )


def _topic(stage: Stage) -> dict[str, Node]:
    alarms = allow(
        "sns:Publish",
        ref("AlarmTopic"),
        Sid="AlarmsOfThisAccount",
        Principal={"Service": "cloudwatch.amazonaws.com"},
        Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    )
    return {
        "AlarmTopic": topic(stage, "alarms"),
        "AlarmTopicPolicy": resource(
            "AWS::SNS::TopicPolicy",
            {
                "Topics": [ref("AlarmTopic")],
                "PolicyDocument": policy(only_over_tls("sns:Publish", ref("AlarmTopic")), alarms),
            },
        ),
        "AlarmMail": resource(
            "AWS::SNS::Subscription",
            {"TopicArn": ref("AlarmTopic"), "Protocol": "email", "Endpoint": ref("AlarmEmail")},
        ),
    }
