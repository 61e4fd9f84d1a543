"""What one call of `k8sgrade batch` is to do, checked before the first hand-in costs time.

Roster, rubric, variables, overrides and late policy are read here; each fault is told with
the file and line that it is in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Final, Literal

from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.roster import Roster, RosterOptions, load_roster
from pytest_k8sgrade.batch.roster.times import zone_of
from pytest_k8sgrade.batch.workers.limits import MEBIBYTE, SLACK_S, Limits
from pytest_k8sgrade.cluster.policy import foreign
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.gradebook.attempt import Attempt
from pytest_k8sgrade.gradebook.model import Override
from pytest_k8sgrade.gradebook.overrides import load_overrides
from pytest_k8sgrade.gradebook.policy import load_policy
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.locale.messages import HintLevel, Language
from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.packs import Pack, find_pack
from pytest_k8sgrade.rubric.policy import Policy
from pytest_k8sgrade.rubric.variables import parse_overrides
from pytest_k8sgrade.run.settings import wait_of

LEAST_MEMORY: Final = 256 * MEBIBYTE
"""Less is not enough for a worker to begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the command as the person gave them; `overrides` are those of the rubric's variables."""

    roster: Path
    rubric: str
    out: Path
    resume: bool
    retry: bool
    only: tuple[str, ...]
    jobs: int | None
    time_limit: str | None
    memory_limit: str | None
    wait: str | None
    overrides: tuple[str, ...]
    overrides_file: Path | None
    policy: Path | None
    deadline: str | None
    timezone: str
    encoding: str | None
    allow: tuple[str, ...]
    engine: Literal["local", "dask"]
    scheduler: str | None
    assignment: str | None
    hints: HintLevel
    quiet: bool
    language: Language

    def again(self, attempt: Attempt) -> bool:
        """Whether a finished hand-in is graded once more."""
        if self.retry:
            return any(item.verdict == "ungraded" for item in attempt.items)
        return bool(self.only)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is graded with what. `chosen` is what this call grades of the roster, `zone` that of times."""

    roster: Roster
    chosen: Roster
    lab: LoadedRubric
    options: WorkOptions
    overrides: tuple[Override, ...]
    policy: Policy | None
    zone: tzinfo


def plan_of(asked: Asked) -> Plan:
    """The plan; raises `UsageFault` for everything that is asked wrongly."""
    _refuse_contradictions(asked)
    pack = find_pack(asked.rubric)
    lab = load_rubric(pack)
    parse_overrides(lab.rubric, asked.overrides)
    options = WorkOptions(
        rubric=_everywhere(asked.rubric, pack),
        language=asked.language,
        hints=asked.hints,
        overrides=asked.overrides,
        wait=wait_of(asked.wait, "--wait"),
        limits=_limits(asked, lab),
    )
    zone = zone_of(asked.timezone)
    roster = _roster(asked, zone)
    marks, policy = asked.overrides_file, asked.policy
    return Plan(
        roster=roster,
        chosen=roster.only(asked.only) if asked.only else roster,
        lab=lab,
        options=options,
        overrides=load_overrides(marks.expanduser(), lab.rubric, _attempts(roster)) if marks else (),
        policy=load_policy(policy.expanduser()) if policy else None,
        zone=zone,
    )


def _refuse_contradictions(asked: Asked) -> None:
    if asked.retry and not asked.resume:
        raise UsageFault("--retry grades again what is in the folder: give --resume, too")
    if asked.engine == "dask" and asked.scheduler is None:
        raise UsageFault("--engine dask needs the address of its scheduler: --scheduler tcp://HOST:8786")
    if asked.engine != "dask" and asked.scheduler is not None:
        raise UsageFault(f"--scheduler {asked.scheduler!r} is for --engine dask; give that, or leave it out")


def _roster(asked: Asked, zone: tzinfo) -> Roster:
    foreign(asked.allow)
    options = RosterOptions(
        zone=zone, deadline=asked.deadline, allow=frozenset(asked.allow), encoding=asked.encoding
    )
    return load_roster(asked.roster.expanduser(), options)


def _everywhere(rubric: str, pack: Pack) -> str:
    """The rubric as workers find it, who are in another folder."""
    return str(pack.file.absolute()) if isinstance(pack.file, Path) and pack.name != rubric else rubric


def _limits(asked: Asked, lab: LoadedRubric) -> Limits:
    wait = wait_of(asked.wait, "--wait")
    time_s = wait_of(asked.time_limit, "--time-limit")
    if time_s == 0:
        raise UsageFault(f"--time-limit {asked.time_limit!r}: expected a duration above 0, e.g. 10m")
    waiting = lab.rubric.budget if wait is None else wait
    limits = Limits(time_s=waiting + SLACK_S if time_s is None else time_s)
    if asked.memory_limit is None:
        return limits
    return Limits(time_s=limits.time_s, memory_bytes=_memory(asked.memory_limit))


def _memory(text: str) -> int:
    try:
        size = int(parse_quantity(text))
    except ValueError:
        raise UsageFault(f"--memory-limit {text!r}: expected a size such as 512Mi or 2Gi") from None
    if size < LEAST_MEMORY:
        raise UsageFault(f"--memory-limit {text!r}: a worker needs {LEAST_MEMORY // MEBIBYTE}Mi at least")
    return size


def _attempts(roster: Roster) -> dict[str, int]:
    counts = Counter(entry.student.id for entry in roster.entries)
    return {**dict.fromkeys((student.id for student in roster.absent), 0), **counts}
