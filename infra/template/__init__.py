"""Everything Latchstring needs in AWS, as data: merged into the template that Chalice writes for its functions."""

from __future__ import annotations

from infra.stages import Stage

from . import alarms, api, buckets, edge, encryption, firewall, functions, logs, mail, queues, tables
from .cfn import Node, att, ref, sub
from .parameters import CONDITIONS, PARAMETERS

__all__ = ["Node", "to_merge"]


def to_merge(stage: Stage) -> Node:
    """What `chalice package --merge-template` takes: our own resources, and additions to Chalice's."""
    return {
        "Description": f"Latchstring, stage {stage.name}",
        "Parameters": PARAMETERS,
        "Conditions": CONDITIONS,
        "Globals": {"Function": {"Environment": {"Variables": functions.settings(stage)}}},
        "Resources": {
            **encryption.resources(stage),
            **tables.resources(stage),
            **queues.resources(stage),
            **buckets.resources(),
            **mail.resources(stage),
            **logs.resources(stage),
            **firewall.resources(stage),
            **edge.resources(stage),
            **alarms.resources(stage),
            **api.resources(),
            **api.overrides(stage),
            **functions.overrides(stage),
        },
        "Outputs": {
            "PublicUrl": {"Value": sub("https://${PublicHost}")},
            "EdgeHost": {
                "Description": "Where the DNS name of PublicHost must point",
                "Value": att("Distribution", "DomainName"),
            },
            "DistributionId": {"Value": ref("Distribution")},
            "DistributionArn": {
                "Value": sub("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}")
            },
            "StaticBucketName": {"Value": ref("StaticBucket")},
            "DocumentsBucketName": {"Value": ref("DocumentsBucket")},
        },
    }
