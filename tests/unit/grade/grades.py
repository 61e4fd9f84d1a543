"""A rubric and its grades for the tests of the grade and of the reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pytest_k8sgrade.grade.build import Change, ItemResult, Run, build_grade
from pytest_k8sgrade.grade.model import Grade, Subject
from pytest_k8sgrade.locale.messages import Language
from pytest_k8sgrade.outcome import Observation, Part, Reason
from pytest_k8sgrade.rubric.model import HintLevel, Rubric

TITLES: Mapping[str, Mapping[Language, str]] = {
    "metrics": {
        "en": "The metrics API serves pods and nodes",
        "ko": "metrics API가 pod와 node의 지표를 제공한다",
    },
    "active": {
        "en": "The HorizontalPodAutoscaler web-app-hpa reads its metrics",
        "ko": "HorizontalPodAutoscaler web-app-hpa가 지표를 읽는다",
    },
    "scaled": {"en": "web-app was scaled up under load", "ko": "부하가 걸리면 web-app의 replica가 늘어난다"},
    "rules": {"en": "The alerting rules are loaded", "ko": "알림 규칙이 적재되어 있다"},
    "synced": {"en": "The Application web-app is synced", "ko": "Application web-app이 동기화되어 있다"},
}


class Words:
    """A small catalogue: texts name their id and parameters, so that tests can find them."""

    def __init__(self, language: Language = "en") -> None:
        self.language = language

    def text(self, reason: Reason) -> str:
        """The id and the parameters."""
        shown = ", ".join(f"{name}={value}" for name, value in reason.params.items())
        return f"{reason.id}({shown})" if self.language == "en" else f"사유 {reason.id}: {shown}"

    def hint(self, reason: Reason, level: HintLevel) -> str | None:
        """One command to look at."""
        if self.language == "ko":
            return f"`kubectl describe hpa web-app-hpa -n default` 명령으로 {reason.id} 상태를 확인하세요."
        return f"{level}: run `kubectl describe hpa web-app-hpa -n default` and read the conditions."


def rubric(**changes: Any) -> Rubric:
    """Five items in two groups, 30 points, passed with 60 %."""
    items = {
        "metrics": {"check": "metrics_server.serves", "points": 5, "level": "effect"},
        "active": {"check": "hpa.active", "points": 10, "level": "accepted", "needs": ["metrics"]},
        "scaled": {"check": "hpa.scaled", "points": 5, "level": "effect", "needs": ["active"]},
        "rules": {"check": "prometheus.rules", "points": 4, "level": "accepted"},
        "synced": {"check": "argocd.synced", "points": 6, "level": "accepted"},
    }
    for name, change in changes.items():
        items[name] = items[name] | change
    lines = [{"id": name, **item} for name, item in items.items()]
    data = {
        "k8sgrade": 1,
        "id": "lab1",
        "title": {"en": "Build the operations stack", "ko": "운영 환경 구축"},
        "pass_mark": "60%",
        "groups": [
            {"id": "hpa", "title": {"en": "Autoscaling", "ko": "자동 확장"}, "items": lines[:3]},
            {"id": "gitops", "title": {"en": "Rules and GitOps", "ko": "규칙과 GitOps"}, "items": lines[3:]},
        ],
    }
    return Rubric.model_validate(data)


def grade(
    *results: ItemResult,
    language: Language = "en",
    of: Rubric | None = None,
    level: HintLevel = "beginner",
    values: Mapping[str, Any] | None = None,
) -> Grade:
    """The grade of the results; items without one are passed."""
    graded = of or rubric()
    given = {result.item for result in results}
    passed = [
        ItemResult(item=item.id, verdict="passed", observation=Observation("met"), waited_s=1.5, held_s=15.0)
        for item in graded.items
        if item.id not in given
    ]
    run = Run(
        digest="sha256:0",
        tool_version="0.1.0",
        subject=Subject(cluster_uid="6f1c", context="kind-lab", server_version="v1.34.1"),
        titles={name: titles[language] for name, titles in TITLES.items()},
        values=values or {},
        started=datetime(2026, 3, 2, 10, 0, tzinfo=UTC),
        finished=datetime(2026, 3, 2, 10, 1, 30, tzinfo=UTC),
    )
    return build_grade(graded, [*results, *passed], run, Words(language), level)


def failed(item: str, **observed: Any) -> ItemResult:
    """A failed item with a reason, what was seen and what was wanted."""
    observation = Observation(
        "unmet",
        Reason("hpa-not-active", {"name": "web-app-hpa", "reason": "FailedGetResourceMetric"}),
        **{"seen": "False", "wanted": "True", **observed},
    )
    change = Change(at_s=2.0, observation=observation)
    return ItemResult(item=item, verdict="failed", observation=observation, waited_s=60.0, timeline=(change,))


def blocked(item: str, by: str) -> ItemResult:
    """An item that was not looked at because its need failed."""
    return ItemResult(item=item, verdict="blocked", blocked_by=by)


def ungraded(item: str, reason: str = "unreachable") -> ItemResult:
    """An item of which nothing can be said."""
    observation = Observation("cannot-tell", Reason(reason, {"server": "https://192.0.2.1:6443"}))
    return ItemResult(item=item, verdict="ungraded", observation=observation)


def partial(item: str, met: int = 1, missing: int = 1) -> ItemResult:
    """An item with some of its parts met."""
    parts = [Part(id=f"part-{index}", met=True) for index in range(met)]
    parts += [
        Part(
            id=f"missing-{index}",
            met=False,
            reason=Reason("rule-absent", {"rule": f"HighCpu{index}"}),
            seen=["Watchdog"],
            wanted=f"HighCpu{index}",
        )
        for index in range(missing)
    ]
    reason = parts[-1].reason
    return ItemResult(
        item=item, verdict="partial", observation=Observation("unmet", reason, parts=tuple(parts))
    )
