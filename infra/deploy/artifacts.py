"""The bucket from which CloudFormation and Lambda take what is deployed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from botocore.exceptions import ClientError

from infra import stages
from infra.package.build import Package

_WITHOUT_LOCATION = "us-east-1"  # the one region that refuses to be named
_DAYS = 180  # how long a former package can still be deployed again


def bucket_name(account: str, region: str) -> str:
    """One bucket for all stages of an account and region."""
    return f"{stages.APP}-artifacts-{account}-{region}"


def ensure_bucket(s3: Any, account: str, region: str) -> str:
    """The bucket, made if absent: private, encrypted, over TLS only, for this account."""
    bucket = bucket_name(account, region)
    if not _exists(s3, bucket, account):
        where = {} if region == _WITHOUT_LOCATION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **where)
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_policy(bucket)))
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [{"ID": "Forget", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": _DAYS}}]
        },
    )
    return bucket


def upload(s3: Any, bucket: str, stage: str, package: Package) -> str:
    """Upload the zip and the template that names it; gives the template's address for CloudFormation."""
    code = f"{stage}/{package.zip.name}"
    s3.upload_file(str(package.zip), bucket, code)
    template = with_code(json.loads(package.template.read_text()), bucket, code)
    text = json.dumps(template, separators=(",", ":"))
    key = f"{stage}/template-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json")
    return f"https://{bucket}.s3.{s3.meta.region_name}.amazonaws.com/{key}"


def with_code(template: dict[str, Any], bucket: str, key: str) -> dict[str, Any]:
    """The template with its functions' code in the bucket."""
    for made in template["Resources"].values():
        if made["Type"] == "AWS::Serverless::Function":
            made["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    return template


def _exists(s3: Any, bucket: str, account: str) -> bool:
    """Whether it is there and ours: somebody else could have taken the name, waiting for our code."""
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise SystemExit(f"The bucket {bucket} cannot be used: {error}") from error
    return True


def _policy(bucket: str) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyOverTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
