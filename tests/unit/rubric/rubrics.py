"""A small rubric with checks beside it, and what its faults are."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pytest_k8sgrade.errors import RubricFault
from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.packs import find_pack

CHECKS = '''
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster


def test_active(
    cluster: Cluster,
    name: str,
    namespace: str = "default",
    metrics: list[str] | None = None,
    least: int = 1,
    ratio: float = 0.5,
    strict: bool = True,
    direction: Literal["up", "down"] = "up",
    labels: dict[str, str] | None = None,
) -> None:
    """The autoscaler {name} in {namespace} reads its metrics.

    More for whoever reads the code.
    """


def test_scaled(cluster: Cluster, name: str) -> None:
    """The autoscaler {name} has scaled."""


def helper() -> None: ...
'''

GOOD = """\
k8sgrade: 1
id: lab
title: {en: Lab, ko: 실습}
pass_mark: 60%
points: 15
budget: 5m
hold: 15s
vars:
  ns: {first_that_exists: [day5-lab, default], holding: deployment/web-app}
  least: 2
groups:
  - id: hpa
    title: {en: Autoscaling, ko: 자동 확장}
    points: 15
    items:
      - id: active
        check: scaler.active
        with: {name: web, namespace: "{ns}", metrics: [cpu, memory], least: "{least}"}
        points: 10
        level: accepted
        within: 3m
      - id: scaled
        check: scaler.scaled
        with: {name: "web-{ns}"}
        points: 5
        level: effect
        needs: [active]
        hints: {beginner: {en: "Look at {name} in {ns}.", ko: "{ns}의 {name}을 보세요."}}
"""


def pack_folder(folder: Path, text: str = GOOD) -> Path:
    """A folder with a rubric of the text and the checks beside it; the rubric's path."""
    (folder / "checks").mkdir(exist_ok=True)
    (folder / "checks" / "scaler.py").write_text(dedent(CHECKS), encoding="utf-8")
    path = folder / "lab.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str = GOOD) -> LoadedRubric:
    """The rubric of the text, loaded."""
    return load_rubric(find_pack(str(pack_folder(folder, text))))


def changed(old: str, new: str) -> str:
    """The good rubric with one change; `old` must be in it."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def faults(folder: Path, text: str) -> list[str]:
    """The faults of a text as `LINE: message`, without the file's name."""
    path = pack_folder(folder, text)
    with pytest.raises(RubricFault) as caught:
        load_rubric(find_pack(str(path)))
    lines = str(caught.value).splitlines()[1:]
    return [line.strip().removeprefix(f"{path}:") for line in lines]
