"""Cases of access that no evidence can hold: the real connection to a server on loopback.

Kubeconfigs, credential plugins, refusals and clocks are what is looked at; whatever goes
wrong there is never counted against the student.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from pytest_k8sgrade.engine import grade_with
from pytest_k8sgrade.errors import KubeconfigFault
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.locale.messages import HINT_LEVELS, LANGUAGES, Catalogue
from pytest_k8sgrade.outcome import Reason
from pytest_k8sgrade.run.session import GradeSession
from pytest_k8sgrade.run.settings import Settings
from tests.cases.loading import cases
from tests.unit.cluster.conftest import api, authority
from tests.unit.cluster.fake import Answer, FakeApi, Handler, status

__all__ = ["api", "authority"]

DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/web"
Graded = Callable[[Path], Grade]


@pytest.fixture
def graded(tmp_path: Path) -> Graded:
    """Grade a rubric with three items through a kubeconfig, one look at each."""
    items = [
        ("running", "workloads.ready", {"name": "web", "namespace": "shop"}),
        ("release", "helm.deployed", {"release": "kps", "namespace": "monitoring"}),
        ("application", "argocd.synced", {"name": "web", "namespace": "argocd"}),
    ]
    text = {"en": "Access", "ko": "접근"}
    lines = [
        {"id": name, "check": check, "with": params, "points": 5, "level": "effect"}
        for name, check, params in items
    ]
    groups = [{"id": "all", "title": text, "items": lines}]
    rubric = tmp_path / "access.yaml"
    document = {"k8sgrade": 1, "id": "access", "title": text, "pass_mark": "60%", "groups": groups}
    rubric.write_text(json.dumps(document), encoding="utf-8")

    def grade(kubeconfig: Path) -> Grade:
        settings = Settings(lab=str(rubric), kubeconfig=kubeconfig, wait=0.0, language="en")
        return grade_with(GradeSession.prepare(settings))

    return grade


def told(grade: Grade, item: int = 0) -> str:
    """What is said of an item in both languages at all levels; both must hold the same facts."""
    found = grade.items[item].reason
    assert found is not None
    reason = Reason(found.id, found.params)
    texts = []
    for language in LANGUAGES:
        catalogue = Catalogue(language)
        texts += [catalogue.text(reason), *(catalogue.hint(reason, level) or "" for level in HINT_LEVELS)]
    assert all(texts)
    return "\n".join(texts)


def ungraded(grade: Grade) -> set[str]:
    """The reasons, when nothing at all was graded and nothing is lost."""
    assert {item.verdict for item in grade.items} == {"ungraded"}
    assert (float(grade.score), float(grade.ungraded_points)) == (0, 15)
    assert (grade.passed, grade.exit_code) == (None, 8)
    return {item.reason.id for item in grade.items if item.reason}


def record(case_id: str, number: int) -> Any:
    """The body of a record of a case."""
    return cases()[case_id].evidence[number]["body"]


def plugin(folder: Path, *tokens: str) -> dict[str, Any]:
    """A credential plugin that mints one token after the other."""
    counter, script = folder / "minted", folder / "plugin.py"
    told_as = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
    script.write_text(
        f"import json, pathlib\n"
        f"counter = pathlib.Path({str(counter)!r})\n"
        f"number = int(counter.read_text()) if counter.exists() else 0\n"
        f"counter.write_text(str(number + 1))\n"
        f"token = {list(tokens)!r}[min(number, {len(tokens) - 1})]\n"
        f"print(json.dumps({{**{told_as!r}, 'status': {{'token': token}}}}))\n",
        encoding="utf-8",
    )
    command = {"apiVersion": told_as["apiVersion"], "command": sys.executable, "args": [str(script)]}
    return {"exec": {**command, "interactiveMode": "IfAvailable"}}


def refuse_all(api: FakeApi) -> None:
    """401 on every path, as a real server does with a bad token."""
    for path in ("/version", "/apis", DEPLOYMENT, "/api/v1/namespaces/monitoring/secrets"):
        api.routes[path] = status(401, "Unauthorized")
    api.routes["/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web"] = status(401, "Unauthorized")


def test_refused_credentials_grade_nothing(api: FakeApi, graded: Graded) -> None:
    """access-003: one cause for all items, and where to get new credentials."""
    refuse_all(api)
    grade = graded(api.kubeconfig())
    assert ungraded(grade) == {"unauthorized"}
    assert "401" in told(grade)
    assert "aws eks update-kubeconfig" in told(grade)


def test_a_plugin_is_asked_again_on_401(api: FakeApi, graded: Graded, tmp_path: Path) -> None:
    """access-004: the token of the plugin ran out in between; a new one is minted and used."""
    answer = record("access-004-exec-plugin-first-401", 1)

    def deployment(handler: Handler) -> Answer:
        fresh = handler.headers["Authorization"] == "Bearer second"
        return Answer(answer) if fresh else status(401, "Unauthorized")

    api.routes[DEPLOYMENT] = deployment
    grade = graded(api.kubeconfig(plugin(tmp_path, "first", "second")))
    assert grade.items[0].verdict == "passed"


def test_a_dead_plugin_version_is_named_before_anything_is_graded(api: FakeApi, graded: Graded) -> None:
    """access-005: v1alpha1 is gone from all clients; the message says what to write anew."""
    user = record("access-005-exec-v1alpha1-removed", 0)["user"]
    with pytest.raises(KubeconfigFault) as fault:
        graded(api.kubeconfig(user))
    assert "client.authentication.k8s.io/v1alpha1" in str(fault.value)
    assert "v1beta1 or v1" in str(fault.value)
    assert api.requests == []


@pytest.mark.parametrize("behind", [timedelta(hours=3, minutes=41), timedelta(minutes=-130)])
def test_a_clock_that_stood_still_is_told_apart_from_expired_credentials(
    api: FakeApi, graded: Graded, behind: timedelta
) -> None:
    """access-011: the server refuses what to its clock is not valid yet; its Date header shows the clock."""
    refuse_all(api)
    slow = {"Date": format_datetime(datetime.now(UTC) - behind, usegmt=True)}
    for path, route in api.routes.items():
        if isinstance(route, Answer) and route.status == 401:
            api.routes[path] = Answer(route.body, 401, slow)
    grade = graded(api.kubeconfig())
    assert ungraded(grade) == {"clock-skew"}
    assert f"{abs(behind) // timedelta(hours=1)}h" in told(grade)
    assert "Docker Desktop" in told(grade)


def test_ages_are_those_of_the_clusters_clock(api: FakeApi, graded: Graded) -> None:
    """access-011: what the cluster made just now is young, whatever this machine's clock shows."""
    pending = {"owner": "helm", "name": "kps", "status": "pending-install", "version": "1"}
    metadata = {"name": "sh.helm.release.v1.kps.v1", "namespace": "monitoring", "labels": pending}
    secret = {
        "type": "helm.sh/release.v1",
        "metadata": {**metadata, "creationTimestamp": "2026-03-02T09:59:30Z"},
    }
    api.routes["/api/v1/namespaces/monitoring/secrets"] = Answer({"items": [secret]})
    settings = Settings(lab="lab1", kubeconfig=api.kubeconfig(), language="en")
    assert any("2026-03-02T10:00:00Z" in line for line in GradeSession.prepare(settings).header())
    grade = graded(api.kubeconfig())
    release = grade.items[1]
    assert release.reason is not None
    assert (release.verdict, release.reason.id) == ("ungraded", "helm-release-pending")


def test_the_wrong_context_is_named_and_grades_nothing(api: FakeApi, tmp_path: Path) -> None:
    """access-012: nothing is graded on another cluster, and the grade says which it was."""
    namespace = record("access-012-wrong-context", 1)
    api.routes["/api/v1/namespaces/kube-system"] = Answer(namespace)
    text = {"en": "Access", "ko": "접근"}
    right = {
        "id": "right",
        "check": "cluster.is",
        "with": {"uid": "99999999"},
        "points": 5,
        "level": "exists",
    }
    app = {"name": "web", "namespace": "shop"}
    needing = {"id": "app", "check": "workloads.ready", "with": app, "points": 10, "level": "effect"}
    groups = [{"id": "all", "title": text, "items": [right, {**needing, "needs": ["right"]}]}]
    document = {"k8sgrade": 1, "id": "access", "title": text, "pass_mark": "60%", "groups": groups}
    rubric = tmp_path / "wrong.yaml"
    rubric.write_text(json.dumps(document), encoding="utf-8")
    kubeconfig = tmp_path / "two"
    kubeconfig.write_text(json.dumps(two_contexts(api)), encoding="utf-8")
    settings = Settings(lab=str(rubric), kubeconfig=kubeconfig, wait=0.0, language="en")
    session = GradeSession.prepare(settings)
    assert any("kind-week2" in line for line in session.header())
    grade = grade_with(session)
    assert ungraded(grade) >= {"other-cluster"}
    assert grade.subject.context == "kind-week2"
    assert grade.subject.cluster_uid == namespace["metadata"]["uid"]
    assert namespace["metadata"]["uid"] in told(grade)


def two_contexts(api: FakeApi) -> dict[str, Any]:
    """The kubeconfig of the case, its clusters and users those of the fake."""
    own, asked = api.document(), record("access-012-wrong-context", 0)
    return {
        **asked,
        "clusters": [{**own["clusters"][0], "name": name} for name in ("kind-week2", "kind-week3")],
        "users": [{**own["users"][0], "name": name} for name in ("kind-week2", "kind-week3")],
    }


def test_a_kubeconfig_without_credentials_grades_nothing(api: FakeApi, graded: Graded) -> None:
    """The live case: /version answers 200, all else 403; reachable is not logged in."""
    forbidden = status(403, "Forbidden", kind="deployments")
    api.routes[DEPLOYMENT] = forbidden
    api.routes["/api/v1/namespaces/monitoring/secrets"] = status(403, "Forbidden", kind="secrets")
    api.routes["/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web"] = forbidden
    grade = graded(api.kubeconfig({}))
    assert ungraded(grade) == {"no-credentials"}
    assert "kubectl get nodes" in told(grade)
