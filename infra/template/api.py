"""What is merged into the REST API that Chalice writes: throttles, an access log, and kind answers of its own."""

from __future__ import annotations

import html
import json

from infra.stages import Stage

from .cfn import Node, att, ref, resource, skipping, sub, unlinted

# One warm function answers some 50 requests a second: beyond these rates something is wrong.
_RATE, _BURST = 200, 400

# Route templates, never paths or query strings: link tokens travel in the query, ids in the path.
_LOGGED = {
    "request": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "error": "$context.error.responseType",
    "waf": "$context.waf.status",
}
_LOGGED_NUMBERS = {
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
}

_SKIPPED = {
    "CKV_AWS_73": "X-Ray is off: its traces hold whole addresses, link tokens included, and its SDK slows cold starts",
    "CKV_AWS_120": "pages and answers are personal: nothing may be cached between people",
}

# Response type -> status, title and sentence. API Gateway gives these itself, without asking the application.
_ANSWERS = {
    "MISSING_AUTHENTICATION_TOKEN": (404, "Page not found", "There is no page at this address."),
    "RESOURCE_NOT_FOUND": (404, "Page not found", "There is no page at this address."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "That did not work", "The request was of a kind that this address does not take."),
    "REQUEST_TOO_LARGE": (413, "That was too large", "What was sent is larger than we can take."),
    "THROTTLED": (429, "Very busy", "Many people are here at the moment. Please try again in a minute."),
    "WAF_FILTERED": (403, "Not accepted", "We could not accept this request. Please go back and try again."),
    "INTEGRATION_TIMEOUT": (504, "That took too long", "Nothing is lost. Please try again in a minute."),
    "INTEGRATION_FAILURE": (502, "Something went wrong", "The fault is ours. Please try again in a minute."),
    "DEFAULT_4XX": (None, "That did not work", "The request could not be understood."),
    "DEFAULT_5XX": (None, "Something went wrong", "The fault is ours. Please try again in a minute."),
}

# What the API's documentation calls these. A method that a path does not take is among the missing tokens, so a 404.
_CODES = {
    "MISSING_AUTHENTICATION_TOKEN": "not-found",
    "RESOURCE_NOT_FOUND": "not-found",
    "UNSUPPORTED_MEDIA_TYPE": "unsupported-media-type",
    "REQUEST_TOO_LARGE": "too-large",
    "THROTTLED": "too-many-requests",
    "WAF_FILTERED": "refused",
    "DEFAULT_4XX": "refused",
}


def overrides(stage: Stage) -> dict[str, Node]:
    """What is merged into Chalice's RestAPI."""
    numbers = "".join(f',"{name}":{value}' for name, value in _LOGGED_NUMBERS.items())
    return {
        "RestAPI": {
            "DependsOn": ["ApiLogging"],
            "Metadata": {
                **skipping(_SKIPPED),
                # CloudFormation passes over a dependency whose condition does not hold.
                **unlinted("E3005"),
            },
            "Properties": {
                "Name": stage.prefix,
                "TracingEnabled": False,
                "AccessLogSetting": {
                    "DestinationArn": att("AccessLog"),
                    "Format": json.dumps(_LOGGED, separators=(",", ":"))[:-1] + numbers + "}",
                },
                "MethodSettings": [
                    {
                        "ResourcePath": "/*",
                        "HttpMethod": "*",
                        "MetricsEnabled": False,
                        "DataTraceEnabled": False,
                        # Execution logs can quote a request's address with the link token in it.
                        "LoggingLevel": "OFF",
                        "ThrottlingRateLimit": _RATE,
                        "ThrottlingBurstLimit": _BURST,
                    }
                ],
                "DefinitionBody": {
                    "x-amazon-apigateway-gateway-responses": {
                        kind: _answer(kind, status, title, text) for kind, (status, title, text) in _ANSWERS.items()
                    }
                },
            },
        }
    }


def resources() -> dict[str, Node]:
    """The role with which API Gateway writes access logs. Account-wide, so it stays when the stack goes."""
    return {
        "ApiLoggingRole": resource(
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "apigateway.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
                "ManagedPolicyArns": [
                    sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")
                ],
            },
            Condition="ManagesApiLogging",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
        ),
        "ApiLogging": resource(
            "AWS::ApiGateway::Account",
            {"CloudWatchRoleArn": att("ApiLoggingRole")},
            Condition="ManagesApiLogging",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
        ),
    }


STAGE_ARN = sub("arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${RestAPI}/stages/${RestAPI.Stage}")
API_ID = ref("RestAPI")


def _answer(kind: str, status: int | None, title: str, text: str) -> Node:
    """A page for browsers and problem details (RFC 9457) for everyone else."""
    code = _CODES.get(kind, "unexpected")
    problem = {
        "type": f"/api/v1/docs#problem-{code}",
        "title": title,
        "code": code,
        "detail": text,
        "request_id": "$context.requestId",
    }
    given = "$context.status" if status is None else str(status)
    answer: Node = {
        "responseParameters": {
            "gatewayresponse.header.Cache-Control": "'no-store'",
            "gatewayresponse.header.X-Content-Type-Options": "'nosniff'",
        },
        "responseTemplates": {
            "application/json": json.dumps(problem)[:-1] + f', "status": {given}}}',
            "text/html": _page(title, text),
        },
    }
    return answer if status is None else {"statusCode": str(status), **answer}


def _page(title: str, text: str) -> str:
    title, text = html.escape(title), html.escape(text)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
    )
