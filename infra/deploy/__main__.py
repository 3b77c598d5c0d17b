"""`python -m infra.deploy --stage prod`: package, show what would change, ask, do it, publish, and look whether it works."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import boto3

from infra import keys, stages
from infra.package.build import Package, build
from infra.stages import ROOT

from . import account, artifacts, changes, publish, smoke
from .changes import NotDeployed
from .settings import Settings, read

_EDGE_REGION = "us-east-1"


def main() -> None:
    """Deploy a stage."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description="Deploy a stage into its AWS account.")
    parser.add_argument("--stage", required=True, choices=stages.names())
    parser.add_argument("--out", type=Path, default=ROOT / "build")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--show", action="store_true", help="show what would change, and stop")
    parser.add_argument("--allow-data-loss", action="store_true", help="also replace or remove what holds data")
    given = parser.parse_args()
    settings = read(given.stage)
    account.check(settings)
    package = build(given.stage, given.out)
    print(f"Package {package.zip.name}, {package.megabytes:.1f} MB")
    deployment = _Deployment(given.stage, settings, package)
    if not deployment.main_stack(agreed=given.yes, only_show=given.show, lossy=given.allow_data_loss):
        return
    deployment.edge_logs()
    deployment.publish()
    deployment.smoke()
    print(f"Deployed: {deployment.told['PublicUrl']}")


class _Deployment:
    """One run: its clients, and what the stack told."""

    def __init__(self, stage: str, settings: Settings, package: Package) -> None:
        self._stage, self._settings, self._package = stage, settings, package
        self._cfn = self._client("cloudformation")
        self._s3 = self._client("s3")
        self._stack = f"{stages.APP}-{stage}"
        self.told = changes.outputs(self._cfn, self._stack)

    def main_stack(self, *, agreed: bool, only_show: bool, lossy: bool) -> bool:
        """Everything but the edge's log. False if it was only shown, or not agreed to."""
        held, made = keys.ensure(self._client("secretsmanager"), self._stage)
        print("Signing keys were made." if made else "Signing keys are there.")
        parameters = self._settings.parameters() | {"KeysSecretArn": held.arn, "KeysSecretVersion": held.version}
        bucket = artifacts.ensure_bucket(self._s3, self._settings.account, self._settings.region)
        address = artifacts.upload(self._s3, bucket, self._stage, self._package)
        waiting = changes.prepare(self._cfn, self._stack, address, parameters)
        if waiting is None:
            print("The stack is as it should be.")
            return not only_show
        print("\n".join(str(change) for change in waiting.changes))
        if only_show:
            return False
        if waiting.dangerous and not lossy:
            raise NotDeployed("Stopped: the changes marked ! would cost data. See docs/deployment.md, Losing nothing.")
        if not agreed and input("Carry this out? [yes/no] ").strip() != "yes":
            return False
        self.publish()  # pages of the new code ask for the new files: they must be there first
        changes.carry_out(self._cfn, waiting)
        self.told = changes.outputs(self._cfn, self._stack)
        return True

    def edge_logs(self) -> None:
        """CloudFront's log, which lives in us-east-1."""
        cfn = boto3.client("cloudformation", region_name=_EDGE_REGION)
        s3 = boto3.client("s3", region_name=_EDGE_REGION)
        bucket = artifacts.ensure_bucket(s3, self._settings.account, _EDGE_REGION)
        key = f"{self._stage}/edge-logs.json"
        s3.put_object(Bucket=bucket, Key=key, Body=self._package.edge_logs.read_bytes())
        address = f"https://{bucket}.s3.{_EDGE_REGION}.amazonaws.com/{key}"
        parameters = {"DistributionArn": self.told["DistributionArn"]}
        waiting = changes.prepare(cfn, f"{self._stack}-edge-logs", address, parameters)
        if waiting is not None:
            changes.carry_out(cfn, waiting)

    def publish(self) -> None:
        """Static files, if the bucket is there."""
        if bucket := self.told.get("StaticBucketName"):
            print(f"{publish.publish(self._s3, bucket, publish.files())} static files published")

    def smoke(self) -> None:
        """Look at it from outside. Raises NotDeployed, though the code is deployed by then."""
        wrong = smoke.faults(self.told["PublicUrl"], self.told["EndpointURL"], self._settings.smoke_portal)
        if wrong:
            raise NotDeployed("Deployed, but not well:\n" + "\n".join(f"  {fault}" for fault in wrong))
        print("Smoke test passed.")

    def _client(self, service: str) -> Any:
        return boto3.client(service, region_name=self._settings.region)


if __name__ == "__main__":
    main()
