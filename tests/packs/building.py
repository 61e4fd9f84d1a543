"""The recordings of the labs that have no testbed, built anew: `recordings` gives them by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.packs import find_pack
from tests.packs import log_faults, logs, sheets, traces
from tests.packs.served import handed_in, recorded
from tests.packs.stack import Stack, fresh


@dataclass(frozen=True)
class Pack:
    """A lab's stack in memory, and its changes by the id of the mutation."""

    reference: Callable[[], Stack]
    mutations: Mapping[str, Callable[[Stack], None]]


LABS: Final = ("logging", "tracing", "theory")
"""Those whose recordings are built here."""
PACKS: Final[Mapping[str, Pack]] = {
    "logging": Pack(logs.reference, log_faults.MUTATIONS),
    "tracing": Pack(traces.reference, traces.MUTATIONS),
}


def recordings(lab: str) -> dict[str, bytes]:
    """All recordings of a lab: `empty`, `reference` and one for each mutation."""
    loaded = load_rubric(find_pack(lab))
    if lab == "theory":
        return _sheets(loaded)
    pack = PACKS[lab]
    working = pack.reference()
    stacks = {name: working.changed(change) for name, change in pack.mutations.items()}
    every = {"empty": fresh(), "reference": working, **stacks}
    return {name: recorded(loaded, one) for name, one in every.items()}


def _sheets(loaded: LoadedRubric) -> dict[str, bytes]:
    answers = sheets.right(loaded)
    mistakes = {name: sheets.changed(answers, change) for name, change in sheets.MUTATIONS.items()}
    nothing: sheets.Answers = {question: {} for question in answers}
    every = {"empty": nothing, "reference": answers, **mistakes}
    return {name: handed_in(loaded, sheets.sheet(loaded, one)) for name, one in every.items()}
