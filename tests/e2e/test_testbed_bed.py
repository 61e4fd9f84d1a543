"""A bed does what a cluster does, and keeps to itself.

One bed of the node tier for the whole module; every test leaves it as it found it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.testbed.build import image
from tests.testbed.node import ApiError, Bed, BedError, CommandFailed, attach, up
from tests.testbed.paths import Cache

pytestmark = pytest.mark.e2e

NAME = f"works-{os.getpid()}"
WEB = "/apis/apps/v1/namespaces/default/deployments/web"
PATIENCE = 60


def _web() -> list[dict[str, Any]]:
    """Two web servers under the restricted profile, and their Service."""
    container = {
        "name": "web",
        "image": image("nginx"),
        "ports": [{"containerPort": 8080}],
        "securityContext": {
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    labels = {"app": "web"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }
    meta = {"name": "web", "namespace": "default"}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta,
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    ]


def _roots() -> dict[str, tuple[int, int]]:
    """Size and time of every file of the prepared containerd roots."""
    found = {}
    for folder, _, files in os.walk(Cache.default().containerd):
        for name in files:
            status = Path(folder, name).lstat()
            found[f"{folder}/{name}"] = status.st_size, status.st_mtime_ns
    return found


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    """A bed with two web servers."""
    started = up(NAME, "node", images={"nginx", "base"})
    try:
        started.apply(_web())
        started.wait(
            "two web servers are available",
            lambda: started.api.get(WEB)["status"].get("availableReplicas") == 2,
            PATIENCE,
        )
        yield started
    finally:
        started.down()


def _fetch(bed: Bed, host: str) -> str:
    """What a host answers to a plain request made on the node."""
    with bed.connect(host, 80) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return connection.makefile("rb").read().decode()


def test_exec_and_logs(bed: Bed) -> None:
    """Programs run in pods, under the user that was asked for, and logs are read."""
    assert "uid=101" in bed.kubectl("exec", "deploy/web", "--", "id")
    assert "nginx" in bed.kubectl("logs", "deploy/web")


def test_service(bed: Bed) -> None:
    """A Service answers pods by name, the node by address, and through the API server's proxy."""
    address = bed.api.get("/api/v1/namespaces/default/services/web")["spec"]["clusterIP"]
    bed.wait("the node reaches the Service", lambda: "nginx" in _fetch(bed, address), PATIENCE)
    ask = ("exec", "deploy/web", "--", "curl", "-sS", "-m", "3", "http://web.default.svc.cluster.local/")
    bed.wait("a pod reaches the Service", lambda: "nginx" in bed.kubectl(*ask), PATIENCE)
    status, text = bed.api.raw("GET", "/api/v1/namespaces/default/services/web:80/proxy/")
    assert status == 200
    assert "nginx" in text


def test_limited_identity(bed: Bed, tmp_path: Path) -> None:
    """A ServiceAccount's kubeconfig is that account and nothing more."""
    mine = bed.identity(tmp_path / "kubeconfig", "default")
    env = {"KUBECONFIG": str(mine)}
    kubectl = bed.artifacts.binary("kubectl")
    who = bed.run([kubectl, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"], env=env).stdout
    assert who == "system:serviceaccount:default:default"
    with pytest.raises(CommandFailed, match="forbidden"):
        bed.run([kubectl, "get", "pods"], env=env)


def test_stopped_and_paused_api_server(bed: Bed) -> None:
    """Stopped, the API server's port refuses; paused, it hangs; afterwards all is as before."""
    bed.stop("kube-apiserver")
    with pytest.raises(ConnectionRefusedError):
        bed.api.get("/version")
    with pytest.raises(BedError, match="not ready"):
        attach(NAME)
    bed.start("kube-apiserver")
    bed.pause("kube-apiserver")
    with pytest.raises(TimeoutError):
        bed.api.raw("GET", "/version", timeout=1)
    bed.resume("kube-apiserver")
    assert bed.api.ready()
    bed.wait("pods are as before", lambda: bed.api.get(WEB)["status"].get("availableReplicas") == 2, PATIENCE)


def test_time_limit_ends_the_whole_family(bed: Bed) -> None:
    """A program that takes too long is ended together with what it started."""
    with pytest.raises(CommandFailed, match="still running after"):
        bed.run(["sh", "-c", "sleep 4321 & sleep 4321"], timeout=0.5)
    bed.wait("no sleeper is left", lambda: "4321" not in bed.run(["ps", "ax", "-o", "args"]).stdout, 5)


def test_signals_reach_a_program_inside(bed: Bed) -> None:
    """A program inside the bed is a child like any other: it gets our signals, we get its exit code."""
    script = "trap 'exit 5' INT; echo ready; while :; do sleep 0.05; done"
    with bed.popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 5


def test_environment(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs inside see this folder and the bed's kubeconfig, and no proxy of the machine."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:1")
    out = bed.run(["sh", "-c", 'pwd; echo "$KUBECONFIG"; echo "[$HTTPS_PROXY]"']).stdout
    assert out.splitlines() == [str(Path.cwd()), str(bed.kubeconfig), "[]"]


def test_unknown_program_is_an_error(bed: Bed) -> None:
    """Asking for a program that is not there says so."""
    with pytest.raises(FileNotFoundError):
        bed.run(["no-such-program"])
    with pytest.raises(BedError, match="never started"):
        bed.start("kube-nothing")


def test_same_name_is_refused(bed: Bed) -> None:
    """A second bed of the same name is refused, and the first is not disturbed."""
    with pytest.raises(BedError, match="runs already"):
        up(bed.name, "control-plane")
    assert bed.api.ready()


def test_two_beds_do_not_meet(bed: Bed) -> None:
    """Two complete clusters on the same addresses: neither sees the other, ending one spares the other."""
    before = _roots()
    other = up(f"{NAME}-b", "node", images={"nginx"})
    try:
        other.kubectl("create", "namespace", "elsewhere")
        other.apply(_web())
        other.wait(
            "the other bed's web servers are available",
            lambda: other.api.get(WEB)["status"].get("availableReplicas") == 2,
            PATIENCE,
        )
        with pytest.raises(ApiError, match="404"):
            bed.api.get("/api/v1/namespaces/elsewhere")
    finally:
        other.down()
    time.sleep(1)
    assert bed.api.get(WEB)["status"]["availableReplicas"] == 2
    assert "uid=101" in bed.kubectl("exec", "deploy/web", "--", "id")
    after = _roots()
    assert {name: after.get(name) for name in before if after.get(name) != before[name]} == {}
