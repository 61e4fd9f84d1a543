"""Whether an Application's status is about the present, and what its spec keeps out of the comparison.

An Application that is being deleted, that Argo CD was told to leave alone, or whose newest
commit could not be hydrated, still shows the last good state.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pytest_k8sgrade.kube.objects import GO_TRUE
from pytest_k8sgrade.outcome import unmet
from pytest_k8sgrade.services.gitops.argocd import Application, label

SKIP = "argocd.argoproj.io/skip-reconcile"
_REPLICAS = ("/spec/replicas", ".spec.replicas")
_SCALER = "kube-controller-manager"


def require_lasting(app: Application, params: Mapping[str, Any]) -> None:
    """Unmet when an Application is being deleted, or when Argo CD was told not to compare it."""
    if app.terminating:
        unmet(
            "argocd-application-terminating",
            seen="deletionTimestamp",
            wanted=None,
            finalizers=list(app.finalizers),
            **params,
        )
    if app.annotations.get(SKIP) in GO_TRUE:
        details = {**params, "annotation": SKIP, "at": app.reconciled_at or "-"}
        unmet("argocd-reconcile-skipped", seen=app.annotations[SKIP], wanted=None, **details)


def require_hydrated(app: Application, params: Mapping[str, Any]) -> None:
    """Unmet unless the newest commit of a dry source was hydrated; what is synced is older otherwise."""
    phase = app.hydration.get("phase")
    if phase in (None, "Hydrated"):
        return
    source = app.sources[0] if app.sources else None
    details = {
        **params,
        "phase": phase,
        "branch": app.hydrated_branch or "-",
        "repository": source.repository if source else "-",
        "path": source.path if source else "-",
        "revision": source.revision if source else "-",
    }
    unmet("argocd-hydration-failed", seen=phase, wanted="Hydrated", **details)


def require_something_left(app: Application, params: Mapping[str, Any]) -> None:
    """Unmet when automated sync stopped because it would delete everything that it manages."""
    policy = app.automated
    wipes = bool(app.resources) and all(one.get("requiresPruning") for one in app.resources)
    if policy.on and policy.prune and not policy.allow_empty and wipes:
        details = {
            **params,
            "paths": [source.path or source.chart for source in app.sources],
            "resources": [label(one) for one in app.resources],
        }
        unmet("argocd-would-wipe-out", seen=app.sync, wanted="Synced", **details)


def ignores_replicas(app: Application, resource: Mapping[str, Any]) -> bool:
    """Whether the comparison leaves the replicas of a workload out."""
    return any(_is_about(rule, resource) and _leaves_out_replicas(rule) for rule in app.ignored)


def _is_about(rule: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    kinds = all(fnmatchcase(resource.get(key) or "", str(rule.get(key) or "")) for key in ("group", "kind"))
    return kinds and all(not rule.get(key) or rule[key] == resource.get(key) for key in ("name", "namespace"))


def _leaves_out_replicas(rule: Mapping[str, Any]) -> bool:
    paths = [*(rule.get("jsonPointers") or []), *(rule.get("jqPathExpressions") or [])]
    return any(path in _REPLICAS for path in paths) or _SCALER in (rule.get("managedFieldsManagers") or [])
