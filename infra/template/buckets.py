"""Three buckets: clients' documents, the static files of pages and console, and the access logs of both."""

from __future__ import annotations

from .cfn import ACCOUNT, KEPT, Node, allow, att, only_over_tls, policy, ref, resource, sub
from .encryption import KEY_ARN

_PRIVATE = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
_OWNER_ONLY = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
_VERSIONED = {"Status": "Enabled"}
_KMS = [
    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY_ARN}, "BucketKeyEnabled": True}
]
_SSE = [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
_NO_LOGS_OF_LOGS = {"CKV_AWS_18": "this bucket receives the access logs; logging itself would never end"}
QUARANTINE = "quarantine/"  # where an upload waits until its length and first bytes have been checked


def resources() -> dict[str, Node]:
    """The buckets and what may be done to them by whom."""
    return {
        "DocumentsBucket": _documents(),
        "StaticBucket": _static(),
        "LogsBucket": _logs(),
        "DocumentsBucketPolicy": _bucket_policy("DocumentsBucket"),
        "StaticBucketPolicy": _bucket_policy("StaticBucket", *_edge_may_read()),
        "LogsBucketPolicy": _bucket_policy("LogsBucket", _s3_may_log()),
    }


def _documents() -> Node:
    return _bucket(
        _KMS,
        LoggingConfiguration={"DestinationBucketName": ref("LogsBucket"), "LogFilePrefix": "documents/"},
        CorsConfiguration={
            "CorsRules": [
                {
                    "Id": "BrowsersOfThePortalUploadAndDownload",
                    "AllowedOrigins": [sub("https://${PublicHost}")],
                    "AllowedMethods": ["POST", "GET"],
                    "AllowedHeaders": ["content-type"],
                    "ExposedHeaders": ["ETag"],
                    "MaxAge": 3000,
                }
            ]
        },
        LifecycleConfiguration={
            "Rules": [
                _unfinished_uploads(),
                {
                    "Id": "UploadsNobodyCompleted",
                    "Status": "Enabled",
                    "Prefix": QUARANTINE,
                    "ExpirationInDays": 1,
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                },
                # A document deleted or replaced by mistake can be had back for as long as a table can.
                _old_versions(35),
            ]
        },
    )


def _static() -> Node:
    return _bucket(
        _SSE,
        LoggingConfiguration={"DestinationBucketName": ref("LogsBucket"), "LogFilePrefix": "static/"},
        LifecycleConfiguration={"Rules": [_unfinished_uploads(), _old_versions(90)]},
    )


def _logs() -> Node:
    kept = {"Id": "AYearOfLogs", "Status": "Enabled", "ExpirationInDays": 365}
    return _bucket(
        _SSE,  # S3 delivers access logs only into buckets with its own encryption
        skip=_NO_LOGS_OF_LOGS,
        LifecycleConfiguration={"Rules": [kept, _unfinished_uploads(), _old_versions(1)]},
    )


def _bucket(encryption: object, skip: dict[str, str] | None = None, **properties: object) -> Node:
    return resource(
        "AWS::S3::Bucket",
        {
            "PublicAccessBlockConfiguration": _PRIVATE,
            "OwnershipControls": _OWNER_ONLY,
            "VersioningConfiguration": _VERSIONED,
            "BucketEncryption": {"ServerSideEncryptionConfiguration": encryption},
            **properties,
        },
        skip=skip,
        **KEPT,
    )


def _unfinished_uploads() -> Node:
    return {
        "Id": "UnfinishedUploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }


def _old_versions(days: int) -> Node:
    return {
        "Id": "OldVersions",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": days},
        "ExpiredObjectDeleteMarker": True,
    }


def _bucket_policy(bucket: str, *more: Node) -> Node:
    objects = sub(f"${{{bucket}.Arn}}/*")
    tls = only_over_tls("s3:*", [att(bucket), objects])
    return resource("AWS::S3::BucketPolicy", {"Bucket": ref(bucket), "PolicyDocument": policy(tls, *more)})


def _edge_may_read() -> list[Node]:
    """Our distribution and no other. ListBucket makes S3 answer 404 for a file that is not there, instead of 403."""
    distribution = sub("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}")
    common = {
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceArn": distribution}},
    }
    return [
        allow("s3:GetObject", sub("${StaticBucket.Arn}/*"), Sid="TheEdgeReads", **common),
        allow("s3:ListBucket", att("StaticBucket"), Sid="TheEdgeSeesWhatIsMissing", **common),
    ]


def _s3_may_log() -> Node:
    return allow(
        "s3:PutObject",
        sub("${LogsBucket.Arn}/*"),
        Sid="AccessLogsOfOurBuckets",
        Principal={"Service": "logging.s3.amazonaws.com"},
        Condition={
            "ArnEquals": {"aws:SourceArn": [att("DocumentsBucket"), att("StaticBucket")]},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        },
    )
