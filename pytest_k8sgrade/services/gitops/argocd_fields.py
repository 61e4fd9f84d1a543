"""What an Application's spec says, field by field: source, destination, sync policy."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import normpath
from typing import Any

from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.services.fields import require_equal, require_that
from pytest_k8sgrade.services.gitops.argocd import Application, Source
from pytest_k8sgrade.services.gitops.repositories import same_repository
from pytest_k8sgrade.services.helm import plain, value_of

Subject = Mapping[str, str]


def require_source(
    found: Findings, subject: Subject, app: Application, *, repository: str, path: str, revision: str
) -> None:
    """Record whether a repository is named at all, and the fields of the source that are asked for.

    Of several sources one must have all of them; the one that has most of them is told.
    """
    addresses = [source.repository for source in app.sources]
    known = bool(addresses) and all(addresses)
    fits = [_fit(source, repository, path, revision) for source in app.sources] or [(False, False, False)]
    best = max(fits, key=lambda fit: (sum(fit), fit))
    shown = [source for source, fit in zip(app.sources, fits, strict=False) if fit == best]
    told = addresses if not best[0] else [source.repository for source in shown]
    require_that(
        found, subject, "spec.source.repoURL", told or None, repository or "<URL>", met=known and best[0]
    )
    for field, asked, met, values in (
        ("path", path, best[1], [source.path for source in shown]),
        ("targetRevision", revision, best[2], [source.revision for source in shown]),
    ):
        if asked:
            require_that(found, subject, f"spec.source.{field}", values, asked, met=met)


def _fit(source: Source, repository: str, path: str, revision: str) -> tuple[bool, bool, bool]:
    """Whether one source has the repository, the path and the revision that are asked for."""
    return (
        not repository or same_repository(source.repository, repository),
        not path or normpath(source.path) == normpath(path),
        not revision or _branch(source.revision) == _branch(revision),
    )


def _branch(revision: str) -> str:
    return revision.removeprefix("refs/heads/")


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
        given = [value for source in app.sources if (value := _given(source, name)) is not None]
        field = f"spec.source.helm.parameters[{name}]"
        require_equal(found, subject, field, given[-1] if given else None, asked)


def _given(source: Source, name: str) -> str | None:
    """What a source sets for a value of its chart: a parameter, or a value that is written beside it."""
    if name in source.parameters:
        return source.parameters[name]
    value = value_of({"config": source.values}, name)
    return plain(value) if value is not None else None


def require_destination(
    found: Findings,
    subject: Subject,
    app: Application,
    has: str | None,
    server: str,
    namespaces: list[str] | None,
) -> None:
    """Record whether the cluster that it `has` is the one asked for, and the namespace one of those."""
    destination = app.destination
    if server:
        met = has is not None and has.rstrip("/") == server.rstrip("/")
        require_that(found, subject, "spec.destination.server", has, server, met=met)
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
