"""Records the evidence files of `examples/` from the testbed: `make examples`.

To be run when a scenario, a check's reads or the rubric's items have changed; the
replay tests tell when the files no longer answer what the checks ask.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.grader import grade
from tests.testbed import scenarios
from tests.testbed.fixtures import running
from tests.testbed.node import attach

FILES = {
    "lab1": {"empty": "empty", "half": "half", "lab1": "reference"},
    "handson1": {"empty": "empty", "handson1": "reference"},
    "challenge1": {"challenge1-broken": "broken", "challenge1": "reference"},
}
"""Of each lab: the scenario, and the name of its evidence."""
EXAMPLES = Path(__file__).parents[2] / "examples"


def main(arguments: Sequence[str] | None = None) -> None:
    """Record every scenario, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.record_examples", description=__doc__)
    parser.add_argument("labs", nargs="*", metavar="LAB", help=f"of {', '.join(FILES)} (default: all)")
    labs = parser.parse_args(arguments).labs or list(FILES)
    if unknown := [lab for lab in labs if lab not in FILES]:
        parser.error(f"no lab {unknown[0]!r}: there are {', '.join(FILES)}")
    for lab in labs:
        for scenario, file in FILES[lab].items():
            _record(lab, scenario, EXAMPLES / lab / f"{file}.zip")


def _record(lab: str, scenario: str, evidence: Path) -> None:
    name = running(scenario)
    bed = attach(name) if name else scenarios.start(scenario, name=f"record-{scenario}")
    evidence.parent.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            run = grade(bed, Path(folder), f"--k8s-grade-record={evidence}", lab=lab)
        print(f"{evidence}: {run.graded.score} of {run.graded.max_score}, exit code {run.code}")
    finally:
        if name is None:
            bed.down()
        else:
            bed.close()


if __name__ == "__main__":
    main()
