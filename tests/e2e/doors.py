"""Ways to the real API server other than the administrator's: limited accounts, a faulty proxy.

For live tests. Everything is undone when the context ends.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.testbed.node import Bed
from tests.unit.cluster.certificates import make_authority

PORT = 17443
ROOT = Path(__file__).parents[2]
ACCESS = "rbac.authorization.k8s.io"
CORE = ["pods", "services", "services/proxy", "namespaces", "nodes", "events", "endpoints", "configmaps"]
GROUPS = [
    "apps",
    "autoscaling",
    "apiregistration.k8s.io",
    "apiextensions.k8s.io",
    "metrics.k8s.io",
    "monitoring.coreos.com",
    "argoproj.io",
    "discovery.k8s.io",
    "events.k8s.io",
]
READ = ["get", "list"]
EVERYTHING = [
    {"apiGroups": ["*"], "resources": ["*"], "verbs": READ},
    {"apiGroups": [""], "resources": ["services/proxy"], "verbs": ["create"]},
]
"""Read all there is and log in to Grafana."""
NO_SECRETS = [
    {"apiGroups": [""], "resources": CORE, "verbs": READ},
    {"apiGroups": GROUPS, "resources": ["*"], "verbs": READ},
]


@contextmanager
def account(bed: Bed, name: str, rules: list[dict[str, Any]]) -> Iterator[None]:
    """A ServiceAccount of the namespace `default` that may do what the rules say."""
    subject = {"kind": "ServiceAccount", "name": name, "namespace": "default"}
    role = {"apiGroup": ACCESS, "kind": "ClusterRole", "name": name}
    bed.apply(
        [
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": name, "namespace": "default"},
            },
            {"apiVersion": f"{ACCESS}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules},
            {
                "apiVersion": f"{ACCESS}/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": name},
                "roleRef": role,
                "subjects": [subject],
            },
        ]
    )
    try:
        yield
    finally:
        bed.kubectl("delete", "serviceaccount", name, "-n", "default")
        bed.kubectl("delete", "clusterrolebinding,clusterrole", name)


Door = Callable[..., Path]


@contextmanager
def fault_door(bed: Bed, folder: Path) -> Iterator[Door]:
    """A running fault proxy; what it gives makes the kubeconfig for one fault of one kind of read."""
    authority = make_authority(folder)
    with account(bed, "behind-the-door", EVERYTHING):
        known = yaml.safe_load(bed.identity(folder / "direct.yaml", "behind-the-door").read_text())
        cluster = known["clusters"][0]["cluster"]
        ca = folder / "upstream.pem"
        ca.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
        argv = [sys.executable, "-m", "tests.e2e.fault_proxy", str(PORT), str(authority.server_pem), str(ca)]
        process = bed.popen(argv, cwd=ROOT)

        def door(fault: str, reads: str = "everything", seconds: float = -1) -> Path:
            own = base64.b64encode(authority.ca_pem).decode()
            address = f"https://127.0.0.1:{PORT}/{fault}/{reads}/{seconds:g}"
            behind = {**cluster, "server": address, "certificate-authority-data": own}
            kubeconfig = folder / f"{fault}-{reads}.yaml"
            # Several doors are opened side by side: what they share stays as it is.
            clusters = [{**known["clusters"][0], "cluster": behind}]
            kubeconfig.write_text(yaml.safe_dump({**known, "clusters": clusters}))
            return kubeconfig

        try:
            bed.wait("the proxy listens", lambda: _listens(bed), 60)
            yield door
        finally:
            process.kill()
            process.wait()


def _listens(bed: Bed) -> bool:
    bed.connect("127.0.0.1", PORT).close()
    return True
