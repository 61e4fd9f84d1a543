"""A kubeconfig is chosen, checked against its policy, and turned into a connection."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_k8sgrade.cluster import FOREIGN, OWN, Cluster, Request, connect
from pytest_k8sgrade.cluster.kubeconfig import choose, default_files
from pytest_k8sgrade.cluster.source import read_ahead
from pytest_k8sgrade.errors import KubeconfigFault
from tests.unit.cluster.fake import Answer, FakeApi, Handler, status


def _exec(command: str, *args: str, version: str = "v1") -> dict[str, Any]:
    plugin = {"apiVersion": f"client.authentication.k8s.io/{version}", "command": command, "args": list(args)}
    return {"exec": {**plugin, "interactiveMode": "IfAvailable"}}


def _plugin(folder: Path, body: str) -> dict[str, Any]:
    script = folder / "plugin.py"
    script.write_text(body, encoding="utf-8")
    return _exec(sys.executable, str(script))


def _credential(token: str) -> str:
    told = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    return f"print({json.dumps(json.dumps(told))})"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "no YAML mapping"),
        ("- 1", "no YAML mapping"),
        ("a: [", "not YAML"),
        ("a: &a [1]\nb: *a", "aliases"),
        ("a: " + "[" * 80 + "]" * 80, "nested too deep"),
        ("clusters: {}\ncontexts: 3\n", "'contexts' is not a list"),
        ("contexts: []", "no current-context"),
        ("current-context: x\ncontexts: [{name: y, context: {}}]", "no context 'x'; contexts: 'y'"),
        ("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]", "cluster 'c' is not defined"),
        ("current-context: x\ncontexts: [{name: x}]", "no server address"),
        (
            "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]",
            "user 'u' is not defined",
        ),
    ],
)
def test_a_bad_kubeconfig_is_told_with_its_file(tmp_path: Path, content: str, complaint: str) -> None:
    """Every fault of a kubeconfig names the file, what is wrong and what to do next."""
    path = tmp_path / "kubeconfig"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KubeconfigFault) as fault:
        choose(path)
    assert complaint in str(fault.value)
    assert str(path) in str(fault.value)
    assert "Next:" in str(fault.value)


def test_a_missing_or_huge_file_is_a_fault(tmp_path: Path) -> None:
    """Neither a missing file nor one without end gets further than the first read."""
    with pytest.raises(KubeconfigFault, match="no such file"):
        choose(tmp_path / "none")
    (tmp_path / "huge").write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(KubeconfigFault, match="larger than"):
        choose(tmp_path / "huge")


def test_files_of_the_environment_merge_and_the_first_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KUBECONFIG may list files: names of the first win, others are added."""
    first, second = tmp_path / "a", tmp_path / "b"
    context = {"cluster": "c", "user": ""}
    first.write_text(yaml.safe_dump({"clusters": [{"name": "c", "cluster": {"server": "https://one"}}]}))
    second.write_text(
        yaml.safe_dump(
            {
                "current-context": "x",
                "contexts": [{"name": "x", "context": context}],
                "clusters": [{"name": "c", "cluster": {"server": "https://two"}}],
            }
        )
    )
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'missing'}:{second}")
    chosen = choose()
    assert (chosen.context, chosen.server) == ("x", "https://one")


def test_without_kubeconfig_the_home_file_is_the_default() -> None:
    """Where nothing is set, kubectl's own default is read."""
    assert default_files({}) == (Path("~/.kube/config").expanduser(),)


@pytest.mark.parametrize(
    ("user", "cluster", "named"),
    [
        (_exec("touch"), {}, "user.exec"),
        ({"auth-provider": {"name": "oidc"}}, {}, "user.auth-provider"),
        ({"tokenFile": "/etc/passwd"}, {}, "user.tokenFile"),
        ({"client-certificate": "/etc/passwd"}, {}, "user.client-certificate"),
        ({"client-key": "/etc/passwd"}, {}, "user.client-key"),
        ({"token": "t", "as": "system:admin"}, {}, "user.as"),
        ({"token": "t", "brandNew": 1}, {}, "user.brandNew"),
        ({"token": "t"}, {"certificate-authority": "/etc/passwd"}, "cluster.certificate-authority"),
        ({"token": "t"}, {"insecure-skip-tls-verify": True}, "cluster.insecure-skip-tls-verify"),
        ({"token": "t"}, {"server": "http://127.0.0.1:1"}, "cluster.server"),
        ({"token": "t"}, {"proxy-url": "http://127.0.0.1:1"}, "cluster.proxy-url"),
    ],
)
def test_a_foreign_kubeconfig_may_not(
    api: FakeApi, user: dict[str, Any], cluster: dict[str, Any], named: str
) -> None:
    """What would run, read or divert something is refused before anything is done."""
    with pytest.raises(KubeconfigFault, match=named.replace(".", r"\.")):
        connect(api.kubeconfig(user, cluster), policy=FOREIGN)
    assert api.requests == []


def test_a_foreign_plugin_is_never_run(api: FakeApi, tmp_path: Path) -> None:
    """The plugin of somebody else's kubeconfig leaves no trace."""
    trace = tmp_path / "trace"
    user = _plugin(tmp_path, f"open({str(trace)!r}, 'w')")
    with pytest.raises(KubeconfigFault):
        connect(api.kubeconfig(user), policy=FOREIGN)
    assert not trace.exists()


@pytest.mark.parametrize(
    "server", ["https://169.254.169.254", "https://[fe80::1]", "https://[::ffff:169.254.1.1]"]
)
def test_a_foreign_server_is_no_metadata_service(api: FakeApi, server: str) -> None:
    """Link-local addresses belong to the machine that grades."""
    with pytest.raises(KubeconfigFault, match="link-local"):
        connect(api.kubeconfig({"token": "t"}, {"server": server}), policy=FOREIGN)


def test_a_plugin_gives_the_token(api: FakeApi, tmp_path: Path) -> None:
    """A credential plugin of one's own kubeconfig is run by the library."""
    source = connect(api.kubeconfig(_plugin(tmp_path, _credential("from-plugin"))), policy=OWN)
    assert Cluster(source.view()).server_version == "v1.34.4"
    assert api.requests[0][2]["Authorization"] == "Bearer from-plugin"
    source.close()


def test_a_failing_plugin_is_told_before_anything_is_graded(
    api: FakeApi, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The library would only log it and go on as nobody. What it prints may be a secret."""
    user = _plugin(
        tmp_path, "import sys; print('planted-out'); print('planted-err', file=sys.stderr); sys.exit(7)"
    )
    with pytest.raises(KubeconfigFault, match=r"gave no credentials; it ended with exit code 7") as fault:
        connect(api.kubeconfig(user))
    assert repr(sys.executable) in str(fault.value)
    told = [*fault.value.texts.values(), caplog.text, *capfd.readouterr()]
    assert "planted" not in "".join(told)
    assert "context 'lab'" in str(fault.value)
    assert api.requests == []


def test_an_expired_token_is_renewed_once_for_all(api: FakeApi, tmp_path: Path) -> None:
    """Several reads that are refused at the same time run the plugin once."""
    runs = tmp_path / "runs"
    count = f"open({str(runs)!r}, 'a').write('x')\nn = len(open({str(runs)!r}).read())\n"
    user = _plugin(tmp_path, count + _credential("stale"))
    source = connect(api.kubeconfig(user))
    script = tmp_path / "plugin.py"
    script.write_text(count + _credential("fresh"), encoding="utf-8")

    def route(handler: Handler) -> Answer:
        time.sleep(0.1)
        fresh = handler.headers["Authorization"] == "Bearer fresh"
        return Answer({"items": []}) if fresh else status(401, "Unauthorized")

    requests = [Request.to(f"/api/v1/namespaces/{name}/pods") for name in "abcd"]
    for request in requests:
        api.routes[request.path] = route
    view = source.view()
    read_ahead(view, requests)
    assert [view.read(request).status for request in requests] == [200] * 4
    assert len(runs.read_text()) == 2
    source.close()


def test_the_dead_plugin_version_is_named(api: FakeApi) -> None:
    """v1alpha1 is gone since Kubernetes 1.24: the message says what to renew."""
    with pytest.raises(KubeconfigFault, match=r"v1alpha1.*update the cloud provider's CLI"):
        connect(api.kubeconfig(_exec("aws", version="v1alpha1")))
