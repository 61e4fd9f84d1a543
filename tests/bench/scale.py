"""A class at a time, by its ratios: `python -m tests.bench.scale [clusters] [evidence] [size]`, or all.

`clusters`: 200 simulated clusters (recordings behind one HTTPS server, see `clusters`) graded by
`k8sgrade batch`, beside a sample of them by one `pytest` process each, as many at a time.
`evidence`: 100 and 1,000 evidence files, with the memory of the command at its highest.
`size`: one live cluster, small and grown (see `scale_size`).
A measurement, not a test; run by `make bench`.
"""

from __future__ import annotations

import csv
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.clusters import Clusters
from tests.bench.scale_size import main as measure_size

CLUSTERS: Final = 200
SAMPLE: Final = 24
FILES: Final = (100, 1000)
JOBS: Final = 8
EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "lab1"
EVIDENCE: Final = tuple(EXAMPLES / f"{name}.zip" for name in ("reference", "half", "empty"))
_GRADED: Final = (0, 1, 8)
"""Exit codes of a class or a student that was graded, whatever the marks."""
_ALONE: Final = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
_LOOKING: Final = ("--allow", "loopback", "--wait", "0", "--jobs", str(JOBS))
_PYTEST: Final = (str(Path(sys.executable).with_name("pytest")), "-p", "pytest_k8sgrade.plugin")
_BATCH: Final = (sys.executable, "-m", "pytest_k8sgrade", "batch")


@dataclass(frozen=True)
class Cost:
    """What something took: seconds of the clock and of processors, bytes of the command's own memory."""

    wall: float
    processor: float
    memory: int = 0


def batch(folder: Path, column: str, hand_ins: Iterable[Path], *options: str) -> Cost:
    """Grade hand-ins as a class, each a row of the roster."""
    roster, out = folder / "roster.csv", folder / "out"
    with roster.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["student", column])
        rows.writerows((f"s{number:04}", str(path)) for number, path in enumerate(hand_ins, start=1))
    where = ("--rubric", "lab1", "--out", str(out), "--quiet")
    return _timed([*_BATCH, str(roster), *where, *options], folder)


def _timed(argv: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end, watching its own memory; its children's times are in the cost."""
    began, log = time.monotonic(), folder / "log"
    with log.open("wb") as said:
        process = subprocess.Popen(argv, cwd=folder, env=_ALONE, stdout=said, stderr=subprocess.STDOUT)
    peak = 0
    while True:
        peak = max(peak, _peak(process.pid))
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        time.sleep(0.02)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in _GRADED:
        raise SystemExit(f"{argv} ended with {process.returncode}:\n{log.read_text(encoding='utf-8')}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak)


def _peak(pid: int) -> int:
    """A process's memory at its highest so far, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def processes(folder: Path, kubeconfigs: Sequence[Path], at_a_time: int) -> Cost:
    """Grade clusters by one pytest process each, with the same files for each student."""
    began = time.monotonic()
    with ThreadPoolExecutor(at_a_time) as pool:
        costs = list(pool.map(lambda one: _process(folder, *one), enumerate(kubeconfigs)))
    return Cost(time.monotonic() - began, sum(cost.processor for cost in costs))


def _process(folder: Path, number: int, kubeconfig: Path) -> Cost:
    own = folder / f"alone-{number}"
    own.mkdir(exist_ok=True)
    reports = [f"--k8s-grade-report={form}={own}/grade.{form}" for form in ("json", "junit", "html")]
    asked = [f"--k8s-grade-kubeconfig={kubeconfig}", f"--k8s-grade-record={own}/evidence.zip"]
    return _timed([*_PYTEST, "--k8s-grade=lab1", "--k8s-grade-wait=0", *asked, *reports], own)


def clusters() -> str:
    """The cost of a cluster in a class, beside that of a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Clusters.of_files(EVIDENCE, CLUSTERS, folder) as simulated:
            kubeconfigs = [folder / f"{number}.kubeconfig" for number in range(CLUSTERS)]
            for number, kubeconfig in enumerate(kubeconfigs):
                kubeconfig.write_text(simulated.kubeconfig(number), encoding="utf-8")
            sample = kubeconfigs[:SAMPLE]
            processes(folder, sample[:2], 2)  # warms the caches of files
            together = batch(folder, "kubeconfig", kubeconfigs, *_LOOKING)
            rows = [
                (f"k8sgrade batch, {JOBS} at a time", CLUSTERS, together),
                (f"pytest, {JOBS} at a time", SAMPLE, processes(folder, sample, JOBS)),
                ("pytest, one by one", SAMPLE, processes(folder, sample, 1)),
            ]
    lines = [f"{f'{CLUSTERS} clusters, lab 1':32}{'graded':>8}{'s each':>8}{'CPU s each':>12}{'/ batch':>9}"]
    for what, number, cost in rows:
        each, share = cost.wall / number, (cost.wall / number) / (together.wall / CLUSTERS)
        lines.append(f"{what:32}{number:>8}{each:>8.3f}{cost.processor / number:>12.3f}{share:>9.2f}")
    return "\n".join(lines)


def evidence() -> str:
    """The time for evidence files, and the command's memory by their number."""
    lines = [
        f"{'evidence files, lab 1':32}{'graded':>8}{'s':>8}{'s each':>8}{'CPU s each':>12}{'peak MiB':>10}"
    ]
    for number in FILES:
        with tempfile.TemporaryDirectory() as name:
            cost = batch(Path(name), "evidence", itertools.islice(itertools.cycle(EVIDENCE), number))
        each = f"{cost.wall:>8.1f}{cost.wall / number:>8.3f}{cost.processor / number:>12.3f}"
        lines.append(f"{'k8sgrade batch':32}{number:>8}{each}{cost.memory / 2**20:>10.1f}")
    return "\n".join(lines)


MEASURES: Final = {"clusters": clusters, "evidence": evidence, "size": measure_size}


def main(wanted: Sequence[str]) -> None:
    """Print a table per measurement."""
    for name in wanted or MEASURES:
        print(MEASURES[name](), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
