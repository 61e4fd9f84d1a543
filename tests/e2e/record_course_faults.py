"""Records the evidence of tests/course_faults: `python -m tests.e2e.record_course_faults BED`.

`letter.zip` is a lab1 bed where everything is as the course's texts have it, `second.zip` the
same after a first repair that shows the next fault: Alertmanager's configuration under the
name that is read, the label that Prometheus selects, a root-app that can be compared. The bed
is not as before afterwards: take it down.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.testbed.layers import look
from tests.testbed.layers.git_server import commit
from tests.testbed.node import Bed, attach

FOLDER = Path(__file__).parents[1] / "course_faults"
NAME = "prometheus-kube-prometheus-alertmanager"
ALERTMANAGER = f"/apis/monitoring.coreos.com/v1/namespaces/monitoring/alertmanagers/{NAME}"
OWN_SECRET = f"alertmanager-{NAME}"
REPOSITORY = "git://git-server.git-server.svc.cluster.local/web-app.git"
CHILD = "apps/infrastructure/monitoring.yaml"
ALERTS = ("HighHTTPRequestRate", "PodCPUThrottling")

Documents = dict[str, dict[str, Any]]


def main(name: str) -> None:
    """Record both states."""
    bed = attach(name)
    letter = list(yaml.safe_load_all((FOLDER / "letter.yaml").read_text(encoding="utf-8")))
    bed.apply(letter)
    bed.kubectl("delete", "crd", "applicationsets.argoproj.io")  # what a client-side apply leaves out
    look.until("root-app is refused", _seen(bed, "root-app", "InvalidSpecError"), 120)
    look.until("web-app-dev is not comparable", _seen(bed, "web-app-dev", "ComparisonError"), 180)
    _record(bed, "letter.zip")
    _second(bed, letter)


def _second(bed: Bed, letter: list[dict[str, Any]]) -> None:
    bed.apply(_repaired({one["metadata"]["name"]: one for one in letter}))
    commit(bed, "web-app", "children in sub-folders", {CHILD: yaml.safe_dump(_child())})
    bed.kubectl("annotate", "application", "root-app", "-n", "argocd", "argocd.argoproj.io/refresh=hard")
    look.until("root-app is synced", lambda: _synced(bed), 120)
    look.until("Alertmanager's configuration is refused", lambda: _refused(bed), 120)
    look.until("the rules are loaded", lambda: _loaded(bed), 180)
    _record(bed, "second.zip")


def _repaired(letter: Documents) -> list[dict[str, Any]]:
    secret, rule, root = letter["alertmanager-config"], letter["custom-alerts"], letter["root-app"]
    secret["metadata"]["name"] = OWN_SECRET
    rule["metadata"]["labels"]["release"] = "prometheus"
    root["spec"]["project"] = "default"
    root["spec"]["source"]["repoURL"] = REPOSITORY
    root["spec"]["destination"]["server"] = "https://kubernetes.default.svc"
    return [secret, rule, root]


def _child() -> dict[str, Any]:
    """What the root never sees: it looks at `apps` only, not below."""
    source = {"repoURL": REPOSITORY, "targetRevision": "HEAD", "path": "k8s/web-app"}
    destination = {"server": "https://kubernetes.default.svc", "namespace": "child"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "monitoring", "namespace": "argocd"},
        "spec": {"project": "default", "source": source, "destination": destination},
    }


def _seen(bed: Bed, name: str, kind: str) -> Callable[[], str | None]:
    def probe() -> str | None:
        status = (look.read(bed, "application", "argocd", name) or {}).get("status") or {}
        kinds = [one["type"] for one in status.get("conditions") or []]
        return None if kind in kinds else f"conditions {kinds}"

    return probe


def _synced(bed: Bed) -> str | None:
    status = (look.read(bed, "application", "argocd", "root-app") or {}).get("status") or {}
    found = (status.get("sync") or {}).get("status")
    return (
        None if found == "Synced" and not status.get("conditions") else f"{found} {status.get('conditions')}"
    )


def _refused(bed: Bed) -> str | None:
    found = look.get(bed, ALERTMANAGER) or {}
    conditions = (found.get("status") or {}).get("conditions") or []
    reasons = [one.get("reason") for one in conditions if one["type"] == "Reconciled"]
    return None if reasons == ["ReconciliationFailed"] else f"Reconciled {reasons}"


def _loaded(bed: Bed) -> str | None:
    path = "/api/v1/namespaces/monitoring/services/http:prometheus-operated:9090/proxy/api/v1/rules"
    said = bed.kubectl("get", "--raw", path)
    missing = [alert for alert in ALERTS if f'"{alert}"' not in said]
    return f"not loaded: {missing}" if missing else None


def _record(bed: Bed, file: str) -> None:
    program = str(Path(sys.executable).with_name("pytest"))
    options = ["--k8s-grade-wait=0", "--k8s-grade-lang=en", f"--k8s-grade-record={FOLDER / file}"]
    argv = [program, f"--k8s-grade={FOLDER / 'handson1.yaml'}", *options]
    print(bed.run(argv, check=False, timeout=300).stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
