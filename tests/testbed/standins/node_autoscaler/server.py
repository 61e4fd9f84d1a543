"""Stand-in for Cluster Autoscaler: writes the status that it is told, in the documented form.

No cloud is behind the testbed, so no node is ever added. What is real is the trace that checks
read: the ConfigMap cluster-autoscaler-status is written anew every second with the time of now,
as the program does in every loop, and the leader's Lease is renewed. The text comes from the
ConfigMap cluster-autoscaler-stand-in (key status, NOW for the time); its key age, in seconds, makes
both look as old as those of a program that has stopped.
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
API = "https://kubernetes.default.svc"
MAPS = "/api/v1/namespaces/kube-system/configmaps"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
STATUS, TOLD, LEASE = "cluster-autoscaler-status", "cluster-autoscaler-stand-in", "cluster-autoscaler"


def call(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to the API server with the pod's own account; a body is applied."""
    token = (ACCOUNT / "token").read_text(encoding="ascii")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/apply-patch+yaml"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data, headers, method=method)
    context = ssl.create_default_context(cafile=ACCOUNT / "ca.crt")
    with urllib.request.urlopen(request, context=context, timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def apply(path: str, name: str, body: dict[str, Any]) -> None:
    """Make an object what the body says."""
    body["metadata"] = {"name": name, "namespace": "kube-system", **body.get("metadata", {})}
    call("PATCH", f"{path}/{name}?fieldManager=cluster-autoscaler&force=true", body)


def loop() -> None:
    """One look at what is told, and both traces."""
    told = call("GET", f"{MAPS}/{TOLD}")["data"]
    now = datetime.now(UTC) - timedelta(seconds=int(told.get("age", "0")))
    text = now.strftime("%Y-%m-%d %H:%M:%S.%f +0000 UTC")
    stamp = {"cluster-autoscaler.kubernetes.io/last-updated": text}
    status = {"status": told["status"].replace("NOW", text)}
    apply(
        MAPS,
        STATUS,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"annotations": stamp}, "data": status},
    )
    moment = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    held = {"holderIdentity": TOLD, "renewTime": moment, "leaseDurationSeconds": 15}
    apply(LEASES, LEASE, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": held})


def main() -> None:
    """Once a second, whatever goes wrong: the API server may be busy."""
    while True:
        try:
            loop()
        except (OSError, urllib.error.URLError, KeyError, ValueError) as error:
            print(f"{type(error).__name__}: {error}", flush=True)
        time.sleep(1)


if __name__ == "__main__":
    main()
