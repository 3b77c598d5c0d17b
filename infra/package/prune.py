"""Takes out of the dependencies what a Lambda function never reads.

Only whole folders and kinds of file, each with its reason; `tests/infra/test_zip.py` imports every handler from the
pruned package alone and exercises the libraries, so that a wrong cut fails there and not in production.
"""

from __future__ import annotations

import shutil
from pathlib import Path

# Folder or file, relative to the dependencies -> why nothing misses it.
UNUSED: dict[str, str] = {
    "bin": "command line tools",
    "cffi": "cryptography needs only the compiled _cffi_backend beside it",
    "pycparser": "used by cffi when something is compiled",
    "dns": "email-validator asks DNS only when told to check deliverability; we never do inside a request",
    "cryptography/x509": "we seal with AES-GCM and read no certificates; TLS is the standard library's",
    "cryptography/fernet.py": "another recipe than ours",
    **{
        f"cryptography/hazmat/{name}": "of all that cryptography has we use AES-GCM"
        for name in ("asn1", "primitives/asymmetric", "primitives/serialization", "primitives/twofactor", "primitives/kdf")
    },
    "urllib3/contrib/emscripten": "for Python in a browser",
    "urllib3/contrib/pyopenssl.py": "TLS is the standard library's",
    "segno/helpers.py": "contents of other QR codes than ours",
    "dateutil/rrule.py": "recurrence rules; botocore reads dates alone",
    "segno/cli.py": "a command line tool",
    "dateutil/zoneinfo": "a second copy of the time zones; the standard library reads tzdata",
    "jinja2/ext.py": "template extensions, none is used",
    "aws_lambda_powertools/event_handler": "Chalice routes",
    "aws_lambda_powertools/metrics/provider/datadog": "another vendor's metrics",
    **{
        f"aws_lambda_powertools/utilities/{name}": "a utility we do not use"
        for name in (
            "auth_alpha", "batch", "circuit_breaker", "data_classes", "data_masking", "feature_flags", "idempotency",
            "kafka", "metadata", "parameters", "parser", "streaming", "validation",
        )
    },
}  # fmt: skip

_KINDS = (".pyi", ".pyx", ".pxd", ".c", ".h", ".cpp", ".a", ".exe", ".js", ".typed", ".md", ".rst")
_FOLDERS = frozenset({"tests", "test", "testing", "__pycache__"})


def prune(tree: Path) -> None:
    """Remove in place what is not needed at run time."""
    for name in UNUSED:
        _remove(tree / name)
    for path in sorted(tree.rglob("*"), reverse=True):
        if path.is_dir() and path.name in _FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and (path.suffix in _KINDS or path.name == "py.typed"):
            path.unlink()
    for info in sorted(tree.glob("*.dist-info")):
        _keep_licence_and_version(info)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _keep_licence_and_version(info: Path) -> None:
    """Licences must travel with the code; libraries may ask for their version. The long description need not."""
    for path in sorted(info.rglob("*"), reverse=True):
        is_licence = path.name.upper().startswith(("LICEN", "NOTICE", "COPYING", "AUTHORS"))
        if path.is_file() and path.name != "METADATA" and not is_licence:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    metadata = info / "METADATA"
    if metadata.exists():
        metadata.write_text(metadata.read_text(encoding="utf-8").split("\n\n", 1)[0] + "\n", encoding="utf-8")
