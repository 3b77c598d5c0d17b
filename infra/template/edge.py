"""CloudFront: one host name for pages, API, console and static files; nothing of the application is ever cached."""

from __future__ import annotations

from pathlib import Path

from infra.stages import Stage

from .cfn import Node, att, ref, resource, sub
from .firewall import ORIGIN_HEADER, ORIGIN_SECRET

_SCRIPTS = Path(__file__).parent.parent / "edge"
# Policies that AWS manages, by their published ids.
_NEVER_CACHE = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
# AllViewerExceptHostHeader. API Gateway refuses a foreign Host; and no policy that names single headers may pass
# Authorization on. See edge/viewer.js for the visitor's address, which this leaves out.
_ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
_EVERY_METHOD = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
_READING = ["GET", "HEAD"]
_YEAR = 31_536_000
_SECONDS_FOR_AN_ANSWER = 30  # API Gateway gives up after 29
_SKIPPED = {
    "CKV_AWS_68": "the firewall stands on the API, through which every request passes that is not a public file",
    "CKV_AWS_86": "the old access log writes query strings, where link tokens travel; edge_logs.py logs without",
}


def resources(stage: Stage) -> dict[str, Node]:
    """The distribution with what it needs."""
    return {
        "Distribution": resource(
            "AWS::CloudFront::Distribution", {"DistributionConfig": _distribution(stage)}, skip=_SKIPPED
        ),
        "StaticAccess": resource(
            "AWS::CloudFront::OriginAccessControl",
            {
                "OriginAccessControlConfig": {
                    "Name": f"{stage.prefix}-static",
                    "OriginAccessControlOriginType": "s3",
                    "SigningBehavior": "always",
                    "SigningProtocol": "sigv4",
                }
            },
        ),
        "StaticCache": _cache(stage),
        "AppHeaders": _headers(stage, "app", "default-src 'none'"),
        "ConsoleHeaders": _headers(stage, "console", "default-src 'self'; object-src 'none'; img-src 'self' data:"),
        "ViewerFunction": _function(stage, "viewer"),
        "ConsoleFunction": _function(stage, "console"),
    }


def _distribution(stage: Stage) -> Node:
    return {
        "Enabled": True,
        "Comment": stage.prefix,
        "Aliases": [ref("PublicHost")],
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        "PriceClass": "PriceClass_100",
        "ViewerCertificate": {
            "AcmCertificateArn": ref("CertificateArn"),
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "SslSupportMethod": "sni-only",
        },
        "Origins": [_application(), _static()],
        "DefaultCacheBehavior": _to_application(),
        "CacheBehaviors": [
            {"PathPattern": "/static/*", **_to_static("AppHeaders")},
            {"PathPattern": "/console", **_to_console()},
            {"PathPattern": "/console/*", **_to_console()},
        ],
    }


def _application() -> Node:
    return {
        "Id": "application",
        "DomainName": sub("${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}"),
        "OriginPath": sub("/${RestAPI.Stage}"),
        "CustomOriginConfig": {
            "OriginProtocolPolicy": "https-only",
            "OriginSSLProtocols": ["TLSv1.2"],
            "OriginReadTimeout": _SECONDS_FOR_AN_ANSWER,
            "OriginKeepaliveTimeout": 60,
        },
        # Only what carries this is taken to have come through here: see the firewall's first rule.
        "OriginCustomHeaders": [{"HeaderName": ORIGIN_HEADER, "HeaderValue": ORIGIN_SECRET}],
    }


def _static() -> Node:
    return {
        "Id": "static",
        "DomainName": att("StaticBucket", "RegionalDomainName"),
        "OriginAccessControlId": att("StaticAccess", "Id"),
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }


def _to_application() -> Node:
    return {
        "TargetOriginId": "application",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": _EVERY_METHOD,
        "CachedMethods": _READING,
        "CachePolicyId": _NEVER_CACHE,
        "OriginRequestPolicyId": _ALL_BUT_HOST,
        "ResponseHeadersPolicyId": ref("AppHeaders"),
        # A page that holds both a secret and what the visitor typed gives the secret away when compressed (BREACH).
        "Compress": False,
        "FunctionAssociations": [_before("ViewerFunction")],
    }


def _to_static(headers: str) -> Node:
    return {
        "TargetOriginId": "static",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": _READING,
        "CachedMethods": _READING,
        "CachePolicyId": ref("StaticCache"),
        "ResponseHeadersPolicyId": ref(headers),
        "Compress": True,
    }


def _to_console() -> Node:
    return _to_static("ConsoleHeaders") | {"FunctionAssociations": [_before("ConsoleFunction")]}


def _before(function: str) -> Node:
    return {"EventType": "viewer-request", "FunctionARN": att(function, "FunctionARN")}


def _cache(stage: Stage) -> Node:
    """Kept for as long as the file says; a changed file has another `v` in its address, so nothing is ever withdrawn."""
    return resource(
        "AWS::CloudFront::CachePolicy",
        {
            "CachePolicyConfig": {
                "Name": f"{stage.prefix}-static",
                "MinTTL": 0,
                "DefaultTTL": 60,
                "MaxTTL": _YEAR,
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "EnableAcceptEncodingGzip": True,
                    "EnableAcceptEncodingBrotli": True,
                    "HeadersConfig": {"HeaderBehavior": "none"},
                    "CookiesConfig": {"CookieBehavior": "none"},
                    "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": ["v"]},
                },
            }
        },
    )


def _function(stage: Stage, name: str) -> Node:
    return resource(
        "AWS::CloudFront::Function",
        {
            "Name": f"{stage.prefix}-{name}",
            "AutoPublish": True,
            "FunctionConfig": {"Comment": f"infra/edge/{name}.js", "Runtime": "cloudfront-js-2.0"},
            "FunctionCode": (_SCRIPTS / f"{name}.js").read_text(),
        },
    )


def _headers(stage: Stage, name: str, content: str) -> Node:
    """Headers for whatever leaves without its own: static files, and API Gateway's own answers."""
    return resource(
        "AWS::CloudFront::ResponseHeadersPolicy",
        {
            "ResponseHeadersPolicyConfig": {
                "Name": f"{stage.prefix}-{name}",
                "SecurityHeadersConfig": {
                    "ContentSecurityPolicy": {
                        "ContentSecurityPolicy": (
                            f"{content}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
                        ),
                        "Override": False,
                    },
                    "ContentTypeOptions": {"Override": True},
                    "FrameOptions": {"FrameOption": "DENY", "Override": False},
                    "ReferrerPolicy": {"ReferrerPolicy": "same-origin", "Override": False},
                    "StrictTransportSecurity": {
                        "AccessControlMaxAgeSec": _YEAR,
                        "IncludeSubdomains": True,
                        "Override": True,
                    },
                },
            }
        },
    )
