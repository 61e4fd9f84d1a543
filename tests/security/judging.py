"""What a hostile hand-in may lead to, and what it may never do."""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Collection
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import yaml

from pytest_k8sgrade.gradebook.attempt import Attempt
from tests.security.audited import Graded

HERE: Final = Path(__file__).parent
BAD_INPUTS: Final[dict[str, dict[str, tuple[str, str]]]] = yaml.safe_load(
    (HERE / "bad_inputs.yaml").read_text(encoding="utf-8")
)
"""By group and id: what it is, and what happens."""
FILES: Final = {"attempt.json", "evidence.zip", "grade.html", "grade.json", "grade.xml"}
_OURS: Final = ("/proc/self/", "/dev/null")
"""What is written to outside of the folder: what the process says of itself, and nothing."""


def expected(group: str, name: str) -> str:
    """What the table says that happens."""
    return BAD_INPUTS[group][name][1]


def outcome(attempt: Attempt) -> str:
    """What happened, in the words of the table."""
    if attempt.problem is not None:
        assert {item.verdict for item in attempt.items} == {"ungraded"}
        return attempt.problem.id
    doubts = {item.reason.id for item in attempt.items if item.reason and item.verdict == "ungraded"}
    doubts -= {"need-ungraded"}
    lost = any(item.verdict in ("failed", "partial") for item in attempt.items)
    if len(doubts) == 1 and not lost:
        return doubts.pop()
    return "as-without" if not doubts and not lost else "graded"


def harmless(graded: Graded, reaches: Collection[tuple[str, int]] = (), names: Collection[str] = ()) -> None:
    """Nothing was run, written outside of the folder or sent elsewhere, and every report can be read.

    `reaches` are the addresses that may be connected to, `names` those that may be looked up.
    """
    assert graded.code == 0
    assert not graded.of("runs"), graded.of("runs")
    outside = [path for path in graded.of("writes") if not path.startswith((str(graded.folder), *_OURS))]
    assert not outside, outside
    allowed = {f"socket.connect {reach!r}" for reach in reaches}
    allowed |= {f"socket.getaddrinfo {name!r}" for name in names}
    elsewhere = set(graded.of("talks")) - allowed
    assert not elsewhere, elsewhere
    found = {path.name for path in graded.folder.iterdir()}
    assert FILES - {"evidence.zip"} <= found <= FILES
    json.loads((graded.folder / "grade.json").read_text(encoding="utf-8"), parse_constant=_no_constant)
    ElementTree.parse(graded.folder / "grade.xml")
    assert "<script>alert" not in (graded.folder / "grade.html").read_text(encoding="utf-8")
    assert graded.attempt.student.id == "s001"


def reads_only(graded: Graded, own: Collection[Path] = ()) -> None:
    """No file was read but what Python, the product and the hand-in consist of."""
    places = (str(graded.folder), *map(str, own), *_PARTS, *_OURS)
    others = [path for path in graded.of("reads") if not path.startswith(places)]
    assert not others, others


def _no_constant(text: str) -> None:
    raise ValueError(text)


_PARTS = (str(HERE.parents[1]), sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))
