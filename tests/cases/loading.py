"""The cases as data: what was recorded, and how this product is asked about it.

`open.yaml` and `live.yaml` hold situations with the right verdict and are kept as
they came; `further/<area>.yaml` has more of their kinds. `replays/<system>.yaml` says
for each of them which check looks at it and what it must find; `given.yaml` has records
that several replays need besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from pytest_k8sgrade.kube.times import parse_time

HERE: Final = Path(__file__).parent
Record = Mapping[str, Any]

OPEN_NOW: Final = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
VERDICTS: Final[Mapping[str, frozenset[str]]] = {
    "pass": frozenset({"passed"}),
    "fail": frozenset({"failed"}),
    "error-of-environment": frozenset({"ungraded"}),
    "partial": frozenset({"partial", "ungraded"}),
}
"""The words of the cases and those of a grade that mean the same."""

_CASE_KEYS: Final = {"at", "services", "given", "fails", "proof", "looks"}
_LOOK_KEYS: Final = {"check", "with", "verdict", "meaning", "reason", "says"}


@dataclass(frozen=True)
class Case:
    """A situation, its records in the order in which they were asked, and the right verdict."""

    id: str
    system: str
    situation: str
    evidence: tuple[Record, ...]
    verdict: str
    hint: str

    @property
    def latest(self) -> datetime:
        """The latest time that a record names: recorded clusters were looked at right after it."""
        texts = re.findall(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", repr(self.evidence))
        times = [moment for text in texts if (moment := parse_time(text)) is not None]
        return (max(times, default=OPEN_NOW) + timedelta(seconds=1)).replace(microsecond=0)


@dataclass(frozen=True)
class Look:
    """One check on the situation and what it must find."""

    check: str
    params: Mapping[str, Any]
    verdict: str
    meaning: str | None
    reason: str | None
    says: tuple[str, ...]


@dataclass(frozen=True)
class Replay:
    """How a case is asked.

    `services` says for a name in brackets which Service it is, `given` completes the
    records, `fails` names a network error of `server` for paths that begin so. `proof` is
    a test of its own in this folder, `file::name`, for what no evidence can hold.
    """

    case_id: str
    looks: tuple[Look, ...]
    at: datetime | None = None
    services: Mapping[str, str] = field(default_factory=dict)
    given: tuple[Record, ...] = ()
    fails: Mapping[str, str] = field(default_factory=dict)
    proof: str = ""


@cache
def cases() -> Mapping[str, Case]:
    """All cases of all files by id."""
    files = [HERE / "open.yaml", HERE / "live.yaml", *sorted((HERE / "further").glob("*.yaml"))]
    entries = [entry for file in files for entry in _load(file)]
    fields = ("id", "system", "situation", "verdict", "hint")
    found = [Case(**{key: one[key] for key in fields}, evidence=tuple(one["evidence"])) for one in entries]
    assert len({case.id for case in found}) == len(found)
    return {case.id: case for case in found}


@cache
def replays() -> Mapping[str, Replay]:
    """All replays by the id of their case; a fault in a file is an error that names it."""
    found: dict[str, Replay] = {}
    for file in sorted((HERE / "replays").glob("*.yaml")):
        for case_id, entry in (_load(file) or {}).items():
            assert case_id not in found, f"{file.name}: {case_id} twice"
            found[case_id] = _replay(case_id, entry, file.name)
    return found


def _replay(case_id: str, entry: Mapping[str, Any], file: str) -> Replay:
    own = {key: value for key, value in entry.items() if key not in _LOOK_KEYS}
    unknown = own.keys() - _CASE_KEYS
    assert not unknown, f"{file}: {case_id}: unknown keys {sorted(unknown)}"
    single = {key: value for key, value in entry.items() if key in _LOOK_KEYS}
    assert not (single and "looks" in own), f"{file}: {case_id}: either one look or `looks`"
    looks = [single] if single else own.get("looks", [])
    return Replay(
        case_id=case_id,
        looks=tuple(_look(look, f"{file}: {case_id}") for look in looks),
        at=parse_time(own["at"]) if "at" in own else None,
        services=own.get("services", {}),
        given=tuple(_given(own.get("given", []))),
        fails=own.get("fails", {}),
        proof=own.get("proof", ""),
    )


def _look(entry: Mapping[str, Any], where: str) -> Look:
    unknown = entry.keys() - _LOOK_KEYS
    assert not unknown, f"{where}: unknown keys {sorted(unknown)}"
    return Look(
        check=entry["check"],
        params=entry.get("with", {}),
        verdict=entry["verdict"],
        meaning=entry.get("meaning"),
        reason=entry.get("reason"),
        says=tuple(str(fact) for fact in entry.get("says", [])),
    )


def _given(entries: list[Any]) -> Iterator[Record]:
    """Records, or the names of lists of them in `given.yaml`."""
    for entry in entries:
        if isinstance(entry, str):
            yield from _load(HERE / "given.yaml")[entry]
        else:
            yield entry


@cache
def _load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
