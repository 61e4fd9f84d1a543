"""Argo CD: what an Application's object says, and the API server of Argo CD itself.

Parsing keeps single and multiple sources alike and never reads messages. The API
is asked over https only: on its plain port argocd-server redirects to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.cluster.plain_yaml import NotPlain, load_plain
from pytest_k8sgrade.outcome import cannot_tell, unmet

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

API_VERSION = "argoproj.io/v1alpha1"
ERROR_CONDITIONS = ("InvalidSpecError", "ComparisonError", "SyncError", "DeletionError", "UnknownError")
"""In the order in which they explain the state: what comes first hides what follows."""
TIMEOUT_S = 10
DEFAULT_PROJECT = "default"
"""What an empty project means."""
PARAMETERS = "argocd-cmd-params-cm"
"""The ConfigMap with the settings of Argo CD's components."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source of an Application."""

    repository: str
    path: str
    chart: str
    revision: str
    value_files: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Automated:
    """The automated sync policy; switched off when it is not `written` or `enabled` is false."""

    on: bool
    prune: bool
    self_heal: bool
    written: bool = True
    allow_empty: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """The parts of an Application that verdicts rest on."""

    name: str
    namespace: str
    sources: tuple[Source, ...]
    destination: Mapping[str, str]
    project: str
    automated: Automated
    sync_options: Mapping[str, str]
    sync: str
    revisions: tuple[str, ...]
    health: str
    health_since: str | None
    conditions: tuple[str, ...]
    error_since: str | None
    resources: tuple[Mapping[str, Any], ...]
    operation: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    reconciled_at: str | None
    created: str | None
    has_status: bool
    terminating: bool
    finalizers: tuple[str, ...]
    controller: str
    annotations: Mapping[str, str]
    ignored: tuple[Mapping[str, Any], ...]
    hydration: Mapping[str, Any]
    hydrated_branch: str

    @property
    def error(self) -> str | None:
        """The condition type that explains why nothing can be synced, if there is one.

        A type that is not known is no warning unless its name says so, as Argo CD names them.
        """
        others = (kind for kind in self.conditions if not kind.endswith("Warning"))
        return next((kind for kind in ERROR_CONDITIONS if kind in self.conditions), next(others, None))

    @property
    def phase(self) -> str | None:
        """The phase of the last operation; a sync that fails and is retried stays `Running`."""
        return self.operation.get("phase")

    @property
    def retries(self) -> int:
        """How often the running operation was retried."""
        return int(self.operation.get("retryCount") or 0)

    @property
    def heals(self) -> int:
        """How often the state of the last operation was healed by itself."""
        sync = (self.operation.get("operation") or {}).get("sync") or {}
        return int(sync.get("autoHealAttemptsCount") or 0)

    @property
    def operated_revisions(self) -> tuple[str, ...]:
        """What the last operation synced to."""
        result = self.operation.get("syncResult") or {}
        return tuple(result.get("revisions") or [one for one in [result.get("revision")] if one])

    def sync_failures(self) -> list[Mapping[str, Any]]:
        """What the last operation could not apply, and its hooks that failed."""
        results = (self.operation.get("syncResult") or {}).get("resources") or []
        return [
            result
            for result in results
            if result.get("status") == "SyncFailed" or result.get("hookPhase") in ("Failed", "Error")
        ]

    def failed_resources(self) -> list[str]:
        """Kind/name of what the last operation could not apply."""
        return [label(result) for result in self.sync_failures()]

    def running_hooks(self) -> list[Mapping[str, Any]]:
        """The hooks that the running operation waits for."""
        results = (self.operation.get("syncResult") or {}).get("resources") or []
        return [one for one in results if one.get("hookType") and one.get("hookPhase") == "Running"]


def application(item: Mapping[str, Any]) -> Application:
    """An Application object, parsed."""
    spec, status = item.get("spec") or {}, item.get("status") or {}
    policy, sync = spec.get("syncPolicy") or {}, status.get("sync") or {}
    return Application(
        name=item["metadata"].get("name", ""),
        namespace=item["metadata"].get("namespace", ""),
        sources=_sources(spec),
        destination=spec.get("destination") or {},
        project=spec.get("project") or DEFAULT_PROJECT,
        automated=_automated(policy),
        sync_options=_options(policy.get("syncOptions") or []),
        sync=sync.get("status", ""),
        revisions=tuple(sync.get("revisions") or ([sync["revision"]] if sync.get("revision") else [])),
        health=(status.get("health") or {}).get("status", ""),
        health_since=(status.get("health") or {}).get("lastTransitionTime"),
        conditions=tuple(condition["type"] for condition in status.get("conditions") or []),
        error_since=_error_since(status.get("conditions") or []),
        resources=tuple(status.get("resources") or []),
        operation=status.get("operationState") or {},
        history=tuple(status.get("history") or []),
        reconciled_at=status.get("reconciledAt"),
        created=item["metadata"].get("creationTimestamp"),
        has_status=bool(sync or status.get("health") or status.get("conditions")),
        terminating=bool(item["metadata"].get("deletionTimestamp")),
        finalizers=tuple(item["metadata"].get("finalizers") or []),
        controller=status.get("controllerNamespace") or item["metadata"].get("namespace", ""),
        annotations=item["metadata"].get("annotations") or {},
        ignored=tuple(spec.get("ignoreDifferences") or []),
        hydration=(status.get("sourceHydrator") or {}).get("currentOperation") or {},
        hydrated_branch=((spec.get("sourceHydrator") or {}).get("syncSource") or {}).get("targetBranch", ""),
    )


def _error_since(conditions: Sequence[Mapping[str, Any]]) -> str | None:
    stamps = [one.get("lastTransitionTime") for one in conditions if one["type"] in ERROR_CONDITIONS]
    return min((stamp for stamp in stamps if stamp), default=None)


def label(resource: Mapping[str, Any]) -> str:
    """Kind, namespace and name of a managed resource as people write it."""
    namespace = resource.get("namespace")
    name = f"{namespace}/{resource.get('name')}" if namespace else str(resource.get("name"))
    return f"{resource.get('kind')} {name}"


def identity(resource: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """What a managed resource is, whichever version of its API is written."""
    return (
        resource.get("group") or "",
        resource.get("kind") or "",
        resource.get("namespace") or "",
        resource.get("name") or "",
    )


def _sources(spec: Mapping[str, Any]) -> tuple[Source, ...]:
    hydrator = spec.get("sourceHydrator") or {}
    many: Sequence[Mapping[str, Any]] = spec.get("sources") or []
    one = spec.get("source") or hydrator.get("drySource")
    return tuple(
        Source(
            repository=source.get("repoURL", ""),
            path=source.get("path", ""),
            chart=source.get("chart", ""),
            revision=source.get("targetRevision", "") or "HEAD",
            value_files=tuple((source.get("helm") or {}).get("valueFiles") or []),
            parameters={
                entry.get("name", ""): entry.get("value", "")
                for entry in (source.get("helm") or {}).get("parameters") or []
            },
            values=_values(source.get("helm") or {}),
        )
        for source in (many or ([one] if one else []))
    )


def _values(helm: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values that are written in the Application itself, as an object or as YAML."""
    written = helm.get("valuesObject")
    if written is None:
        try:
            written = load_plain(str(helm.get("values") or ""))
        except NotPlain:
            written = None
    return written if isinstance(written, dict) else {}


def _automated(policy: Mapping[str, Any]) -> Automated:
    automated = policy.get("automated")
    if automated is None:
        return Automated(on=False, prune=False, self_heal=False, written=False)
    return Automated(
        on=automated.get("enabled") is not False,
        prune=bool(automated.get("prune")),
        self_heal=bool(automated.get("selfHeal")),
        allow_empty=bool(automated.get("allowEmpty")),
    )


def _options(options: Sequence[str]) -> Mapping[str, str]:
    return {key: value for key, _, value in (option.partition("=") for option in options)}


def version(cluster: Cluster, namespace: str, service: str, scheme: str = "https", root: str = "") -> str:
    """What `/api/version` answers without a login; the ports of both schemes are named after them.

    `root` is the path below which the server was told to answer.
    """
    session = cluster.http(service, namespace, scheme, scheme=scheme)
    base = f"{session.base_url.rstrip('/')}/{root.strip('/')}".rstrip("/")
    where = {"service": service, "namespace": namespace}
    for path in ("/healthz", "/api/version"):
        answer = session.get(base + path, timeout=TIMEOUT_S)
        if answer.status_code != 200:
            unmet("argocd-server-unhealthy", seen=answer.status_code, wanted=200, path=path, **where)
    try:
        return str(answer.json()["Version"])
    except (ValueError, KeyError, TypeError):
        cannot_tell("argocd-bad-answer", seen=answer.status_code, **where)
