"""What an Application's spec says, field by field: source, destination, sync policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.services.fields import require_equal, require_that
from pytest_k8sgrade.services.gitops.argocd import Application
from pytest_k8sgrade.services.gitops.argocd_clusters import LOCAL_NAME, LOCAL_SERVER
from pytest_k8sgrade.services.gitops.repositories import same_repository

Subject = Mapping[str, str]


def require_source(
    found: Findings, subject: Subject, app: Application, *, repository: str, path: str, revision: str
) -> None:
    """Record whether a repository is named at all, and the fields of the source that are asked for."""
    addresses = [source.repository for source in app.sources]
    known = bool(addresses) and all(addresses)
    met = known and (not repository or any(same_repository(one, repository) for one in addresses))
    require_that(found, subject, "spec.source.repoURL", addresses or None, repository or "<URL>", met=met)
    for field, asked, values in (
        ("path", path, [source.path for source in app.sources]),
        ("targetRevision", revision, [source.revision for source in app.sources]),
    ):
        if asked:
            require_that(found, subject, f"spec.source.{field}", values, asked, met=asked in values)


def require_helm(
    found: Findings,
    subject: Subject,
    app: Application,
    *,
    value_files: list[str],
    parameters: Mapping[str, str],
) -> None:
    """Record whether a chart's values come from the files, and each parameter has the value."""
    for name in value_files:
        has = [file for source in app.sources for file in source.value_files]
        met = name in [file.rpartition("/")[2] for file in has]
        require_that(found, subject, "spec.source.helm.valueFiles", has or None, name, met=met)
    for name, asked in parameters.items():
        values = [source.parameters[name] for source in app.sources if name in source.parameters]
        field = f"spec.source.helm.parameters[{name}]"
        require_equal(found, subject, field, values[-1] if values else None, asked)


def require_destination(
    found: Findings, subject: Subject, app: Application, server: str, namespaces: list[str] | None
) -> None:
    """Record whether the cluster is the one that is asked for, and the namespace one of those."""
    destination = app.destination
    if server:
        has = destination.get("server") or (LOCAL_SERVER if destination.get("name") == LOCAL_NAME else None)
        require_equal(found, subject, "spec.destination.server", has or destination.get("name"), server)
    if namespaces:
        namespace = destination.get("namespace")
        require_that(
            found, subject, "spec.destination.namespace", namespace, namespaces, met=namespace in namespaces
        )


def require_policy(
    found: Findings, subject: Subject, app: Application, *, prune: bool | None, self_heal: bool | None
) -> None:
    """Record whether sync is automated, with the switches that are asked for; nothing where none is."""
    if prune is None and self_heal is None:
        return
    field = "spec.syncPolicy.automated"
    if not app.automated.written:
        asked = {"prune": prune, "selfHeal": self_heal}
        wanted = {name: value for name, value in asked.items() if value is not None}
        require_that(found, subject, field, None, wanted, met=False)
        return
    if not require_equal(found, subject, f"{field}.enabled", app.automated.on, True):
        return
    if prune is not None:
        require_equal(found, subject, f"{field}.prune", app.automated.prune, prune)
    if self_heal is not None:
        require_equal(found, subject, f"{field}.selfHeal", app.automated.self_heal, self_heal)


def subject_of(app: Application) -> dict[str, Any]:
    """Kind, namespace and name for a message."""
    return {"kind": "Application", "namespace": app.namespace, "name": app.name}
