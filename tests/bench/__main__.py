"""Times the grader beside kubectl scripts, chainsaw and a bare pytest start, on one converged lab 1.

A kubectl script and a chainsaw test come twice: with the 25 looks that a course would write, and
with the same objects that the grader reads (`same`). All take turns, so that a slow moment of
the machine meets all of them; ratios of medians are what counts. `libraries only` is a pytest
run that does nothing but import the libraries that grading rests on: no grader on them can be
faster. Run by `make bench`; it is a measurement, not a test.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_k8sgrade.cluster.evidence import unpack
from tests.bench import chainsaw as chainsaw_looks
from tests.bench import same
from tests.testbed import scenarios
from tests.testbed.fixtures import running
from tests.testbed.node import Bed, attach

ROUNDS = 11
PYTEST = str(Path(sys.executable).with_name("pytest"))
LIBRARIES = "import prometheus_api_client.prometheus_connect, pydantic.main, requests, rich.console, yaml"
OURS = ("-p", "pytest_k8sgrade.plugin")
LOOKS = Path(__file__).with_name("looks.sh")


def commands(bed: Bed, folder: Path) -> dict[str, list[str]]:
    """What is timed, by the name it is printed under."""
    grade = [PYTEST, *OURS, "--k8s-grade=lab1", f"--k8s-grade-kubeconfig={bed.kubeconfig}"]
    chainsaw = [str(bed.artifacts.binary("chainsaw")), "test", "--no-color"]
    chainsaw_looks.write_test(folder / "looks")
    seconds_of(bed, "this grader", [*grade, "--k8s-grade-record=read.zip"], folder)
    read = same.answers(unpack(folder / "read.zip"))
    same.write_script(read, folder / "same.sh")
    same.write_test(read, folder / "same")
    empty = _test_file(folder / "bare", "pass")
    libraries = _test_file(folder / "libraries", LIBRARIES)
    return {
        "this grader": grade,
        "kubectl, 25 looks": [str(LOOKS)],
        "kubectl, same": [str(folder / "same.sh")],
        "chainsaw, 25 looks": [*chainsaw, str(folder / "looks")],
        "chainsaw, same": [*chainsaw, str(folder / "same")],
        "libraries only": [PYTEST, "-q", str(libraries)],
        "bare pytest": [PYTEST, "-q", str(empty)],
        "with the plugin": [PYTEST, *OURS, "-q", str(empty)],
    }


def _test_file(folder: Path, body: str) -> Path:
    folder.mkdir()
    (folder / "test_one.py").write_text(f"def test_one():\n    {body}\n", encoding="utf-8")
    return folder


def environment(bed: Bed) -> dict[str, str]:
    """That of a student: no plugins of ours for development, and Python may keep its byte code."""
    own = {**bed.environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return own


def seconds_of(bed: Bed, name: str, argv: Sequence[str], folder: Path) -> float:
    """Wall seconds of a command, which must end well."""
    began = time.monotonic()
    process = bed.popen(
        argv,
        cwd=folder,
        env=environment(bed),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output, _ = process.communicate(timeout=300)
    if process.returncode:
        raise SystemExit(f"{name} ended with {process.returncode}:\n{output}")
    return time.monotonic() - began


def time_all(bed: Bed, timed: Mapping[str, Sequence[str]], folder: Path) -> dict[str, list[float]]:
    """Wall seconds of every command, in turns; the first turn warms caches and is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for turn in range(ROUNDS + 1):
        for name, argv in timed.items():
            took = seconds_of(bed, name, argv, folder)
            if turn:
                seconds[name].append(took)
    return seconds


def report(seconds: Mapping[str, Sequence[float]]) -> str:
    """Medians, spreads, and the grader's time as a share of each of the others'."""
    ours = statistics.median(seconds["this grader"])
    lines = [f"{'':18}{'median s':>10}{'min':>8}{'max':>8}{'grader / it':>14}"]
    for name, values in seconds.items():
        median = statistics.median(values)
        lines.append(f"{name:18}{median:>10.2f}{min(values):>8.2f}{max(values):>8.2f}{ours / median:>14.2f}")
    return "\n".join(lines)


def main() -> None:
    """Take a running bed of lab 1, or start one, and print the table."""
    name = running("lab1")
    bed = attach(name) if name else scenarios.start("lab1", name="bench")
    try:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            print(report(time_all(bed, commands(bed, place), place)))
    finally:
        if name is None:
            bed.down()


if __name__ == "__main__":
    main()
