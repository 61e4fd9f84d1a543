"""Any rubric with any outcome, graded by a real session on a cluster that is only told of.

Items, needs and flags are drawn; what a look finds is drawn per item. Only the look itself is
replaced: rounds, settling, results, arithmetic and reports are the product's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st

from pytest_k8sgrade.cluster import RecordedSource
from pytest_k8sgrade.cluster.evidence import Evidence
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.locale.messages import Catalogue, Language
from pytest_k8sgrade.outcome import Observation, Part, Reason, Status
from pytest_k8sgrade.rubric.model import Rubric
from pytest_k8sgrade.run.entry import Entry
from pytest_k8sgrade.run.progress import NoProgress
from pytest_k8sgrade.run.session import GradeSession
from pytest_k8sgrade.run.settings import Settings
from pytest_k8sgrade.run.sources import RecordedCluster

law = settings(max_examples=60)
"""How many courses a law is tried on: each is a whole run."""

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DOUBT = Observation("cannot-tell", Reason("timeout", {"endpoint": "it", "path": "/api", "seconds": 10}))
MET = Observation("met")
LOST = Observation("unmet", Reason("object-absent", {"kind": "Pod", "name": "web", "namespace": "lab"}))

points = st.integers(0, 2000).map(lambda cents: Decimal(cents) / 100)
weights = st.sampled_from([1.0, 2.0, 0.001, 1e6])
marks = st.one_of(
    st.integers(1, 100).map(lambda percent: f"{percent}%"),
    st.integers(1, 4000).map(lambda cents: cents / 100),
)


@dataclass(frozen=True)
class Course:
    """A rubric's items as the file has them, and what the look at each one finds."""

    items: tuple[Mapping[str, Any], ...]
    found: Mapping[str, Observation]
    mark: str | float = "60%"

    @property
    def ids(self) -> list[str]:
        """The ids in the order of the file."""
        return [str(item["id"]) for item in self.items]

    def finding(self, **found: Observation) -> Course:
        """The course with other observations."""
        return replace(self, found={**self.found, **found})

    def changed(self, item_id: str, **keys: Any) -> Course:
        """The course with other keys of one item; None takes a key out."""
        items = [{**item, **keys} if item["id"] == item_id else item for item in self.items]
        kept = [{key: value for key, value in item.items() if value is not None} for item in items]
        return replace(self, items=tuple(kept))

    def ordered(self, order: Sequence[int]) -> Course:
        """The course with its items in another order."""
        return replace(self, items=tuple(self.items[index] for index in order))

    @property
    def rubric(self) -> Rubric:
        """The rubric."""
        by_group: dict[str, list[Any]] = {}
        for item in self.items:
            by_group.setdefault(str(item["group"]), []).append(
                {key: value for key, value in item.items() if key != "group"}
            )
        groups = [{"id": name, "title": f"Group {name}", "items": of} for name, of in by_group.items()]
        head = {"k8sgrade": 1, "id": "lab", "title": "Lab", "pass_mark": self.mark}
        return Rubric.model_validate({**head, "groups": groups})

    def grade(self, language: Language = "en") -> Grade:
        """The grade of a run over recorded evidence that shows exactly this."""
        rubric = self.rubric
        session = GradeSession(
            settings=Settings(lab="lab", language=language),
            lab=cast("Any", SimpleNamespace(rubric=rubric, digest="sha256:0", checks=_Checks())),
            catalogue=_catalogue(language),
            source=RecordedCluster(RecordedSource(Evidence((), NOW, {"context": "lab"})), Path("lab.zip")),
            looker=cast("Any", _Looker(self.found)),
        )
        nodes = [cast("Any", SimpleNamespace(rubric_item=item)) for item in rubric.items]
        session.run(nodes, NoProgress())
        return session.finish()


@cache
def _catalogue(language: Language) -> Catalogue:
    return Catalogue(language)


class _Checks(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return SimpleNamespace(title=name, parameters={})


class _Looker:
    """Finds what was drawn."""

    values: Mapping[str, Any] = {}
    search = SimpleNamespace(fixed={})
    sheet = None

    def __init__(self, found: Mapping[str, Observation]) -> None:
        self._found = found

    def look(self, entry: Entry, view: Any) -> Observation:
        return self._found[entry.id]


def _parts(draw: st.DrawFn) -> tuple[Part, ...]:
    """Some parts, of which at least one is not met, or none."""
    met = draw(st.lists(st.booleans(), max_size=3))
    made = [Part(f"part-{index}", one, draw(weights)) for index, one in enumerate(met)]
    missing = Part("missing", met=False, weight=draw(weights), reason=LOST.reason)
    return (*(replace(p, reason=None if p.met else LOST.reason) for p in made), missing) if made else ()


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """Whatever a look can find."""
    status: Status = draw(
        st.sampled_from(["met", "met", "unmet", "absent", "hopeless", "early", "cannot-tell"])
    )
    if status == "met":
        return MET
    if status == "cannot-tell":
        return DOUBT
    return Observation(status, LOST.reason, seen=0, wanted=1, parts=_parts(draw))


@st.composite
def courses(draw: st.DrawFn, *, most: int = 6) -> Course:
    """Any rubric, its needs leading to earlier items, with any outcome."""
    items: list[dict[str, Any]] = []
    for index in range(draw(st.integers(1, most))):
        item: dict[str, Any] = {
            "id": f"i{index}",
            "group": f"g{draw(st.integers(0, 2))}",
            "check": "own.check",
            "points": draw(points),
            "level": "effect",
            "title": f"Item {index}",
        }
        kind = draw(st.sampled_from(["plain", "plain", "plain", "bonus", "required", "waived", "active"]))
        item |= {"waived": "It rained."} if kind == "waived" else {}
        item |= {"active": "load"} if kind == "active" else {}
        item |= {kind: True} if kind in ("bonus", "required") else {}
        earlier = [str(one["id"]) for one in items if "active" not in one]
        if earlier:
            item["needs"] = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True))
        items.append(item)
    found = {str(item["id"]): draw(observations()) for item in items}
    return Course(tuple(items), found, draw(marks))
