"""What the course's own texts get wrong: the letter is met, the effect is not, the hint says so.

The evidence is of real components on the testbed, see `tests.e2e.record_course_faults`: a cluster as
the texts have it, and one after a first repair. Of what such a cluster cannot show, the race of
`kubectl wait` right after `kubectl apply` leaves no trace in a cluster that could be graded, and the
load that is too weak is judged by recorded loads in tests/replay.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.locale.messages import HINT_LEVELS, LANGUAGES, Language
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack

HERE = Path(__file__).parent
HANDSON = str(HERE / "handson1.yaml")
HALF = Path(__file__).parents[2] / "examples" / "lab1" / "half.zip"
AT_FAULT = {"en": ("text", "lab's"), "ko": ("자료", "본문")}

# evidence, item of the letter, item of the effect, reason, what the hint says to do
FAULTS = [
    ("letter", "secret-letter", "receivers-effect", "receiver-in-unread-secret", "configSecret"),
    ("letter", "rule-letter", "rule-effect", "rule-label-not-selected", "release=prometheus"),
    ("letter", "rule-letter", "promql-example", "query-metric-absent", "prometheus_http_requests_total"),
    ("letter", "root-letter", "root-effect", "argocd-destination-unknown", "https://kubernetes.default.svc"),
    ("letter", "placeholder-letter", "placeholder-effect", "argocd-source-unreadable", "spec.source.repoURL"),
    ("letter", "argocd-letter", "applicationset-crd", "object-named-otherwise", "--server-side"),
    ("letter", "second-hpa-letter", "second-hpa-effect", "hpa-ambiguous", "delete hpa web-app-custom-hpa"),
    ("second", "secret-letter", "config-accepted", "alertmanager-url-invalid", "https://"),
    ("second", "rule-effect", "rule-series", "rule-metric-absent", "kube_pod_container_resource_limits"),
    ("second", "rule-effect", "alert-fires", "alert-metric-absent", "50"),
    ("second", "placeholder-letter", "root-effect", "argocd-no-resources", "directory.recurse"),
]


@cache
def _graded(lab: str, evidence: Path, language: Language) -> Grade:
    return grade_evidence(lab, evidence, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("evidence", "letter", "effect", "reason", "action"), FAULTS, ids=[f"{one[0]}-{one[2]}" for one in FAULTS]
)
def test_the_text_is_at_fault(
    evidence: str, letter: str, effect: str, reason: str, action: str, language: Language
) -> None:
    """Who followed the text has the points of the letter, and is told what is wrong and what to do."""
    items = {one.id: one for one in _graded(HANDSON, HERE / f"{evidence}.zip", language).items}
    assert items[letter].verdict == "passed"
    found = items[effect]
    assert found.verdict in ("failed", "partial")
    assert found.reason is not None
    assert found.reason.id == reason
    assert found.hint is not None
    assert any(word in found.hint for word in AT_FAULT[language])
    assert action in found.hint


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("letter", "effect", "reason", "action"),
    [
        ("monitor-configured", "monitor-up", "target-answers", "location = /metrics"),
        ("app-configured", "metrics-server", "metrics-server-not-ready", "--kubelet-insecure-tls"),
    ],
)
def test_the_lab_by_the_letter(
    letter: str, effect: str, reason: str, action: str, language: Language
) -> None:
    """The same in lab 1, on the recorded cluster of somebody who did what its text says."""
    items = {one.id: one for one in _graded("lab1", HALF, language).items}
    assert items[letter].verdict == "passed"
    found = items[effect]
    assert found.reason is not None
    assert (found.verdict, found.reason.id) == ("failed", reason)
    assert found.hint is not None
    assert any(word in found.hint for word in AT_FAULT[language])
    assert action in found.hint


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("monitor-up", "target-answers"),
        ("metrics-server", "metrics-server-not-ready"),
        ("hpa-active", "hpa-ambiguous"),
        ("hpa-scaled-up", "hpa-load-too-weak"),
        ("application-synced", "argocd-source-unreadable"),
    ],
)
def test_the_labs_hints_name_the_texts_fault_and_only_there(item: str, reason: str) -> None:
    """Each level of both languages says so for the reason that the text leads to, and for no other."""
    found = next(one for one in load_rubric(find_pack("lab1")).rubric.items if one.id == item)
    for language in LANGUAGES:
        for level in HINT_LEVELS:
            hint = found.hint(reason, level, language)
            assert hint is not None
            assert any(word in hint for word in AT_FAULT[language])
            assert found.hint("object-absent", level, language) is None
