"""The package, made once for the sources as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.package import dependencies, present
from infra.package.build import Package

Template = dict[str, Any]


@pytest.fixture(scope="session")
def package() -> Package:
    """What is deployed to production."""
    return present.package("prod")


@pytest.fixture(scope="session")
def template(package: Package) -> Template:
    """The template as CloudFormation gets it."""
    content: Template = json.loads(package.template.read_text())
    return content


@pytest.fixture(scope="session")
def translated(package: Package) -> Template:
    """The template as CloudFormation sees it."""
    content: Template = json.loads(package.translated.read_text())
    return content


@pytest.fixture(scope="session")
def task_folder() -> Path:
    """The same package for this machine, unpacked: what is /var/task in Lambda."""
    return present.unzipped(present.package("prod", dependencies.HOST))
