"""A small lab of our own, a fake API server, and pytest in a process of its own to grade it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cluster.conftest import api, authority
from tests.unit.cluster.fake import FakeApi

__all__ = ["api", "authority"]

CHECKS = '''
from pathlib import Path

from pytest_k8sgrade.outcome import Findings, absent, cannot_tell, hopeless, unmet


def test_ok(cluster) -> None:
    """It is as asked."""


def test_unmet(cluster, name: str = "thing") -> None:
    """The {name} is right."""
    unmet("object-absent", kind="Thing", name=name, namespace="demo", seen="wrong", wanted="right")


def test_hopeless(cluster) -> None:
    """It can never be."""
    hopeless("object-absent", kind="Thing", name="t", namespace="demo")


def test_parts(cluster) -> None:
    """Half of it is there."""
    findings = Findings()
    findings.require(True, "object-absent", part="first")
    findings.require(False, "object-absent", part="second", kind="Thing", name="t", namespace="d")
    findings.close()


def test_doubt(cluster) -> None:
    """Nobody knows."""
    cannot_tell("timeout", path="/x", seconds=1)


def test_broken(cluster) -> None:
    """The check has a bug."""
    raise ZeroDivisionError("secret-free")


def test_configmap(cluster, name: str, namespace: str = "demo") -> None:
    """The ConfigMap {name} exists."""
    cluster.get("v1", "ConfigMap", name, namespace)


def test_file(cluster, path: str) -> None:
    """The file exists: a state that a test can change while the run goes on."""
    Path(path + ".looked").touch()
    if not Path(path).exists():
        unmet("object-absent", kind="File", name=path, namespace="-")
'''


@dataclass
class Lab:
    """A rubric file with its checks beside it, the cluster it grades, and how to run it."""

    pytester: pytest.Pytester
    api: FakeApi
    folder: Path

    @property
    def rubric(self) -> Path:
        """The rubric file."""
        return self.folder / "demo.yaml"

    def write(self, *items: str, **top: Any) -> None:
        """Write a rubric of items given as `id: check` with further keys after a bar, in YAML flow style."""
        lines = [
            "k8sgrade: 1",
            "id: demo",
            "title: {en: Demo lab, ko: 데모 실습}",
            f"pass_mark: {top.pop('pass_mark', '60%')}",
            *(f"{key}: {json.dumps(value)}" for key, value in top.items()),
            "groups:",
            "  - id: all",
            "    title: {en: Everything, ko: 전부}",
            "    items:",
        ]
        for item in items:
            head, _, more = item.partition("|")
            name, _, check = head.partition(":")
            extra = f", {more}" if more else ""
            points = "" if "points:" in more else ", points: 10"
            lines.append(
                f"      - {{id: {name.strip()}, check: {check.strip()}, level: effect{points}{extra}}}"
            )
        self.rubric.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def command(self, *options: str) -> list[str]:
        """The options of a run that writes its grade."""
        return [
            f"--k8s-grade={self.rubric}",
            f"--k8s-grade-kubeconfig={self.api.kubeconfig()}",
            "--k8s-grade-lang=en",
            f"--k8s-grade-report=json={self.folder / 'grade.json'}",
            *options,
        ]

    def run(self, *options: str) -> pytest.RunResult:
        """Grade in a process of its own."""
        return self.pytester.runpytest_subprocess(*self.command(*options), timeout=60)

    def grade(self) -> dict[str, Any]:
        """The grade that the last run wrote."""
        return dict(json.loads((self.folder / "grade.json").read_text(encoding="utf-8")))

    def verdicts(self) -> dict[str, str]:
        """The verdicts of the last run by item."""
        return {item["id"]: item["verdict"] for item in self.grade()["items"]}


@pytest.fixture
def lab(pytester: pytest.Pytester, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """The lab in a folder of its own; pytest runs in another, empty one."""
    for name in [name for name in os.environ if name.startswith(("PYTEST_ADDOPTS", "K8SGRADE"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "lab"
    (folder / "checks").mkdir(parents=True)
    (folder / "checks" / "demo.py").write_text(CHECKS, encoding="utf-8")
    return Lab(pytester, api, folder)
