"""Checks that give points for nothing are caught; honest ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.lint import lint_rubric
from tests.unit.lint.labs import lab, lint, message, only, own, prove, rules, texts


@pytest.fixture(autouse=True)
def _own_texts(tmp_path: Path) -> None:
    """What the checks of these tests say has its texts."""
    for language in ("en", "ko"):
        texts(tmp_path, language, message())


EVERY_POD = '''
def test_pods(cluster: Cluster, namespace: str = "lab") -> None:
    """Every pod is ready."""
    for pod in cluster.list("v1", "Pod", namespace):
        if condition(pod, "Ready") is None:
            unmet("own-not-so")
'''

PODS_OF = '''
def test_pods_of(cluster: Cluster, name: str = "web", namespace: str = "lab") -> None:
    """Every pod of a Deployment is ready, which is asked of its pods only."""
    cluster.get("apps/v1", "Deployment", name, namespace)
    pods = cluster.list("v1", "Pod", namespace, labels={"app": name})
    if not all(condition(pod, "Ready") for pod in pods):
        unmet("own-not-so")
'''

TARGETS = '''
def test_targets(cluster: Cluster) -> None:
    """No target is down."""
    session = cluster.http("prometheus", "monitoring", "9090")
    data = session.get(session.base_url + "/api/v1/targets").json()["data"]
    if any(target["health"] != "up" for target in data["activeTargets"]):
        unmet("own-not-so")
'''

VECTOR = '''
def test_vector(cluster: Cluster) -> None:
    """Every series is above zero."""
    session = cluster.http("prometheus", "monitoring", "9090")
    result = session.get(session.base_url + "/api/v1/query?query=up").json()["data"]["result"]
    if min((float(one["value"][1]) for one in result), default=1) <= 0:
        unmet("own-not-so")
'''

ALERTS = '''
def test_alerts(cluster: Cluster) -> None:
    """No alert fires."""
    session = cluster.http("alertmanager", "monitoring", "9093")
    if [one for one in session.get(session.base_url + "/api/v2/alerts").json() if one["status"] == "active"]:
        unmet("own-not-so")
'''


@pytest.mark.parametrize(
    ("check", "code", "empty"),
    [
        ("pods_of", PODS_OF, "/api/v1/namespaces/lab/pods?labelSelector=app%3Dweb&limit=500"),
        ("targets", TARGETS, "prometheus.monitoring:9090/api/v1/targets"),
        ("vector", VECTOR, "prometheus.monitoring:9090/api/v1/query?query=up"),
        ("alerts", ALERTS, "alertmanager.monitoring:9093/api/v2/alerts"),
    ],
)
def test_a_check_that_passes_on_nothing_is_an_error(
    tmp_path: Path, check: str, code: str, empty: str
) -> None:
    """Where the named objects are there and the selection is empty, the check is caught with its request."""
    found = only(lint(tmp_path, own(check), code))
    assert (found.rule, found.item, found.severity) == ("passes-on-nothing", "own", "error")
    assert found.params["requests"] == [empty]


def test_a_check_that_passes_on_a_fresh_cluster_is_an_error(tmp_path: Path) -> None:
    """A loop over no pods at all is met where nobody has done anything."""
    assert ("passes-when-empty", "own") in rules(lint(tmp_path, own("pods"), EVERY_POD))


def test_an_item_that_asks_for_what_every_cluster_has_is_an_error(tmp_path: Path) -> None:
    """The check is right, the item gives points for nothing."""
    text = own("x", level="exists", params="{name: default}").replace("own.x", "namespaces.exists")
    assert rules(lint(tmp_path, text)) == [("passes-when-empty", "own")]


def test_a_part_that_is_met_by_nothing_is_an_error(tmp_path: Path) -> None:
    """“No foreign pod” is true of no pods: the part would give points."""
    code = '''
    def test_parts(cluster: Cluster) -> None:
        """The Deployment is there, and no foreign pod."""
        found = Findings()
        found.require(not cluster.list("v1", "Pod", "lab"), "own-not-so", part="no strangers")
        there = cluster.find("apps/v1", "Deployment", "web", "lab") is not None
        found.require(there, "own-not-so", part="there")
        found.close()
    '''
    found = [one for one in lint(tmp_path, own("parts"), code).findings if one.rule == "earns-when-empty"]
    assert [(one.item, one.params["parts"]) for one in found] == [("own", ["no strangers"])]


def test_a_check_that_breaks_when_nothing_is_there_is_an_error(tmp_path: Path) -> None:
    """It would be ungraded for every student who has not begun; the error is told."""
    code = '''
    def test_first(cluster: Cluster) -> None:
        """The first pod is ready."""
        if condition(cluster.list("v1", "Pod", "lab")[0], "Ready") is None:
            unmet("own-not-so")
    '''
    found = only(lint(tmp_path, own("first"), code))
    assert found.rule == "check-breaks"
    assert "IndexError" in found.params["error"]


def test_a_check_that_asks_whether_it_found_anything_is_clean(tmp_path: Path) -> None:
    """The same question, put right, has no finding."""
    right = PODS_OF.replace("    if not all(", "    if not pods or not all(")
    assert rules(lint(tmp_path, own("pods_of"), right)) == []


def test_a_check_that_reads_one_object_may_pass_when_it_is_there(tmp_path: Path) -> None:
    """Nothing was selected, so nothing can have been empty."""
    code = '''
    def test_there(cluster: Cluster) -> None:
        """The Deployment is there."""
        cluster.get("apps/v1", "Deployment", "web", "lab")
    '''
    assert rules(lint(tmp_path, own("there", level="exists"), code)) == []


APPLICATION = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web"
SYNCED = '''
def test_synced(cluster: Cluster) -> None:
    """The Application is synced, with everything in it healthy."""
    app = cluster.get("argoproj.io/v1alpha1", "Application", "web", "argocd")
    status = app.get("status") or {}
    healthy = all(one["health"]["status"] == "Healthy" for one in status.get("resources") or [])
    if (status.get("sync") or {}).get("status") != "Synced" or not healthy:
        unmet("own-not-so")
'''


def application(**status: object) -> dict[str, object]:
    """An Application as the API server has it."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web", "namespace": "argocd"},
        "status": status,
    }


def test_the_recorded_reference_gets_a_check_past_its_first_questions(tmp_path: Path) -> None:
    """An Application is Synced also when it manages nothing: seen on the reference without its contents."""
    full = application(sync={"status": "Synced"}, resources=[{"health": {"status": "Healthy"}}])
    path = lab(tmp_path, own("synced"), SYNCED)
    assert rules(lint_rubric(str(path))) == []
    prove(tmp_path, {APPLICATION: full}, {APPLICATION: None})
    found = only(lint_rubric(str(path)))
    assert (found.rule, found.item) == ("passes-on-nothing", "own")
    assert found.params["requests"] == [APPLICATION]


def test_the_recorded_empty_cluster_is_looked_at_too(tmp_path: Path) -> None:
    """What the course itself installs beforehand is no work of a student."""
    full = application(sync={"status": "Synced"})
    path = lab(tmp_path, own("synced", level="configured"), SYNCED)
    prove(tmp_path, {APPLICATION: full}, {APPLICATION: full})
    assert rules(lint_rubric(str(path))) == [("passes-when-empty", "own")]


def test_reads_that_nobody_asks_for_are_told(tmp_path: Path) -> None:
    """Reading ahead saves time only where the path is the check's own, to the letter."""
    asked = "/apis/apps/v1/namespaces/{space}/deployments/web"
    text = own("synced").replace("vars:", f"reads:\n  - {asked}\n  - {asked}s\nvars:")
    path = lab(tmp_path, text, SYNCED.replace("not healthy", "not status.get('resources')"))
    prove(tmp_path, {}, {})
    found = only(lint_rubric(str(path)))
    assert (found.rule, found.line, found.params["path"]) == ("read-not-asked", 9, f"{asked}s")


def test_a_check_that_needs_pytest_is_told(tmp_path: Path) -> None:
    """Lint cannot look at it, and says so rather than nothing."""
    code = '''
    def test_asks(cluster: Cluster, request) -> None:
        """Asks pytest."""
    '''
    assert rules(lint(tmp_path, own("asks"), code)) == [("check-not-run", "own")]


def test_proofs_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    """A broken proof file does not quietly take the recorded clusters away."""
    path = lab(tmp_path)
    prove(tmp_path, {}, {})
    (tmp_path / "proofs" / "lab" / "empty.zip").write_bytes(b"not a zip")
    assert rules(lint_rubric(str(path))) == [("proof-unreadable", None)]
