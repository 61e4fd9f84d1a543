"""Grades one cluster many times in one process, for the matrix of faults.

Run inside a bed: `python -m tests.e2e.fault_runs`, with one JSON document {lab, kubeconfig} a
line on its standard input; answers each with one line: seconds, the most memory that the
process had meanwhile, and for each item its verdict and reason. Each run looks once.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from pytest_k8sgrade.engine import grade_with
from pytest_k8sgrade.run.session import GradeSession
from pytest_k8sgrade.run.settings import Settings

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def main() -> None:
    """Answer line by line until the input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_run(asked["lab"], Path(asked["kubeconfig"]))), flush=True)


def _run(lab: str, kubeconfig: Path) -> dict[str, Any]:
    RESET.write_text("5")  # the peak counts from here
    began = time.monotonic()
    grade = grade_with(
        GradeSession.prepare(Settings(lab=lab, kubeconfig=kubeconfig, wait=0.0, language="en"))
    )
    seconds = time.monotonic() - began
    items = {item.id: [item.verdict, item.reason.id if item.reason else None] for item in grade.items}
    return {"seconds": round(seconds, 2), "mib": _peak_mib(), "items": items}


def _peak_mib() -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main()
