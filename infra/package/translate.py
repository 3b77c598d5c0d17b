"""The template as CloudFormation will see it, once AWS has translated the serverless shorthand.

Some mistakes show only there: circular references, names of variables that Lambda refuses.
"""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from samtranslator.public.translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

# It warns at the end of every process that nobody sent AWS its usage figures.
logging.getLogger("samtranslator.metrics").addHandler(logging.NullHandler())


class _NoPolicies(ManagedPolicyLoader):  # type: ignore[misc]
    """AWS's managed policies by name: we use none, and asking AWS for the list needs an account."""

    def __init__(self) -> None:
        super().__init__(iam_client=None)

    def load(self) -> dict[str, str]:
        return {}


def translate(template: dict[str, Any], region: str = "eu-west-1") -> dict[str, Any]:
    """The plain CloudFormation of a serverless template. Raises InvalidDocumentException for one AWS would refuse."""
    source = copy.deepcopy(template)
    for made in source["Resources"].values():
        if made["Type"] == "AWS::Serverless::Function":
            # The translator wants code where it will be when deployed.
            made["Properties"]["CodeUri"] = {"Bucket": "artifacts", "Key": "latchstring.zip"}
    with _region(region):
        translated: dict[str, Any] = transform(source, {}, _NoPolicies(), passthrough_metadata=True)
    return translated


@contextmanager
def _region(name: str) -> Iterator[None]:
    """The translator asks the environment where it is, and stops if nobody tells."""
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = name
    try:
        yield
    finally:
        os.environ.pop("AWS_DEFAULT_REGION")
        if before is not None:
            os.environ["AWS_DEFAULT_REGION"] = before
