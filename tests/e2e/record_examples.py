"""Records the evidence files of `examples/lab1/` from the testbed: `make examples`.

To be run when a scenario, a check's reads or the rubric's items have changed; the
replay tests tell when the files no longer answer what the checks ask.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.e2e.grader import grade
from tests.testbed import scenarios
from tests.testbed.fixtures import running
from tests.testbed.node import attach

FILES = {"empty": "empty", "half": "half", "lab1": "reference"}
EXAMPLES = Path(__file__).parents[2] / "examples" / "lab1"


def main() -> None:
    """Record every scenario, one after the other."""
    for scenario, file in FILES.items():
        name = running(scenario)
        bed = attach(name) if name else scenarios.start(scenario, name=f"record-{scenario}")
        try:
            with tempfile.TemporaryDirectory() as folder:
                run = grade(bed, Path(folder), f"--k8s-grade-record={EXAMPLES / file}.zip")
            print(f"{file}: {run.graded.score} of {run.graded.max_score}, exit code {run.code}")
        finally:
            if name is None:
                bed.down()
            else:
                bed.close()


if __name__ == "__main__":
    main()
