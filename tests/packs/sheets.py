"""Sheets of answers for the proofs of theory: all right, none, and each with one mistake.

The student of the proofs has drawn numbers with which every mistake is one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_k8sgrade.rubric.load import LoadedRubric
from pytest_k8sgrade.theory.sheet import Sheet
from pytest_k8sgrade.theory.writing import questions

STUDENT: Final = "2026-001"
Answers = dict[str, dict[str, Any]]


def sheet(lab: LoadedRubric, answers: Answers) -> Sheet:
    """A sheet of the proofs' student."""
    rubric = lab.rubric
    top: dict[str, Any] = {"rubric": rubric.id, "version": rubric.version, "student": STUDENT}
    return Sheet.model_validate({"k8sgrade_answers": 1, **top, "answers": answers})


def right(lab: LoadedRubric) -> Answers:
    """The right answers."""
    return {
        asked.item.id: {blank.id: blank.form.right for blank in asked.question.blanks}
        for asked in questions(lab, STUDENT)
    }


def changed(answers: Answers, change: Callable[[Answers], None]) -> Answers:
    """A copy with one mistake."""
    other = copy.deepcopy(answers)
    change(other)
    return other


def put(question: str, **blanks: Any) -> Callable[[Answers], None]:
    """Other answers in these blanks."""

    def change(answers: Answers) -> None:
        assert blanks.keys() <= answers[question].keys(), (question, answers[question])
        answers[question] |= blanks

    return change


def all_the_same(question: str, word: str) -> Callable[[Answers], None]:
    """One word in every blank."""

    def change(answers: Answers) -> None:
        answers[question] = dict.fromkeys(answers[question], word)

    return change


def swapped(question: str, first: str, second: str) -> Callable[[Answers], None]:
    """Two answers in each other's blank."""

    def change(answers: Answers) -> None:
        own = answers[question]
        own[first], own[second] = own[second], own[first]

    return change


def reversed_order(question: str) -> Callable[[Answers], None]:
    """Last to first."""

    def change(answers: Answers) -> None:
        own = answers[question]
        answers[question] = dict(zip(own, reversed(own.values()), strict=True))

    return change


def left_out(question: str) -> Callable[[Answers], None]:
    """The question was not answered at all."""

    def change(answers: Answers) -> None:
        answers[question] = {}

    return change


MUTATIONS: Final[Mapping[str, Callable[[Answers], None]]] = {
    "everything-a-metric": all_the_same("pillars", "metrics"),
    "reset-forgotten": put("counter-rate", increase=60 - 1200),
    "budget-in-hours": put("error-budget", budget="3.36 min"),
    "children-not-taken-off": put("trace-self-time", frontend="393 ms"),
    "one-copy-only": put("log-volume", kept="67.6 GiB"),
    "pipeline-backwards": reversed_order("log-way"),
    "ratio-inverted": put("hpa-desired", replicas=3),
    "rounded-down": put("hpa-average-value", replicas=11),
    "metrics-added-up": put("hpa-several-metrics", replicas=13),
    "tolerance-too-wide": put("hpa-tolerance", replicas=8),
    "limits-forgotten": put("hpa-limits", replicas=17),
    "window-forgotten": put("hpa-stabilisation", default_window=2),
    "policies-mixed-up": swapped("hpa-policies", "with_max", "with_min"),
    "average-of-one-pod": put("hpa-utilization", utilization="115 %"),
    "limit-instead-of-request": put("hpa-unknown", letter="d"),
    "principles-mixed-up": swapped("gitops-principles", "c", "d"),
    "applied-before-review": swapped("gitops-flow", "2", "5"),
    "healed-without-self-heal": put("argocd-drift", status="Synced", replicas=3),
    "pruned-without-prune": put("argocd-prune", there="no"),
    "jitter-forgotten": put("argocd-polling", latest="2 min"),
    "values-in-templates": put("chart-files", b="templates"),
    "first-file-wins": put("values-precedence", files=3),
    "rollback-goes-back": put("helm-revisions", revision=2),
    "newest-of-all": put("version-ranges", version="2.0.0"),
    "name-always-joined": put("release-names", name="my-shop-shop"),
    "not-answered": left_out("hpa-limits"),
    "a-word-for-a-number": put("hpa-desired", replicas="fifteen"),
    "two-words-for-one": put("pillars", a="logs or traces"),
    "unit-of-another-kind": put("error-budget", budget="201.6 GiB", left="190.6 GiB"),
}
"""By the id of the proof."""
