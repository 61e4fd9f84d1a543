"""Argo CD: installed, reachable, and its Applications configured and synced.

Components are found by their label, so that an installation by manifest and one by
Helm are the same. Health alone is never asked: an Application whose repository
cannot be read is Healthy, because it has no resources.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.rollout import Shortfall
from pytest_k8sgrade.outcome import Findings, Unmet, absent, unmet
from pytest_k8sgrade.services.diagnosis import if_readable, require_namespace
from pytest_k8sgrade.services.established import require_established
from pytest_k8sgrade.services.fields import require_equal
from pytest_k8sgrade.services.gitops import argocd, argocd_clusters, argocd_fields, argocd_history
from pytest_k8sgrade.services.gitops.argocd import API_VERSION, PARAMETERS, Application
from pytest_k8sgrade.services.gitops.argocd_clusters import LOCAL_SERVER
from pytest_k8sgrade.services.gitops.syncing import require_alone, require_compared, require_synced
from pytest_k8sgrade.services.running import workloads

COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "server": ("argocd-server",),
    "repo-server": ("argocd-repo-server",),
    "application-controller": ("argocd-application-controller",),
    "redis": ("argocd-redis", "argocd-redis-ha-haproxy", "argocd-redis-ha", "redis-ha"),
}
"""What no installation can do without; Dex, notifications and ApplicationSets are optional."""
CRDS = ("applications.argoproj.io", "appprojects.argoproj.io")


def test_installed(cluster: Cluster, namespace: str, *, core: bool = False) -> None:
    """Argo CD's components run and its resource types are established.

    `core` says that an installation without API server and UI is enough.
    """
    present = workloads.list_all(cluster, namespace, ("Deployment", "StatefulSet"))
    if not present:
        require_namespace(cluster, namespace)
        absent("argocd-absent", namespace=namespace)
    found = Findings()
    for component, names in COMPONENTS.items():
        own = [one for one in present if _is_of(one, component, names)]
        if core and component == "server" and not own:
            continue
        if not own:
            found.require(
                False,
                "argocd-component-absent",
                part=component,
                wanted=names[0],
                component=names[0],
                namespace=namespace,
            )
        else:
            workloads.require(found, _shortfall(cluster, own), component)
    for crd in CRDS:
        require_established(cluster, found, crd)
    found.close()


def _is_of(workload: workloads.Object, component: str, names: tuple[str, ...]) -> bool:
    """Whether a workload is a component, by its usual name or by the labels that every installer sets."""
    labels = workload["metadata"].get("labels") or {}
    labelled = labels.get("app.kubernetes.io/part-of") == "argocd"
    return _name(workload) in names or (labelled and labels.get("app.kubernetes.io/component") == component)


def _shortfall(cluster: Cluster, own: list[workloads.Object]) -> Shortfall | None:
    """What a component's workloads lack; one that is switched off counts only where none of them runs."""
    found = [workloads.shortfall(cluster, one) for one in own]
    missing = [one for one in found if one is not None]
    if None in found:
        missing = [one for one in missing if one.reason != "workload-scaled-to-zero"]
    return next(iter(missing), None)


def _name(workload: workloads.Object) -> str:
    metadata = workload["metadata"]
    return str((metadata.get("labels") or {}).get("app.kubernetes.io/name") or metadata["name"])


def test_api(cluster: Cluster, namespace: str, service: str = "") -> None:
    """The API server of Argo CD answers."""
    chosen = service or _server(cluster, namespace)
    try:
        argocd.version(cluster, namespace, chosen)
    except Unmet as secure:
        if not _answers_otherwise(cluster, namespace, chosen):
            raise secure from None


def _answers_otherwise(cluster: Cluster, namespace: str, service: str) -> bool:
    """Whether the server answers without TLS, or below the path that it was told."""
    if if_readable(lambda: argocd.version(cluster, namespace, service, scheme="http")) is not None:
        return True
    settings = if_readable(lambda: cluster.find("v1", "ConfigMap", PARAMETERS, namespace)) or {}
    root = str((settings.get("data") or {}).get("server.rootpath") or "").strip("/")
    return bool(root) and any(
        if_readable(lambda: argocd.version(cluster, namespace, service, scheme, root)) is not None  # noqa: B023
        for scheme in ("https", "http")
    )


def _server(cluster: Cluster, namespace: str) -> str:
    services = cluster.list("v1", "Service", namespace)
    names = sorted(one["metadata"]["name"] for one in services if _name(one) == "argocd-server")
    if not names:
        require_namespace(cluster, namespace)
        absent(
            "argocd-component-absent", wanted="argocd-server", component="argocd-server", namespace=namespace
        )
    return str(names[0])


def _application(cluster: Cluster, name: str, namespace: str) -> Application:
    return argocd.application(cluster.get(API_VERSION, "Application", name, namespace))


def test_application(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    repository: str = "",
    path: str = "",
    revision: str = "",
    helm_value_files: list[str] | None = None,
    helm_parameters: dict[str, str] | None = None,
    project: str = "",
    server: str = LOCAL_SERVER,
    target_namespaces: list[str] | None = None,
    prune: bool | None = None,
    self_heal: bool | None = None,
    create_namespace: bool | None = None,
) -> None:
    """The Application {name} has the source, destination and sync policy that were asked for.

    `repository` is an address or a repository's bare name; an empty `server` stands for any cluster.
    """
    app, found = _application(cluster, name, namespace), Findings()
    subject = argocd_fields.subject_of(app)
    argocd_fields.require_source(found, subject, app, repository=repository, path=path, revision=revision)
    argocd_fields.require_helm(
        found, subject, app, value_files=helm_value_files or [], parameters=helm_parameters or {}
    )
    if project:
        require_equal(found, subject, "spec.project", app.project, project)
    address = argocd_clusters.server_of(cluster, app)
    argocd_fields.require_destination(found, subject, app, address, server, target_namespaces)
    argocd_fields.require_policy(found, subject, app, prune=prune, self_heal=self_heal)
    if create_namespace is not None:
        has = app.sync_options.get("CreateNamespace") == "true"
        require_equal(found, subject, "spec.syncPolicy.syncOptions.CreateNamespace", has, create_namespace)
    found.close()


def test_readable(cluster: Cluster, name: str, namespace: str) -> None:
    """Argo CD reads the source of the Application {name}, finds manifests there and compares them."""
    require_compared(cluster, _application(cluster, name, namespace))


def test_synced(cluster: Cluster, name: str, namespace: str, *, alone: bool = False) -> None:
    """The Application {name} is synced to Git, and what it deployed is healthy.

    `alone` asks that no other Application manages any of the same objects: of two that do, one
    is always Synced, and which of them changes all the time.
    """
    app = _application(cluster, name, namespace)
    if alone and app.error is None:
        require_alone(cluster, app)
    require_synced(cluster, app)
    cluster.held_since(*_moments(app))


def _moments(app: Application) -> list[Any]:
    return [app.operation.get("finishedAt"), app.health_since]


def test_automated(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    prune: bool | None = None,
    self_heal: bool | None = None,
) -> None:
    """The Application {name} is synced automatically, as its policy says."""
    app, found = _application(cluster, name, namespace), Findings()
    if not app.automated.on:
        reason = "argocd-automated-off" if app.automated.written else "argocd-automated-absent"
        unmet(reason, seen=app.automated.written, wanted=True, namespace=namespace, name=name)
    found.require(True, "argocd-automated-off", part="automated")
    subject = argocd_fields.subject_of(app)
    argocd_fields.require_policy(found, subject, app, prune=prune, self_heal=self_heal)
    found.close()


def test_auto_synced(cluster: Cluster, name: str, namespace: str) -> None:
    """The Application {name} is in sync, and its automated policy did it."""
    app, found = _application(cluster, name, namespace), Findings()
    require_synced(cluster, app)
    params: dict[str, Any] = {"namespace": namespace, "name": name, "who": argocd_history.initiator(app)}
    found.require(True, "argocd-synced-by-hand", part="synced")
    found.require(
        app.automated.on and argocd_history.by_policy(app),
        "argocd-synced-by-hand",
        part="automated",
        seen=params["who"],
        wanted="automated",
        policy=app.automated.on,
        **params,
    )
    found.close()


def test_self_healed(cluster: Cluster, name: str, namespace: str) -> None:
    """Argo CD has undone a change by hand to what {name} manages."""
    app, found = _application(cluster, name, namespace), Findings()
    require_synced(cluster, app)
    params: dict[str, Any] = {"namespace": namespace, "name": name, "who": argocd_history.initiator(app)}
    if "SharedResourceWarning" in app.conditions:
        unmet("argocd-heals-against-other", seen="SharedResourceWarning", wanted=None, **params)
    policy = app.automated.on and app.automated.self_heal
    found.require(policy, "argocd-self-heal-off", part="policy", seen=policy, wanted=True, **params)
    healed = argocd_history.healed(app)
    found.require(
        healed is not None,
        "argocd-no-self-heal",
        part="healed",
        weight=2,
        seen=app.operation.get("startedAt"),
        wanted="autoHealAttemptsCount",
        **params,
    )
    found.close()
    cluster.held_since(app.operation.get("finishedAt"))


def test_push_deployed(cluster: Cluster, name: str, namespace: str, revisions: int = 2) -> None:
    """Argo CD has deployed at least {revisions} revisions of {name}, and a later one changed something."""
    app, found = _application(cluster, name, namespace), Findings()
    known = argocd_history.revisions(app)
    params: dict[str, Any] = {
        "namespace": namespace,
        "name": name,
        "deployed": len(known),
        "least": revisions,
    }
    if not found.require(
        len(known) >= revisions,
        "argocd-no-second-revision",
        part="history",
        seen=known,
        wanted=revisions,
        **params,
    ):
        found.close()
    require_synced(cluster, app)
    found.require(
        argocd_history.changed(cluster, app),
        "argocd-push-unproven",
        part="changed",
        seen=known,
        wanted="new pod template",
        **params,
    )
    found.close()


def test_deleted(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    workloads_gone: list[str] | None = None,
    target_namespace: str = "",
) -> None:
    """The Application {name} is gone, and with it what it deployed."""
    item = cluster.find(API_VERSION, "Application", name, namespace)
    if item is not None:
        app = argocd.application(item)
        reason = "argocd-application-terminating" if app.terminating else "argocd-application-there"
        unmet(reason, seen=name, wanted=None, namespace=namespace, name=name, finalizers=list(app.finalizers))
    for written in workloads_gone or []:
        kind, _, workload = written.rpartition("/")
        if cluster.find("apps/v1", kind or "Deployment", workload, target_namespace) is not None:
            params = {"kind": kind or "Deployment", "namespace": target_namespace, "workload": workload}
            unmet("argocd-left-behind", seen=written, wanted=None, name=name, **params)
