"""What one call of `k8sgrade batch` is to do, checked before the first hand-in costs time.

Roster, rubric, variables, overrides and late policy are read here; each fault is told with
the file and line that it is in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Final

from pytest_k8sgrade.batch.limits import MEBIBYTE, SLACK_S, Limits
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.roster import Roster, RosterOptions, load_roster
from pytest_k8sgrade.cluster.policy import foreign
from pytest_k8sgrade.errors import UsageFault
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
    """The options as the person gave them; texts are still to be read."""

    roster: Path
    rubric: str
    roster_options: RosterOptions
    only: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    wait: str | None = None
    time_limit: str | None = None
    memory_limit: str | None = None
    language: Language
    hints: HintLevel
    overrides: Path | None = None
    policy: Path | None = None


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
    foreign(asked.roster_options.allow)
    pack = find_pack(asked.rubric)
    lab = load_rubric(pack)
    parse_overrides(lab.rubric, asked.settings)
    options = WorkOptions(
        rubric=_everywhere(asked.rubric, pack),
        language=asked.language,
        hints=asked.hints,
        overrides=asked.settings,
        wait=wait_of(asked.wait, "--wait"),
        limits=_limits(asked, lab),
    )
    roster = load_roster(asked.roster, asked.roster_options)
    return Plan(
        roster=roster,
        chosen=roster.only(asked.only) if asked.only else roster,
        lab=lab,
        options=options,
        overrides=load_overrides(asked.overrides, lab.rubric, _attempts(roster)) if asked.overrides else (),
        policy=load_policy(asked.policy) if asked.policy else None,
        zone=asked.roster_options.zone,
    )


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
