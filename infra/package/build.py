"""From the project's files to what CloudFormation deploys.

Chalice writes the template and gathers our own code; the third-party code comes from `dependencies`. Then our code is
compiled, templates of pages too, and all goes into one zip that the six functions share.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import stages, template
from infra.stages import ROOT
from infra.template import edge_logs

from . import archive, bytecode, dependencies, translate
from .placeholders import ENVIRONMENT

CACHE = ROOT / ".local" / "package"
_TAKEN = ("app.py", "chalicelib")
_COMPILE_TEMPLATES = """
import sys
from jinja2 import FileSystemLoader
from chalicelib.web.templates import make_environment
make_environment(FileSystemLoader(sys.argv[1])).compile_templates(sys.argv[2], zip=None, log_function=lambda _line: None)
"""
_FINGERPRINTS = """
import sys
from pathlib import Path
from chalicelib.web.templates import fingerprint
for file in sorted(Path(sys.argv[1]).iterdir()):
    print(file.name, fingerprint(file))
"""


@dataclass(frozen=True, slots=True)
class Package:
    """What was made. `digest` is the zip's SHA-256 and part of its name."""

    zip: Path
    template: Path
    translated: Path
    edge_logs: Path
    digest: str
    unpinned: list[str]

    @property
    def megabytes(self) -> float:
        """The size of the zip."""
        return self.zip.stat().st_size / 1e6


def build(stage_name: str, out: Path, *, architecture: str | None = None, project: Path = ROOT) -> Package:
    """Make the package of a stage in the folder `out`.

    `architecture` is the stage's own when None; dependencies.HOST makes a zip that runs on this machine.
    """
    stage = stages.read(stage_name, project / ".chalice" / "config.json")
    wanted = architecture or stage.settings["api_handler"]["lambda_architecture"]
    requirements = project / "requirements.txt"
    third_party = dependencies.tree(requirements, wanted, CACHE)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = _copied(project, Path(scratch) / "project")
        (copy / "merge.json").write_text(json.dumps(template.to_merge(stage)))
        written = _chalice(copy, stage_name)
        ours = Path(scratch) / "ours"
        with zipfile.ZipFile(copy / "out" / "deployment.zip") as gathered:
            gathered.extractall(ours)
        _prepare_pages(copy, project / "static", ours / "chalicelib" / "pages")
        bytecode.compile_instead(ours)
        unnamed = out / "latchstring.zip.new"
        digest = archive.write([third_party, ours], unnamed)
    zipped = unnamed.rename(out / f"latchstring-{digest[:16]}.zip")
    _forget_others(zipped)
    return Package(
        zip=zipped,
        template=_write(out / "template.json", _with_code(written, zipped)),
        translated=_write(out / "translated.json", translate.translate(_with_code(written, zipped))),
        edge_logs=_write(out / "edge-logs.json", edge_logs.template(stage)),
        digest=digest,
        unpinned=dependencies.unpinned(requirements, third_party),
    )


def _copied(project: Path, copy: Path) -> Path:
    """A copy to package in, so that Chalice leaves nothing behind and sees no compiled files and no dependencies."""
    copy.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "deployments", "deployed")
    for name in (*_TAKEN, ".chalice"):
        source = project / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy(source, copy / name)
    (copy / "requirements.txt").touch()
    return copy


def _chalice(copy: Path, stage: str) -> dict[str, Any]:
    command = ["package", "--stage", stage, "--template-format", "json", "--merge-template", "merge.json", "out"]
    _run([sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())", *command], copy)
    written: dict[str, Any] = _last_word(json.loads((copy / "out" / "sam.json").read_text()))
    return written


def _last_word(node: Any) -> Any:
    """Ours where Chalice's merge left two references in one place: it adds a Ref to the Fn::Sub it should replace."""
    if isinstance(node, list):
        return [_last_word(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    if len(node) > 1 and all(key == "Ref" or key.startswith("Fn::") for key in node):
        node = dict([list(node.items())[-1]])
    return {key: _last_word(inner) for key, inner in node.items()}


def _prepare_pages(copy: Path, static: Path, pages: Path) -> None:
    """Jinja templates as Python modules in `compiled`, and the digests of the static files, where the pages look first.

    `chalicelib.web.templates` reads both; it falls back on the sources, which are not in the package.
    """
    templates = pages / "templates"
    if templates.is_dir():
        _run([sys.executable, "-c", _COMPILE_TEMPLATES, str(templates), str(pages / "compiled")], copy)
        shutil.rmtree(templates)
        (pages / "static.txt").write_text(_run([sys.executable, "-c", _FINGERPRINTS, str(static)], copy))


def _run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"Packaging failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _with_code(written: dict[str, Any], zipped: Path) -> dict[str, Any]:
    for made in written["Resources"].values():
        if made["Type"] == "AWS::Serverless::Function":
            made["Properties"]["CodeUri"] = f"./{zipped.name}"
    return written


def _write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def _forget_others(latest: Path) -> None:
    for path in latest.parent.glob("latchstring-*.zip"):
        if path != latest:
            path.unlink()
