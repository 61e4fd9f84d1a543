"""A small lab without findings, with checks, texts and proofs beside it, to be changed by the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

from pytest_k8sgrade.cluster import Exchange, Response
from pytest_k8sgrade.cluster.evidence import Evidence, pack
from pytest_k8sgrade.lint import Finding, Linted, lint_rubric

GOOD = """\
k8sgrade: 1
id: lab
title: {en: Small lab, ko: 작은 실습}
pass_mark: 60%
points: 10
within: 2m
vars:
  space: lab
groups:
  - id: web
    title: {en: Web, ko: 웹}
    items:
      - id: written
        check: workloads.configured
        with: {name: web, namespace: "{space}", container: web, min_replicas: 2}
        points: 4
        level: configured
        title: {en: Deployment web is written as asked, ko: Deployment web 설정}
      - id: runs
        check: workloads.ready
        with: {name: web, namespace: "{space}"}
        points: 6
        level: effect
        needs: [written]
        title: {en: Deployment web runs, ko: Deployment web 실행}
"""

HEAD = """
from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.outcome import Findings, absent, unmet

"""

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def lab(folder: Path, text: str = GOOD, checks: str = "") -> Path:
    """A rubric file of that text in the folder; `checks` is the code of `checks/own.py` beside it."""
    if checks:
        (folder / "checks").mkdir()
        (folder / "checks" / "own.py").write_text(HEAD + dedent(checks), encoding="utf-8")
    path = folder / "lab.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def own(check: str, *, level: str = "effect", params: str = "{}") -> str:
    """The good lab with one more item of a check of its own."""
    item = f"""\
      - id: own
        check: own.{check}
        with: {params}
        points: 1
        level: {level}
        title: {{en: What the lab itself asks for, ko: 실습이 직접 묻는 것}}
"""
    return GOOD.replace("points: 10\n", "points: 11\n") + item


def changed(old: str, new: str) -> str:
    """The good lab with one change."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def lint(folder: Path, text: str = GOOD, checks: str = "") -> Linted:
    """What lint finds in a lab."""
    return lint_rubric(str(lab(folder, text, checks)))


def rules(linted: Linted) -> list[tuple[str, str | None]]:
    """Rules and items of the findings."""
    return [(finding.rule, finding.item) for finding in linted.findings]


def only(linted: Linted) -> Finding:
    """The one finding."""
    assert len(linted.findings) == 1, linted.findings
    return linted.findings[0]


def texts(folder: Path, language: str, content: str) -> None:
    """A catalogue of the lab's own."""
    place = folder / "locale" / language
    place.mkdir(parents=True, exist_ok=True)
    (place / "own.yaml").write_text(content, encoding="utf-8")


def message(*, reason: str = "It is not so.", levels: str = "beginner intermediate advanced") -> str:
    """A catalogue with the one message `own-not-so`."""
    hints = "".join(f"    {level}: Look at it.\n" for level in levels.split())
    return f"own-not-so:\n  reason: {reason}\n  hint:\n{hints}"


def prove(folder: Path, reference: Mapping[str, Any], empty: Mapping[str, Any]) -> None:
    """Proofs beside the rubric with clusters that answer paths with documents; None is a 404."""
    place = folder / "proofs" / "lab"
    place.mkdir(parents=True)
    for name, answers in {"reference": reference, "empty": empty}.items():
        exchanges = tuple(Exchange(f"GET {path}", _response(body)) for path, body in answers.items())
        evidence = Evidence(exchanges, NOW, {"context": "lab"})
        (place / f"{name}.zip").write_bytes(pack(evidence))
    text = """\
        k8sgrade_proof: 1
        rubric: lab
        reference: lab/reference.zip
        empty: lab/empty.zip
        mutations:
          - id: nothing-there
            title: {en: Nothing is there, ko: 아무것도 없음}
            evidence: lab/empty.zip
            loses: {written: object-absent, runs: blocked}
            says: [web]
        """
    (folder / "proofs" / "lab.yaml").write_text(dedent(text), encoding="utf-8")


def _response(document: Any) -> Response:
    if document is None:
        status = {"kind": "Status", "apiVersion": "v1", "reason": "NotFound", "code": 404}
        return Response(404, {}, json.dumps(status).encode())
    return Response(200, {}, json.dumps(document).encode())
