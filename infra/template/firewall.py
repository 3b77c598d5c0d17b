"""The web application firewall on the API: coarse limits before a function runs. Exact limits live in DynamoDB."""

from __future__ import annotations

from infra.stages import Stage

from .api import STAGE_ARN
from .cfn import Node, att, resource, sub

VIEWER_HEADER = "x-viewer-address"  # set by edge/viewer.js, whatever the visitor sent
ORIGIN_HEADER = "x-origin-secret"
ORIGIN_SECRET = sub("{{resolve:secretsmanager:${KeysSecretArn}:SecretString:origin_secret::${KeysSecretVersion}}}")
_BODY_BYTES = 65_536  # the largest body the application takes
# Requests per five minutes from one address. An office shares one, so these stop floods, not people.
_ANY, _SIGN_IN = 3000, 300
_BUSY = "busy"
# Rules of AWS's common set that only count: the application takes 64 KB, and staff write HTML and web addresses into
# wording and settings. Escaping, not guessing, keeps those harmless.
_COUNTED = (
    "SizeRestrictions_BODY",
    "CrossSiteScripting_BODY",
    "GenericRFI_BODY",
    "EC2MetaDataSSRF_BODY",
    "NoUserAgent_HEADER",
)


def resources(stage: Stage) -> dict[str, Node]:
    """The firewall, where it stands, and its log of what it blocked."""
    return {
        "Firewall": resource(
            "AWS::WAFv2::WebACL",
            {
                "Name": stage.prefix,
                "Scope": "REGIONAL",
                "DefaultAction": {"Allow": {}},
                "AssociationConfig": {
                    "RequestBody": {"API_GATEWAY": {"DefaultSizeInspectionLimit": "KB_64"}},
                },
                "CustomResponseBodies": {
                    _BUSY: {
                        "ContentType": "TEXT_PLAIN",
                        "Content": "Too many requests came from your network. Please try again in five minutes.",
                    }
                },
                "Rules": [rule | {"Priority": place} for place, rule in enumerate(_rules(stage))],
                "VisibilityConfig": _visible(stage.prefix),
            },
        ),
        "FirewallOfTheApi": resource(
            "AWS::WAFv2::WebACLAssociation", {"ResourceArn": STAGE_ARN, "WebACLArn": att("Firewall")}
        ),
        "FirewallLogging": resource(
            "AWS::WAFv2::LoggingConfiguration",
            {
                "ResourceArn": att("Firewall"),
                "LogDestinationConfigs": [
                    sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${FirewallLog}")
                ],
                # Link tokens travel in the query, and from there in the next page's Referer.
                "RedactedFields": [{"QueryString": {}}]
                + [{"SingleHeader": {"Name": name}} for name in ("authorization", "cookie", "referer", ORIGIN_HEADER)],
                "LoggingFilter": {
                    "DefaultBehavior": "DROP",
                    "Filters": [
                        {
                            "Behavior": "KEEP",
                            "Requirement": "MEETS_ANY",
                            "Conditions": [{"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT")],
                        }
                    ],
                },
            },
        ),
    }


def _rules(stage: Stage) -> list[Node]:
    return [
        _rule(stage, "only-through-the-edge", {"NotStatement": {"Statement": _has_origin_secret()}}),
        _rule(stage, "body-too-large", _body_over(_BODY_BYTES)),
        _rule(stage, "flood", _rate(_ANY), block=_too_many()),
        _rule(stage, "flood-of-sign-ins", _rate(_SIGN_IN, _is_sign_in()), block=_too_many()),
        _managed(stage, "AWSManagedRulesCommonRuleSet", counted=_COUNTED),
        _managed(stage, "AWSManagedRulesKnownBadInputsRuleSet"),
    ]


def _rule(stage: Stage, name: str, statement: Node, block: Node | None = None) -> Node:
    return {
        "Name": name,
        "Statement": statement,
        "Action": {"Block": block or {}},
        "VisibilityConfig": _visible(f"{stage.prefix}-{name}"),
    }


def _managed(stage: Stage, name: str, counted: tuple[str, ...] = ()) -> Node:
    group: Node = {"VendorName": "AWS", "Name": name}
    if counted:
        group["RuleActionOverrides"] = [{"Name": rule, "ActionToUse": {"Count": {}}} for rule in counted]
    return {
        "Name": name,
        "Statement": {"ManagedRuleGroupStatement": group},
        "OverrideAction": {"None": {}},
        "VisibilityConfig": _visible(f"{stage.prefix}-{name}"),
    }


def _visible(metric: str) -> Node:
    """Counted, but not sampled: samples show whole addresses, link tokens included."""
    return {"CloudWatchMetricsEnabled": True, "SampledRequestsEnabled": False, "MetricName": metric}


def _header(name: str) -> Node:
    return {"SingleHeader": {"Name": name}}


def _as_it_is() -> list[Node]:
    return [{"Priority": 0, "Type": "NONE"}]


def _has_origin_secret() -> Node:
    return {
        "ByteMatchStatement": {
            "FieldToMatch": _header(ORIGIN_HEADER),
            "PositionalConstraint": "EXACTLY",
            "SearchString": ORIGIN_SECRET,
            "TextTransformations": _as_it_is(),
        }
    }


def _body_over(size: int) -> Node:
    return {
        "SizeConstraintStatement": {
            "FieldToMatch": {"Body": {"OversizeHandling": "MATCH"}},
            "ComparisonOperator": "GT",
            "Size": size,
            "TextTransformations": _as_it_is(),
        }
    }


def _rate(limit: int, only: Node | None = None) -> Node:
    rate: Node = {
        "Limit": limit,
        "EvaluationWindowSec": 300,
        "AggregateKeyType": "FORWARDED_IP",
        "ForwardedIPConfig": {"HeaderName": VIEWER_HEADER, "FallbackBehavior": "MATCH"},
    }
    return {"RateBasedStatement": rate | ({"ScopeDownStatement": only} if only else {})}


def _is_sign_in() -> Node:
    return {
        "AndStatement": {
            "Statements": [
                _match({"Method": {}}, "EXACTLY", "POST"),
                _match({"UriPath": {}}, "CONTAINS", "/sign-in"),
            ]
        }
    }


def _match(field: Node, how: str, text: str) -> Node:
    return {
        "ByteMatchStatement": {
            "FieldToMatch": field,
            "PositionalConstraint": how,
            "SearchString": text,
            "TextTransformations": _as_it_is(),
        }
    }


def _too_many() -> Node:
    return {
        "CustomResponse": {
            "ResponseCode": 429,
            "CustomResponseBodyKey": _BUSY,
            "ResponseHeaders": [{"Name": "Retry-After", "Value": "300"}],
        }
    }
