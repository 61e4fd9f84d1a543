"""Checks written for a test, and what their code is found to need."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from pytest_k8sgrade.rights.constants import Values
from pytest_k8sgrade.rights.reading import Reading, reading
from pytest_k8sgrade.rubric.signature import Check, Checks

HEAD = """
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.cluster.acting import Actor
from pytest_k8sgrade.cluster.acting_rules import parallelism, scale
from pytest_k8sgrade.services.running import workloads

"""


def check(folder: Path, code: str) -> Check:
    """The check `asks` of a file with that code."""
    (folder / "own.py").write_text(HEAD + dedent(code), encoding="utf-8")
    return Checks(folder).find("own.asks")


def asked(folder: Path, code: str, **given: Values) -> Reading:
    """What it needs when its parameters have these values."""
    return reading(check(folder, code), given)


def rights(folder: Path, code: str, **given: Values) -> set[str]:
    """The same, each as `verb resource.group`; nothing may be unclear."""
    found = asked(folder, code, **given)
    assert found.unclear == frozenset()
    return {
        f"{one.verb} {one.resource}" + (f".{one.group}" if one.group else "") for one in found.permissions
    }
