"""CloudFront's access log, without query strings, cookies and referrers.

A template of its own: CloudFront hands its logs out in us-east-1 only, and the rest lives where the operator chooses.
The older kind of access log could stand in the main template, but it always writes the query string, in which link
tokens travel.
"""

from __future__ import annotations

from infra.stages import Stage

from .cfn import ACCOUNT, KEPT, Node, allow, att, only_over_tls, policy, ref, resource, sub

# Of all the fields there are, those that say how the edge is doing and none that says what a visitor brought along.
FIELDS = [
    "date", "time", "x-edge-location", "c-ip", "cs-method", "cs-uri-stem", "sc-status", "sc-bytes", "cs-bytes",
    "time-taken", "x-edge-result-type", "x-edge-detailed-result-type", "x-edge-request-id", "ssl-protocol",
    "cs-protocol-version", "cs(User-Agent)",
]  # fmt: skip
_DAYS = 90


def template(stage: Stage) -> Node:
    """The whole template; `DistributionArn` is an output of the main one."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Access log of {stage.prefix} at CloudFront",
        "Parameters": {"DistributionArn": {"Type": "String", "AllowedPattern": "arn:aws:cloudfront::.+"}},
        "Resources": {
            "EdgeLogs": _bucket(),
            "EdgeLogsPolicy": _bucket_policy(),
            "Source": resource(
                "AWS::Logs::DeliverySource",
                {"Name": f"{stage.prefix}-edge", "ResourceArn": ref("DistributionArn"), "LogType": "ACCESS_LOGS"},
            ),
            "Destination": resource(
                "AWS::Logs::DeliveryDestination",
                {
                    "Name": f"{stage.prefix}-edge",
                    "DestinationResourceArn": att("EdgeLogs"),
                    "OutputFormat": "json",
                },
                DependsOn=["EdgeLogsPolicy"],
            ),
            "Delivery": resource(
                "AWS::Logs::Delivery",
                {
                    "DeliverySourceName": ref("Source"),
                    "DeliveryDestinationArn": att("Destination"),
                    "RecordFields": FIELDS,
                },
            ),
        },
        "Outputs": {"EdgeLogs": {"Value": ref("EdgeLogs")}},
    }


def _bucket() -> Node:
    return resource(
        "AWS::S3::Bucket",
        {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "VersioningConfiguration": {"Status": "Enabled"},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "Forget",
                        "Status": "Enabled",
                        "ExpirationInDays": _DAYS,
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                    }
                ]
            },
        },
        skip={"CKV_AWS_18": "this bucket receives access logs; logging itself would never end"},
        **KEPT,
    )


def _bucket_policy() -> Node:
    objects = sub("${EdgeLogs.Arn}/*")
    deliver = allow(
        "s3:PutObject",
        objects,
        Sid="CloudFrontDeliversItsLog",
        Principal={"Service": "delivery.logs.amazonaws.com"},
        Condition={
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {
                "aws:SourceArn": sub("arn:${AWS::Partition}:logs:us-east-1:${AWS::AccountId}:delivery-source:*")
            },
        },
    )
    statements = policy(only_over_tls("s3:*", [att("EdgeLogs"), objects]), deliver)
    return resource("AWS::S3::BucketPolicy", {"Bucket": ref("EdgeLogs"), "PolicyDocument": statements})
