"""Evidence: what was seen, without secrets, answered again as it was; hostile files are refused."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_k8sgrade.cluster import Cluster, Facts, LiveSource, Request, View, evidence_of, open_evidence
from pytest_k8sgrade.cluster import evidence as evidence_module
from pytest_k8sgrade.errors import EvidenceFault
from pytest_k8sgrade.outcome import Absent, CannotTell, Finding
from tests.unit.cluster.fake import START, Answer, FakeApi, status, text
from tests.unit.cluster.test_http import GRAFANA, PASSWORD, Grafana

PLANTED = ("planted", base64.b64encode(b"planted").decode().rstrip("=")[:8], "c2hvcHB3")
WEB = "/apis/apps/v1/namespaces/shop/deployments/web"


def _cluster(api: FakeApi) -> None:
    """A small cluster with a secret in every place that is read."""
    Grafana(api)
    pod = {
        "metadata": {"name": "p", "managedFields": [{"manager": "m"}]},
        "spec": {"containers": [{"env": [{"name": "DB_PASSWORD", "value": "planted-env"}]}]},
    }
    api.routes["/api/v1/namespaces/kube-system"] = Answer({"kind": "Namespace", "metadata": {"uid": "1-2-3"}})
    api.routes["/api/v1/namespaces/shop/pods"] = Answer({"metadata": {}, "items": [pod]})
    api.routes["/api/v1/namespaces/shop/secrets"] = Answer(
        {"metadata": {}, "items": [{"metadata": {"name": "s"}, "data": {"k": "cGxhbnRlZA=="}}]},
        headers={"Set-Cookie": "planted-cookie=1", "X-Token": "planted-header"},
    )
    api.routes[WEB] = status(403, "Forbidden", kind="deployments")
    api.routes[f"{GRAFANA}/api/datasources"] = Answer([{"basicAuthPassword": "planted-basic"}])
    api.routes["/apis/metrics.k8s.io/v1beta1/nodes"] = text(503, "service unavailable\n")


def _look(cluster: Cluster) -> list[Any]:
    """Everything a check can ask, with what comes of it."""
    session = cluster.http("grafana", "monitoring", "80")

    def login() -> tuple[int, int, Any]:
        password = cluster.secret_value("grafana", "monitoring", "admin-password")
        answer = session.login(user="admin", password=password).status
        return (
            answer,
            session.get(session.base_url + "/api/org").status_code,
            session.get(session.base_url + "/api/datasources").json(),
        )

    asks: list[Callable[[], Any]] = [
        lambda: cluster.list("v1", "Pod", "shop"),
        lambda: cluster.list("v1", "Secret", "shop"),
        lambda: cluster.get("apps/v1", "Deployment", "web", "shop"),
        lambda: cluster.get("keda.sh/v1alpha1", "ScaledObject", "x", "shop"),
        lambda: cluster.raw("/apis/metrics.k8s.io/v1beta1/nodes").status,
        lambda: cluster.secret("grafana", "monitoring"),
        login,
        lambda: cluster.now,
    ]
    return [_said(ask) for ask in asks]


def _said(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Finding as finding:
        return type(finding), finding.reason.id, dict(finding.reason.params)


def _record(source: LiveSource, view: View, **run: Any) -> bytes:
    return evidence_of(view, source.facts, run, "1.2.3")


def _all_bytes(packed: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        return "\n".join(file.read(name).decode("utf-8", "replace") for name in file.namelist())


def test_evidence_answers_as_the_cluster_did(api: FakeApi, source: LiveSource, tmp_path: Path) -> None:
    """The same questions get the same answers, errors and time, without a cluster."""
    _cluster(api)
    view = source.view()
    live = _look(Cluster(view))
    file = tmp_path / "hand-in.zip"
    file.write_bytes(_record(source, view, rubric="lab1"))
    api.close()
    recorded = open_evidence(file)
    told = [CannotTell if isinstance(one, tuple) and isinstance(one[0], type) else None for one in live]
    assert told[2] is CannotTell
    assert [_plain(one) for one in _look(Cluster(recorded.view()))] == [_plain(one) for one in live]
    assert recorded.evidence.now == START
    assert recorded.evidence.run == {"rubric": "lab1"}
    assert recorded.evidence.tool == {"name": "pytest-k8sgrade", "version": "1.2.3"}
    assert recorded.evidence.cluster["uid"] == "1-2-3"
    assert recorded.facts == source.facts


def _plain(said: Any) -> Any:
    return said[1:] if isinstance(said, tuple) and isinstance(said[0], type) else said


def test_evidence_holds_no_secret(api: FakeApi, source: LiveSource) -> None:
    """Nothing that was planted in tokens, Secrets, headers, variables or logins is in the file."""
    _cluster(api)
    view = source.view()
    assert _look(Cluster(view))[6][:2] == (200, 200)
    content = _all_bytes(_record(source, view))
    assert any(PASSWORD in body.decode() for _, _, _, body in api.requests)
    for secret in (*PLANTED, PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), "grafana_session"):
        assert secret not in content
    assert "admin-password" in content


def test_what_checks_see_holds_no_secret_either(api: FakeApi, source: LiveSource) -> None:
    """The live view is the redacted one already."""
    _cluster(api)
    assert "planted" not in repr(_look(Cluster(source.view())))


def test_equal_looks_give_equal_files(api: FakeApi, source: LiveSource) -> None:
    """Neither the order of the questions nor the moment of writing shows."""
    _cluster(api)
    one, other = source.view(), source.view()
    keys = [Request.to("/version"), Request.to("/api/v1/namespaces/shop/pods", {"limit": "500"})]
    for view, order in ((one, keys), (other, keys[::-1])):
        for key in order:
            view.read(key)
    assert _record(source, one) == _record(source, other)


def test_bodies_are_kept_once(api: FakeApi, source: LiveSource) -> None:
    """Equal answers share one entry."""
    for name in "abc":
        api.routes[f"/api/v1/namespaces/{name}/pods"] = Answer({"metadata": {}, "items": []})
    view = source.view()
    for name in "abc":
        assert Cluster(view).list("v1", "Pod", name) == []
    with zipfile.ZipFile(io.BytesIO(_record(source, view))) as file:
        bodies = [name for name in file.namelist() if name.startswith("bodies/")]
    assert len(bodies) == 3


def test_what_was_not_asked_is_not_recorded(api: FakeApi, source: LiveSource, tmp_path: Path) -> None:
    """A question that the evidence cannot answer is told with its path, and is no absence."""
    _cluster(api)
    file = tmp_path / "e.zip"
    file.write_bytes(_record(source, source.view()))
    cluster = Cluster(open_evidence(file).view())
    with pytest.raises(CannotTell) as error:
        cluster.list("v1", "Pod", "shop")
    assert (error.value.reason.id, error.value.reason.params) == (
        "not-recorded",
        {"path": "/api/v1/namespaces/shop/pods?limit=500"},
    )
    assert not isinstance(error.value, Absent)


def test_an_unreachable_cluster_can_be_recorded(api: FakeApi, source: LiveSource, tmp_path: Path) -> None:
    """Evidence of nothing says why there is nothing."""
    api.close()
    file = tmp_path / "e.zip"
    file.write_bytes(_record(source, source.view()))
    recorded = open_evidence(file)
    assert recorded.evidence.now is None
    assert recorded.evidence.cluster["uid"] is None
    with pytest.raises(CannotTell) as error:
        assert recorded.view().now
    assert error.value.reason.id == "unreachable"


INDEX = {
    "k8sgrade_evidence": 1,
    "tool": {},
    "cluster": {},
    "now": None,
    "run": {},
    "exchanges": [],
}


def _zip(index: Any, *entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        content = index if isinstance(index, bytes) else json.dumps(index).encode()
        for name, body in (("evidence.json", content), *entries):
            file.writestr(name, body)
    return buffer.getvalue()


def _exchange(**changes: Any) -> dict[str, Any]:
    return {"request": "GET /x", "status": 200, "headers": {}, "body": "0" * 64, **changes}


HOSTILE: dict[str, bytes] = {
    "not a zip": b"PK\x03\x04 nothing",
    "empty": b"",
    "not JSON": _zip(b"{"),
    "deep": _zip(b"[" * 200_000),
    "a list": _zip([]),
    "no format": _zip({**INDEX, "k8sgrade_evidence": "1"}),
    "format zero": _zip({**INDEX, "k8sgrade_evidence": 0}),
    "format yes": _zip({**INDEX, "k8sgrade_evidence": True}),
    "run no mapping": _zip({**INDEX, "run": 3}),
    "keys missing": _zip({"k8sgrade_evidence": 1}),
    "exchanges no list": _zip({**INDEX, "exchanges": 3}),
    "traversal": _zip(INDEX, ("../evil", b"x")),
    "absolute": _zip(INDEX, ("/etc/evil", b"x")),
    "stranger": _zip(INDEX, ("bodies/readme.txt", b"x")),
    "changed body": _zip(INDEX, (f"bodies/{'0' * 64}", b"x")),
    "missing body": _zip({**INDEX, "exchanges": [_exchange()]}),
    "odd status": _zip({**INDEX, "exchanges": [_exchange(status="200")]}),
    "odd request": _zip({**INDEX, "exchanges": [_exchange(request="DELETE /x")]}),
    "odd headers": _zip({**INDEX, "exchanges": [_exchange(headers={"a": 1})]}),
    "odd cluster": _zip({**INDEX, "cluster": {"uid": ["x"]}}),
    "odd error": _zip({**INDEX, "exchanges": [{"request": "GET /x", "error": "x"}]}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused(tmp_path: Path, name: str) -> None:
    """Whatever is in the file, it ends in one clean message that names it."""
    file = tmp_path / "hostile.zip"
    file.write_bytes(HOSTILE[name])
    with pytest.raises(EvidenceFault, match=r"hostile\.zip.*Next:"):
        open_evidence(file)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    """A path that leads nowhere is told like any other fault."""
    with pytest.raises(EvidenceFault, match="cannot be read"):
        open_evidence(tmp_path / "none.zip")


@pytest.mark.parametrize("packed", ["MAX_ENTRY_BYTES", "MAX_TOTAL_BYTES", "MAX_FILE_BYTES", "MAX_ENTRIES"])
def test_limits_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: str) -> None:
    """Bombs are stopped while they are unpacked."""
    body = b" " * 1_000_000
    file = tmp_path / "bomb.zip"
    file.write_bytes(_zip(INDEX, (f"bodies/{hashlib.sha256(body).hexdigest()}", body)))
    assert open_evidence(file).evidence.exchanges == ()
    monkeypatch.setattr(evidence_module, packed, 1 if packed == "MAX_ENTRIES" else 1000)
    with pytest.raises(EvidenceFault):
        open_evidence(file)


def test_entries_may_not_come_twice(tmp_path: Path) -> None:
    """Of two entries with one name nobody knows which counts."""
    file = tmp_path / "twice.zip"
    with pytest.warns(UserWarning, match="Duplicate"):
        file.write_bytes(_zip(INDEX, ("evidence.json", b"{}")))
    with pytest.raises(EvidenceFault, match="some twice"):
        open_evidence(file)


def test_requests_may_not_come_twice(tmp_path: Path) -> None:
    """Nor of two answers to one question."""
    error = {"request": "GET /x", "error": {"reason": "timeout", "params": {}}}
    file = tmp_path / "twice.zip"
    file.write_bytes(_zip({**INDEX, "exchanges": [error, error]}))
    with pytest.raises(EvidenceFault, match="recorded twice"):
        open_evidence(file)


def test_headers_of_a_file_are_cut_down_too(tmp_path: Path) -> None:
    """A made-up file cannot bring headers that a recording would not have."""
    body = b"{}"
    digest = hashlib.sha256(body).hexdigest()
    entry = _exchange(body=digest, headers={"Content-Type": "application/json", "Set-Cookie": "x"})
    file = tmp_path / "e.zip"
    file.write_bytes(_zip({**INDEX, "exchanges": [entry]}, (f"bodies/{digest}", body)))
    response = open_evidence(file).view().read(Request.to("/x"))
    assert response.headers == {"content-type": "application/json"}


def test_facts_of_evidence_may_be_missing(tmp_path: Path) -> None:
    """Unknown facts are empty, not an error."""
    file = tmp_path / "e.zip"
    file.write_bytes(_zip(INDEX))
    assert open_evidence(file).facts == Facts("", "", "")
