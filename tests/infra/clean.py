"""The package as Lambda runs it: a fresh process with nothing on its path but the unpacked zip, one handler, one event."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PYTHON = os.path.realpath(sys.executable)
HANDLERS = {
    "APIHandler": "app.app",
    "Relay": "chalicelib.consumers.relay.handle",
    "DeliverUrgent": "chalicelib.consumers.deliver.urgent",
    "DeliverBulk": "chalicelib.consumers.deliver.bulk",
    "Feedback": "chalicelib.consumers.feedback.handle",
    "Tick": "chalicelib.consumers.tick.handle",
    "FactsRelay": "chalicelib.consumers.facts_relay.handle",
    "React": "chalicelib.consumers.react.handle",
}
# -I and -S: no PYTHON* variables, no site-packages, not even the folder of the script.
_FLAGS = ("-I", "-S", "-B")
_START = "import sys\nsys.path.insert(0, {tree!r})\n"
_ONE_EVENT = """
class Context:
    aws_request_id, function_name, function_version, memory_limit_in_mb = "r", "f", "1", 512
    invoked_function_arn, log_group_name, log_stream_name = "arn:aws:lambda:us-east-1:1:function:f", "g", "s"
    def get_remaining_time_in_millis(self): return 10000
module, _, name = {handler!r}.rpartition(".")
handler = getattr(__import__(module, fromlist=[name]), name)
import json
print("ANSWER", json.dumps(handler(json.load(sys.stdin), Context())))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """How a process went: what the handler answered, the CPU milliseconds of the whole process, what it printed."""

    answer: Any
    milliseconds: float
    printed: str


def handle(tree: Path, function: str, event: dict[str, Any], environment: dict[str, str]) -> Run:
    """Import a function's handler from the unpacked package and give it one event."""
    return python(tree, _ONE_EVENT.format(handler=HANDLERS[function]), environment, json.dumps(event))


def python(tree: Path, code: str, environment: dict[str, str], given: str = "") -> Run:
    """Run code with only `tree` to import from."""
    process = subprocess.Popen(
        [PYTHON, *_FLAGS, "-c", _START.format(tree=str(tree)) + code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment}, cwd="/",
    )  # fmt: skip
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(given)
    process.stdin.close()
    printed, wrong = process.stdout.read(), process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    if process.returncode:
        raise AssertionError(f"the process ended with {process.returncode}:\n{printed}{wrong}")
    answers = [line[7:] for line in printed.splitlines() if line.startswith("ANSWER ")]
    milliseconds = (used.ru_utime + used.ru_stime) * 1000
    return Run(json.loads(answers[-1]) if answers else None, milliseconds, printed + wrong)


def deployed_environment() -> dict[str, str]:
    """The world's services (see tests/world.py) with the settings of a deployed stage."""
    ours = {name: value for name, value in os.environ.items() if name.startswith(("LATCHSTRING_", "AWS_"))}
    return {**ours, "LATCHSTRING_STAGE": "prod", "LATCHSTRING_EDGE": "cloudfront", "POWERTOOLS_TRACE_DISABLED": "1"}
