"""Every reason that checks and services can give has its texts in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

import checks
from pytest_k8sgrade import kube, services, theory
from pytest_k8sgrade.locale.messages import HINT_LEVELS, LANGUAGES, Catalogue, placeholders
from pytest_k8sgrade.outcome import Reason

CATALOGUES = {language: Catalogue(language) for language in LANGUAGES}
SAYS = {"unmet", "absent", "hopeless", "cannot_tell", "say", "Shortfall", "NotLoaded", "Cause"}


def sources() -> Iterator[Path]:
    """The files that give reasons."""
    for package in (checks, services, kube, theory):
        for folder in package.__path__:
            yield from sorted(Path(folder).rglob("*.py"))


def literal_ids() -> set[str]:
    """Reason ids: what raises has them first, `require` second, and some are chosen before."""
    trees = [ast.parse(source.read_text(encoding="utf-8")) for source in sources()]
    nodes = [place for tree in trees for node in ast.walk(tree) for place in reason_places(node)]
    texts = [node.value for place in nodes for node in ast.walk(place) if isinstance(node, ast.Constant)]
    return {text for text in texts if isinstance(text, str) and "-" in text}


def reason_places(node: ast.AST) -> list[ast.expr]:
    """The expressions of a node that give a reason id."""
    if isinstance(node, ast.Assign):
        names = {
            name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)
        }
        return [node.value] if "reason" in names and not isinstance(node.value, ast.Call) else []
    if not isinstance(node, ast.Call):
        return []
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    at = 0 if name in SAYS else 1 if name == "require" else len(node.args)
    return node.args[at : at + 1]


@pytest.mark.parametrize("reason_id", sorted(literal_ids()))
def test_a_reason_has_text_and_hints_in_both_languages(reason_id: str) -> None:
    """With the same parameters, and a command to look with for beginners."""
    needed = []
    for catalogue in CATALOGUES.values():
        told = Reason(reason_id)
        hints = [catalogue.hint(told, level) for level in HINT_LEVELS]
        assert all(hints), f"{reason_id}: a hint is missing in {catalogue.language}"
        beginner = hints[HINT_LEVELS.index("beginner")]
        assert beginner is not None
        command = any(name in beginner for name in ("kubectl", "helm", "k8sgrade"))
        assert command, f"{reason_id}: no command in {catalogue.language}"
        needed.append(
            [placeholders(text) for text in [catalogue.text(told), *(hint or "" for hint in hints)]]
        )
    english, korean = (set().union(*sets) for sets in needed)
    assert english == korean, f"{reason_id}: {english ^ korean}"


def test_ids_are_found_in_the_code() -> None:
    """The search above must not become empty unnoticed."""
    assert {
        "hpa-request-missing",
        "argocd-no-resources",
        "pod-unschedulable",
        "field-differs",
    } <= literal_ids()
    assert len(literal_ids()) > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_reason_has_two_texts(language: str) -> None:
    """YAML takes the last of two entries of one name without a word."""
    folder = Path(str(files("pytest_k8sgrade.locale"))) / language
    lines = [line for file in sorted(folder.glob("*.yaml")) for line in file.read_text("utf-8").splitlines()]
    ids = [
        line.rstrip(":") for line in lines if line.endswith(":") and line[:1].isalpha() and line != "labels:"
    ]
    assert sorted(ids) == sorted(set(ids))
