"""Records the evidence of a lab's proofs from the testbed: `python -m tests.e2e.record_proofs [ID...]`.

Each ID is a change of `tests/testbed/scenarios/changes` (or a pattern such as `helm-*`), all that the
proof file names by default; `reference` and `empty` are recorded when they are named. The lab is
lab1 unless --lab says otherwise; the scenario of its name is its reference. Several recorders may
run at once, each on a bed of its own (--bed). Exit codes: 0 all as the proof file
says, 1 something is not, 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from pytest_k8sgrade.prove.judge import Difference, compare, first_told
from pytest_k8sgrade.prove.model import Mutation
from pytest_k8sgrade.prove.sharing import share, whole
from pytest_k8sgrade.reports.write import write_atomically
from pytest_k8sgrade.rubric.validation import parse
from tests.e2e.grader import LAB, grade
from tests.e2e.proving import NotRestored, Recorded, record, require_full
from tests.testbed import scenarios
from tests.testbed.fixtures import running
from tests.testbed.node import Bed, BedError, attach

PROOFS = Path(__file__).parents[2] / "rubrics" / "proofs"
WHOLE = ("reference", "empty")


def main(arguments: Sequence[str] | None = None) -> int:
    """Record what is asked for, one after the other; a fault of one does not stop the others."""
    options = _parser().parse_args(arguments)
    options.out = options.out or PROOFS / options.lab
    if options.share:
        return _share(options.out)
    known = mutations(options.lab)
    try:
        chosen = _chosen(options.ids, known)
        faulty = [name for name in ("empty",) if name in chosen and not _empty(options)]
        changes = [name for name in chosen if name != "empty"]
        if changes:
            with bed_of(options.lab, options.bed) as bed:
                faulty += _record_all(bed, changes, known, options)
    except (ValueError, BedError) as error:
        print(f"record_proofs: {error}", file=sys.stderr)
        return 2
    print(
        f"{len(chosen) - len(faulty)} of {len(chosen)} as expected"
        + "".join(f"\n  not: {one}" for one in faulty)
    )
    return 1 if faulty else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.record_proofs", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="change, pattern, `reference` or `empty`")
    parser.add_argument("--lab", default=LAB, help="rubric and scenario (default: %(default)s)")
    parser.add_argument("--bed", help="name of a running bed with the lab; one is started by default")
    parser.add_argument("--out", type=Path, help="folder of the evidence (default: the lab's proofs)")
    parser.add_argument(
        "--share", action="store_true", help="only pack what lies there: common answers are kept once"
    )
    parser.add_argument(
        "--quick", action="store_true", help="look for full marks once, after the last change"
    )
    return parser


def _share(out: Path) -> int:
    """Put what the recordings have in common into one file; whole ones and shared ones may be mixed."""
    shared = out / "shared.zip"
    common = shared.read_bytes() if shared.exists() else None
    files = sorted(file for file in out.glob("*.zip") if file != shared)
    recordings = {
        file.name: file.read_bytes() if common is None else whole(file.read_bytes(), common) for file in files
    }
    thin, pool = share(recordings)
    for file in files:
        write_atomically(file, thin[file.name])
    write_atomically(shared, pool)
    print(f"{len(files)} recordings: {sum(map(len, thin.values()))} bytes and {len(pool)} shared")
    return 0


def _record_all(
    bed: Bed, names: Sequence[str], known: Mapping[str, Mutation], options: argparse.Namespace
) -> list[str]:
    """Record one after the other; those that are not as expected."""
    faulty = []
    for index, name in enumerate(names, start=1):
        verified = not options.quick or index == len(names)
        if not _record(bed, name, known.get(name), options, verified=verified):
            faulty.append(name)
    return faulty


def mutations(lab: str) -> dict[str, Mutation]:
    """A proof file's mutations by id: only those parts of the file are read that are needed here."""
    file = PROOFS / f"{lab}.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {one["id"]: parse(Mutation, one) for one in content.get("mutations") or []}


def _chosen(wanted: Sequence[str], known: dict[str, Mutation]) -> list[str]:
    """Names of changes in the order of the table; a pattern must match something."""
    names = [*WHOLE, *scenarios.CHANGES]
    if not wanted:
        return [name for name in names if name in known]
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ValueError(f"no change {pattern!r}: there are {', '.join(names)}")
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in wanted)]


@contextmanager
def bed_of(lab: str, name: str | None) -> Iterator[Bed]:
    """The named bed, a running one with the lab, or one of our own that is taken down again."""
    found = name or running(lab)
    if found:
        bed = attach(found)
        try:
            yield bed
        finally:
            bed.close()
        return
    bed = scenarios.start(lab, name="proofs")
    try:
        yield bed
    finally:
        bed.down()


def _empty(options: argparse.Namespace) -> bool:
    own = f"{options.lab}-empty"
    bed = scenarios.start(own if own in scenarios.SCENARIOS else "empty", name="proofs-empty")
    try:
        with tempfile.TemporaryDirectory() as folder:
            evidence = options.out / "empty.zip"
            run = grade(bed, Path(folder), f"--k8s-grade-record={evidence}", lab=options.lab)
    finally:
        bed.down()
    print(f"empty: {run.graded.score} of {run.graded.max_score}, exit code {run.code}")
    return run.graded.score == run.graded.ungraded_points == 0


def _record(
    bed: Bed, name: str, expected: Mutation | None, options: argparse.Namespace, *, verified: bool
) -> bool:
    """Record one and tell it; whether it is as expected."""
    evidence, lab = options.out / f"{name}.zip", options.lab
    try:
        if name == "reference":
            with tempfile.TemporaryDirectory() as folder:
                require_full(bed, Path(folder), name, f"--k8s-grade-record={evidence}", lab=lab)
            print("reference: full marks")
            return True
        recorded = record(bed, scenarios.change(name), evidence, lab=lab, verified=verified)
    except (NotRestored, AssertionError, TimeoutError, BedError) as error:
        print(f"{name}: {type(error).__name__}: {error}", flush=True)
        return False
    differences = compare(recorded.grade, expected) if expected else []
    _tell(recorded, differences, expected)
    return expected is not None and not differences


def _tell(recorded: Recorded, differences: Sequence[Difference], expected: Mutation | None) -> None:
    print(f"{recorded.change}: {recorded.told()}")
    for item, reason in recorded.lost.items():
        print(f"    {item}: {reason}" + ("  (ungraded)" if item in recorded.ungraded else ""))
    first = first_told(recorded.grade)
    if first is not None and first.reason is not None:
        print(f"  first told: {first.reason.text}\n    {first.hint}")
    for one in differences:
        print(f"  NOT AS EXPECTED: {one.kind} {one.item}: expected {one.expected}, found {one.found}")
    if expected is None:
        print("  not in the proof file yet")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
