"""`k8sgrade rbac --check`: what a kubeconfig may not do, and whether it may do too much."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cluster.certificates import make_authority
from tests.unit.cluster.fake import Answer, FakeApi, Handler, fake_api, status
from tests.unit.command.calls import Ended, call

ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeApi]:
    """A cluster that answers such questions."""
    authority = make_authority(tmp_path_factory.mktemp("certificates"))
    with fake_api(authority, tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def check(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """`k8sgrade rbac challenge1 --check` against it."""

    def run(denied: str = "", rules: Answer | None = None, language: str = "en") -> Ended:
        api.requests.clear()
        api.routes[RULES] = rules or Answer({"status": {"resourceRules": []}}, 201)
        api.routes[ACCESS] = lambda handler: _answer(handler, denied)
        options = ["--check", "--kubeconfig", str(api.kubeconfig()), "--lang", language]
        return call(capsys, "rbac", "challenge1", *options)

    return run


def _answer(handler: Handler, denied: str) -> Answer:
    asked = json.loads(handler.asked)["spec"]["resourceAttributes"]
    return Answer({"status": {"allowed": asked["resource"] != denied}}, 201)


def everything() -> Answer:
    """What an administrator may."""
    rule: dict[str, Any] = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    return Answer({"status": {"resourceRules": [rule]}}, 201)


def test_all_that_is_needed(check: Callable[..., Ended]) -> None:
    """One line, and 0."""
    ended = check()
    assert (ended.code, ended.out.count("\n")) == (0, 1)
    assert "may do all that challenge1 needs" in ended.out


def test_too_much_is_only_warned_about(check: Callable[..., Ended]) -> None:
    """It grades as well as another one: 0."""
    ended = check(rules=everything())
    assert ended.code == 0
    assert "Warning: the kubeconfig may change the cluster: * *.*" in ended.out


def test_whether_it_is_too_much_may_be_unknown(check: Callable[..., Ended]) -> None:
    """Then the answer is not complete: 8."""
    ended = check(rules=status(403, "Forbidden"))
    assert ended.code == 8
    assert "is not known" in ended.out


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_is_missing_is_named_with_its_items(check: Callable[..., Ended], language: str) -> None:
    """In both languages, and 1."""
    ended = check(denied="secrets", language=language)
    assert ended.code == 1
    assert "get secrets" in ended.out
    assert "app-1-runs" in ended.out
    assert "{" not in ended.out


def test_sensitive_rights_are_asked_where_they_hold(
    api: FakeApi, check: Callable[..., Ended], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the namespaces of the rubric that there are; elsewhere nothing is missed."""
    check()
    api.routes["/api/v1/namespaces/argocd"] = status(404, "NotFound", kind="namespaces", name="argocd")
    api.routes["/api/v1/namespaces/day5-challenge"] = Answer({"kind": "Namespace"})
    api.routes[ACCESS] = lambda handler: _answer(handler, "secrets")
    command = ["rbac", "challenge1", "--check", "--namespaced", "--lang", "en"]
    ended = call(capsys, *command, "--kubeconfig", api.kubeconfig())
    told = [line for line in ended.out.splitlines() if line.startswith("May not")]
    assert ended.code == 1
    assert {line.partition(" (")[0] for line in told} == {
        "May not: get secrets -n day5-challenge",
        "May not: list secrets -n day5-challenge",
    }


def test_nothing_but_questions_is_sent(api: FakeApi, check: Callable[..., Ended]) -> None:
    """To the two places for such questions."""
    check()
    assert {(method, path) for method, path, *_ in api.requests} == {("POST", ACCESS), ("POST", RULES)}


def test_a_silent_cluster_leaves_all_open(
    tmp_path: Path, api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    """8, not 1: nobody is said to lack a right."""
    api.routes.clear()
    ended = call(capsys, "rbac", "challenge1", "--check", "--kubeconfig", api.kubeconfig(), "--lang", "en")
    assert ended.code == 8
    assert "May not" not in ended.out
    assert "26 of the 26 rights that challenge1 needs could not be asked about" in ended.out
    assert ended.out.count("\n") == 3
