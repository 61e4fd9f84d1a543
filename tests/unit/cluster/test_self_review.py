"""What a credential may do is asked by two kinds of POST that store nothing, and by no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_k8sgrade.cluster.connection import connect
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.policy import foreign
from pytest_k8sgrade.cluster.self_review import Access, Reviewer, may_write, writing
from pytest_k8sgrade.cluster.transport import WriteRefused
from pytest_k8sgrade.outcome import CannotTell
from tests.unit.cluster.fake import Answer, FakeApi, Handler, Route, status

RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
READING = {"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"]}
BASIC = {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectrulesreviews"]}
LOGIN = {"verbs": ["get", "create"], "apiGroups": [""], "resources": ["services/proxy"]}


def rule(*verbs: str, group: str = "", resources: tuple[str, ...] = ("pods",)) -> dict[str, Any]:
    """A rule of a role."""
    return {"verbs": [*verbs], "apiGroups": [group], "resources": [*resources]}


def holds(*rules: Any) -> Answer:
    """What the server says of the rules that hold."""
    return Answer({"status": {"resourceRules": [*rules], "incomplete": False}}, 201)


@pytest.fixture
def reviewer(api: FakeApi) -> Reviewer:
    """Somebody who asks the fake."""
    return Reviewer(*connect(choose(api.kubeconfig())))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (rule("get", "list", "watch"), []),
        (READING, []),
        (BASIC, []),
        (LOGIN, []),
        (rule("get", "create"), ["create pods"]),
        (rule("delete", group="apps", resources=("deployments",)), ["delete deployments.apps"]),
        ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, ["* *.*"]),
        (rule("get", resources=("pods/exec",)), ["get pods/exec"]),
        (rule("impersonate", resources=("users",)), ["impersonate users"]),
        ({"verbs": "create", "apiGroups": None}, []),
        ("nonsense", []),
    ],
)
def test_what_changes_something(found: Any, told: list[str]) -> None:
    """Reading is not told, nor what everybody may; what a GET can start is."""
    assert [str(one) for one in writing([found])] == told


def test_a_credential_that_may_write(api: FakeApi) -> None:
    """Told once, whatever namespaces say it; two questions are all that was sent."""
    api.routes[RULES] = holds(READING, BASIC, rule("delete"))
    assert may_write(api.kubeconfig(), None, foreign(["loopback"])) == ("delete pods",)
    assert [(method, path) for method, path, *_ in api.requests] == [("POST", RULES)] * 2
    asked = [json.loads(body) for *_, body in api.requests]
    assert [one["spec"] for one in asked] == [{"namespace": "default"}, {"namespace": "kube-system"}]


@pytest.mark.parametrize(
    "route",
    [
        status(403, "Forbidden"),
        status(401, "Unauthorized"),
        status(404, "NotFound"),
        Answer("{}", 201),
        Answer("<html>", 200, {"Content-Type": "text/html"}),
        Answer({"status": []}, 201),
        Answer({}, 302, {"Location": "https://elsewhere.invalid/"}),
    ],
)
def test_no_answer_is_no_warning(api: FakeApi, route: Route) -> None:
    """Whatever the cluster says instead: nothing is raised, and nothing is made up."""
    api.routes[RULES] = route
    assert may_write(api.kubeconfig()) == ()


def test_no_cluster_is_no_warning(api: FakeApi) -> None:
    """Nor is a kubeconfig that a policy refuses: grading says so itself."""
    assert may_write(api.kubeconfig(), None, foreign()) == ()
    assert api.requests == []


@pytest.mark.parametrize("allowed", [True, False])
def test_one_request(api: FakeApi, reviewer: Reviewer, allowed: bool) -> None:
    """Asked as RBAC names it."""
    api.routes[ACCESS] = Answer({"status": {"allowed": allowed}}, 201)
    assert reviewer.allows(Access("get", "apps", "deployments/scale", "web")) is allowed
    attributes = {
        "verb": "get",
        "group": "apps",
        "resource": "deployments",
        "subresource": "scale",
        "name": "web",
    }
    assert json.loads(api.requests[0][3])["spec"] == {"resourceAttributes": attributes}


def test_a_refused_question_is_a_doubt(api: FakeApi, reviewer: Reviewer) -> None:
    """Not a no."""
    api.routes[ACCESS] = status(403, "Forbidden")
    with pytest.raises(CannotTell):
        reviewer.allows(Access("get", "", "pods"))


def test_a_broken_connection_is_tried_once_more(api: FakeApi, reviewer: Reviewer) -> None:
    """A question changes nothing, so it may be asked again."""
    asked: list[int] = []

    def broken(handler: Handler) -> Answer | None:
        asked.append(1)
        if len(asked) == 1:
            handler.close_connection = True
            return None
        return Answer({"status": {"allowed": True}}, 201)

    api.routes[ACCESS] = broken
    assert reviewer.allows(Access("get", "", "pods"))
    assert len(asked) == 2


def test_a_busy_server_is_not_asked_again(api: FakeApi, reviewer: Reviewer) -> None:
    """Nor is one that refuses."""
    asked: list[int] = []

    def busy(_handler: Handler) -> Answer:
        asked.append(1)
        return status(503, "ServiceUnavailable")

    api.routes[ACCESS] = busy
    with pytest.raises(CannotTell):
        reviewer.allows(Access("get", "", "pods"))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/namespaces/default/pods", "SelfSubjectRulesReview"),
        (RULES + "/x", "SelfSubjectRulesReview"),
        (RULES, "SelfSubjectAccessReview"),
        (RULES, "Pod"),
    ],
)
def test_nothing_else_is_sent(api: FakeApi, reviewer: Reviewer, path: str, kind: str) -> None:
    """Neither another path nor another body leaves this machine."""
    with pytest.raises(WriteRefused):
        reviewer._send_review(path, {"kind": kind})
    assert api.requests == []
