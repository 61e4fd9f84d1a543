"""`k8sgrade rbac`: a role that can be applied, and what is said where that is not possible."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.cluster.certificates import Authority, make_authority
from tests.unit.cluster.fake import fake_api
from tests.unit.command.calls import Ended, call

LAB = """\
k8sgrade: 1
id: small
title: {en: Small lab, ko: 작은 실습}
pass_mark: 60%
points: 10
within: 2m
vars:
  space: {first_that_exists: [one, two], holding: statefulset/db}
groups:
  - id: web
    title: {en: Web, ko: 웹}
    items:
      - id: there
        check: cluster.has
        with: {api_version: v1, kind: Service, name: web, namespace: lab}
        points: 4
        level: exists
        title: {en: Service web, ko: Service web}
      - id: made
        check: cluster.has
        with: {api_version: batch/v1, kind: Job, name: web, namespace: "{space}"}
        points: 6
        level: exists
        title: {en: Job web, ko: Job web}
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A rubric of two items."""
    path = tmp_path / "small.yaml"
    path.write_text(LAB, encoding="utf-8")
    return path


def printed(ended: Ended) -> dict[str, dict[str, Any]]:
    """The documents that were printed, by kind."""
    assert (ended.code, ended.err) == (0, "")
    return {document["kind"]: document for document in yaml.safe_load_all(ended.out)}


def test_the_role_allows_what_the_items_ask(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else; the binding gives it to a service account that comes with it."""
    found = printed(call(capsys, "rbac", lab))
    assert found["ClusterRole"]["rules"] == [
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list"]},
        {"apiGroups": ["apps"], "resources": ["statefulsets"], "verbs": ["get"]},
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get", "list"]},
    ]
    account = {"kind": "ServiceAccount", "name": "k8sgrade", "namespace": "kube-system"}
    assert found["ClusterRoleBinding"]["subjects"] == [account]
    assert found["ClusterRoleBinding"]["roleRef"]["name"] == found["ClusterRole"]["metadata"]["name"]
    assert found["ServiceAccount"]["metadata"]["name"] == "k8sgrade"


def test_each_rule_says_which_items_need_it(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a comment above it; a variable is looked up for the items that use it."""
    lines = call(capsys, "rbac", lab, "--lang", "en").out.splitlines()
    above = {
        line.split("resources: ")[1]: lines[index - 2]
        for index, line in enumerate(lines)
        if "resources:" in line
    }
    assert above == {
        "[namespaces]": "  # every item",
        "[services]": "  # there",
        "[statefulsets]": "  # made",
        "[jobs]": "  # made",
    }


def test_what_is_sensitive_may_hold_in_some_namespaces_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Secrets and the proxy in those that the rubric names, for whichever a variable turns out to be."""
    ended = call(capsys, "rbac", "lab1", "--namespaced")
    roles = {
        one["metadata"]["name"]: one["rules"]
        for one in yaml.safe_load_all(ended.out)
        if one["kind"] == "ClusterRole"
    }
    allowed = {name: {one for rule in rules for one in rule["resources"]} for name, rules in roles.items()}
    assert allowed.pop("k8sgrade-lab1-in-namespaces") == {"secrets", "services/proxy"}
    assert not allowed.pop("k8sgrade-lab1") & {"secrets", "services/proxy"}
    bindings = [one for one in yaml.safe_load_all(ended.out) if one["kind"] == "RoleBinding"]
    assert [one["metadata"]["namespace"] for one in bindings] == [
        "argocd",
        "day5-lab",
        "default",
        "monitoring",
    ]
    assert {one["roleRef"]["name"] for one in bindings} == {"k8sgrade-lab1-in-namespaces"}
    whole = printed(call(capsys, "rbac", "lab1"))["ClusterRole"]["rules"]
    assert sorted(map(str, whole)) == sorted(str(rule) for rules in roles.values() for rule in rules)


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        (
            ["--service-account", "course/grader"],
            {"kind": "ServiceAccount", "name": "grader", "namespace": "course"},
        ),
        (["--user", "true"], {"kind": "User", "name": "true", "apiGroup": "rbac.authorization.k8s.io"}),
        (["--group", "c: d"], {"kind": "Group", "name": "c: d", "apiGroup": "rbac.authorization.k8s.io"}),
    ],
)
def test_who_gets_it(
    lab: Path, capsys: pytest.CaptureFixture[str], options: list[str], subject: dict[str, str]
) -> None:
    """A name stays the text that it is, whatever YAML would make of it."""
    found = printed(call(capsys, "rbac", lab, *options, "--name", "own"))
    assert found["ClusterRoleBinding"]["subjects"] == [subject]
    assert found["ClusterRole"]["metadata"]["name"] == "own"
    assert ("ServiceAccount" in found) == ("namespace" in subject)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_is_left_to_fill_in(capsys: pytest.CaptureFixture[str], language: str) -> None:
    """Every comment has its words in both languages, with active checks, too."""
    ended = call(capsys, "rbac", "handson1", "--active", "load", "--active", "drift", "--lang", language)
    printed(ended)
    assert "{" not in ended.out
    assert ("루브릭" in ended.out or "채점" in ended.out) == (language == "ko")


def test_an_active_check_needs_more(capsys: pytest.CaptureFixture[str]) -> None:
    """Only when it is asked for, and its rule says what it is."""
    role = printed(call(capsys, "rbac", "handson1"))["ClusterRole"]
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}
    more = printed(call(capsys, "rbac", "handson1", "--active", "load"))["ClusterRole"]
    assert [rule for rule in more["rules"] if "create" in rule["verbs"]] == [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "patch", "delete"]}
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--service-account", "grader"], "write NAMESPACE/NAME, e.g. kube-system/k8sgrade"),
        (["--service-account", "A/b"], "is no service account"),
        (["--name", "a b"], "is no name for a role"),
        (["--user", "a", "--group", "b"], "give one of them"),
        (["--active", "load"], "small has no active checks"),
        (["--set", "spce=x"], "did you mean 'space'?"),
        (["--check", "--kubeconfig-out", "x"], "give one of them"),
        (["--namespaced", "--active", "x"], "small has no active checks"),
        (["--check", "--kubeconfig", "/no/such"], "there is no such file"),
    ],
)
def test_wrong_use_is_told(
    lab: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    """In one line, with what to do next, and 4."""
    ended = call(capsys, "rbac", lab, *options)
    assert (ended.code, ended.out) == (4, "")
    assert told in ended.err
    assert ended.err.count("\n") == 1


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates for the whole run."""
    return make_authority(tmp_path_factory.mktemp("certificates"))


def test_a_kubeconfig_to_hand_in(
    lab: Path,
    authority: Authority,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One's own server and authority, the token of standard input, nothing else; only the owner reads it."""
    place = tmp_path / "hand-in.kubeconfig"
    place.write_text("old", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("abc.def-9_\n"))
    with fake_api(authority, tmp_path) as api:
        own = api.kubeconfig()
        ended = call(capsys, "rbac", lab, "--kubeconfig-out", place, "--kubeconfig", own)
    assert (ended.code, ended.err) == (0, "")
    written, before = yaml.safe_load(place.read_text("utf-8")), yaml.safe_load(own.read_text("utf-8"))
    assert written["users"] == [{"name": "k8sgrade", "user": {"token": "abc.def-9_"}}]
    assert written["clusters"][0]["cluster"]["server"] == before["clusters"][0]["cluster"]["server"]
    assert written["clusters"][0]["cluster"].keys() == {"server", "certificate-authority-data"}
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@pytest.mark.parametrize("token", ["", "two words", "error: unknown command\n", "a\nb", "\x1b[31m"])
def test_no_kubeconfig_without_a_token(
    lab: Path,
    authority: Authority,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    token: str,
) -> None:
    """What is no token is not written down; a file that was there stays."""
    place = tmp_path / "hand-in.kubeconfig"
    place.write_text("old", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(token))
    with fake_api(authority, tmp_path) as api:
        ended = call(capsys, "rbac", lab, "--kubeconfig-out", place, "--kubeconfig", api.kubeconfig())
    assert ended.code == 4
    assert "kubectl create token" in ended.err
    assert place.read_text("utf-8") == "old"


def test_no_namespace_to_be_narrow_in(capsys: pytest.CaptureFixture[str]) -> None:
    """Rather a word than a role that is wider than it was asked for."""
    ended = call(capsys, "rbac", "theory", "--namespaced")
    assert (ended.code, ended.out) == (4, "")
    assert "no item of theory names a namespace" in ended.err


def test_a_comment_ends_with_its_line(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever was typed stands in it: no line of it is taken for a rule."""
    ended = call(capsys, "rbac", lab, "--set", "space=x\nrules: [\x1b[31m]")
    assert printed(ended).keys() == {"ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
    assert "\nrules: [" not in ended.out
    assert "\x1b" not in ended.out
