"""A lab of ConfigMaps, its rubrics, and evidence of who has which."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_k8sgrade.cluster.evidence import Evidence, pack
from pytest_k8sgrade.cluster.exchange import Exchange, Response

PLACE = "/api/v1/namespaces/demo/configmaps"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CHECKS = '''
def test_configmap(cluster, name: str) -> None:
    """The ConfigMap {name} exists."""
    cluster.get("v1", "ConfigMap", name, "demo")
'''


def rubric(folder: Path, name: str, *items: str, **top: Any) -> Path:
    """A rubric file of items in YAML flow style without their braces; checks lie beside it."""
    (folder / "checks").mkdir(parents=True, exist_ok=True)
    (folder / "checks" / "maps.py").write_text(CHECKS, encoding="utf-8")
    head = {"id": "maps", "title": {"en": "Maps", "ko": "맵"}, "pass_mark": "50%", **top}
    lines = [
        "k8sgrade: 1",
        *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()),
    ]
    lines += ["groups:", "  - id: all", "    title: {en: All, ko: 전부}", "    items:"]
    lines += [f"      - {{check: maps.configmap, level: exists, {item}}}" for item in items]
    file = folder / f"{name}.yaml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def item(name: str, points: float = 10, more: str = "") -> str:
    """An item for the ConfigMap of its own name."""
    return f"id: {name}, with: {{name: {name}}}, points: {points}{', ' + more if more else ''}"


def evidence(file: Path, there: Iterable[str], gone: Iterable[str] = (), **run: Any) -> Path:
    """Evidence of a cluster in which some ConfigMaps are and some are not; no others were asked for."""
    answers = [_there(name) for name in there] + [_gone(name) for name in gone]
    file.parent.mkdir(parents=True, exist_ok=True)
    noted = {"rubric": {"id": "maps", "version": "1", "digest": "sha256:0"}, **run}
    cluster = {"uid": "1", "context": "demo", "server_version": "v1.34.4"}
    tool = {"version": "0.1.0"}
    file.write_bytes(pack(Evidence(exchanges=tuple(answers), now=NOW, cluster=cluster, run=noted, tool=tool)))
    return file


def _there(name: str) -> Exchange:
    return _answer(name, 200, {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "demo"}})


def _gone(name: str) -> Exchange:
    details = {"name": name, "kind": "configmaps"}
    body = {"kind": "Status", "apiVersion": "v1", "reason": "NotFound", "code": 404, "details": details}
    return _answer(name, 404, body)


def _answer(name: str, status: int, body: dict[str, Any]) -> Exchange:
    headers = {"content-type": "application/json"}
    return Exchange(f"GET {PLACE}/{name}", Response(status, headers, json.dumps(body).encode()))
