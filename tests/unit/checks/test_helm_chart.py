"""A chart judged from its release: dependencies, values, manifest, and what runs of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checks import helm_chart
from pytest_k8sgrade.services.helm import value_of
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import (
    Object,
    condition,
    container,
    deployment,
    hpa,
    item,
    namespace,
    pod,
    release,
    waiting,
)

WHERE = {"release": "shop", "namespace": "shop"}
LOCK = {"dependencies": [{"name": "redis", "version": "22.0.7"}]}
OLDER = {"dependencies": [{"name": "redis", "version": "21.0.0"}]}
OFF = {"redis": {"enabled": False}}
ON = {"name": "redis", "version": "22.0.7", "enabled": True}


def stored(*made: Object, status: str = "deployed", number: int = 1, **record: Any) -> Object:
    """The release with these objects in its manifest."""
    bare = [{key: value for key, value in one.items() if key != "status"} for one in made]
    manifest = "".join(f"---\n# Source: shop/x.yaml\n{json.dumps(one)}\n" for one in bare)
    return release("shop", number, status, space="shop", manifest=manifest, **record)


def chart(values: Object | None = None, lock: Object | None = None, enabled: Object | None = None) -> Object:
    """What the release keeps of its chart."""
    dependencies = {"dependencies": [enabled]} if enabled else {}
    return {"metadata": {"name": "shop", **dependencies}, "values": values or {}, "lock": lock}


def dependencies(kept: Object, **params: Any) -> Any:
    """One look at the dependency redis."""
    api = MemoryApi(stored(chart=kept), namespace("shop"))
    asked = {"dependencies": {"redis": "22.0.7"}, "off_by": {"redis": "redis.enabled"}, **params}
    return look(helm_chart.test_dependencies, api.cluster(), **WHERE, **asked)


def test_a_dependency_that_is_off_shows_in_the_lock_file_only() -> None:
    """Helm takes it out of the metadata."""
    assert dependencies(chart(OFF, LOCK)).status == "met"


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (chart(OFF, {"dependencies": []}), "helm-dependency-absent"),
        (chart(), "helm-dependency-absent"),
        (
            chart(OFF, {"dependencies": [{"name": "redis", "version": "21.0.0"}]}),
            "helm-dependency-other-version",
        ),
        (chart({"redis": {"enabled": True}}, LOCK, ON), "helm-dependency-enabled"),
        (chart({}, LOCK, ON), "helm-dependency-enabled"),
        (chart(OFF, LOCK, ON), "helm-dependency-enabled"),
        (chart({"redis": {"enabled": True}}, None, ON), "helm-dependency-enabled"),
    ],
    ids=[
        "not-locked",
        "nothing",
        "other-version",
        "on",
        "on-without-value",
        "on-whatever-the-value",
        "on-without-lock",
    ],
)
def test_what_a_chart_does_not_declare_or_not_switch_off(kept: Object, expected: str) -> None:
    """Nothing is earned by a value alone."""
    seen = dependencies(kept)
    assert (seen.status, reason(seen)) == ("unmet", expected)
    assert expected != "helm-dependency-absent" or share(seen) == 0


def test_without_a_lock_file_nothing_can_be_said() -> None:
    """A dependency that is switched off leaves no other trace, nor does older evidence."""
    seen = dependencies(chart(OFF))
    assert (seen.status, reason(seen)) == ("cannot-tell", "helm-dependencies-unseen")
    older = chart(OFF)
    del older["lock"]
    assert dependencies(older).status == "cannot-tell"
    assert dependencies(chart(OFF), off_by={}).status == "unmet"


def test_no_dependency_is_no_question() -> None:
    """A check that asks for nothing does not pass."""
    with pytest.raises(ValueError, match="required nothing"):
        dependencies(chart(OFF, LOCK), dependencies={})


def test_values_are_those_that_the_templates_saw() -> None:
    """What was set wins over the chart's own, and null takes that away."""
    own = chart({"a": {"b": 3, "c": "x"}, "d": True})
    api = MemoryApi(stored(chart=own, config={"a": {"b": 5, "c": None}}))

    def seen(**values: str) -> Any:
        asked = {key.replace("_", "."): value for key, value in values.items()}
        return look(helm_chart.test_values, api.cluster(), **WHERE, values=asked)

    assert seen(a_b="5", d="true").status == "met"
    assert reason(seen(a_b="3")) == "helm-other-value"
    assert reason(seen(a_c="x")) == "helm-other-value"


def workload(made: Object, **params: Any) -> Any:
    """One look at the manifest's Deployment."""
    return look(helm_chart.test_workload, MemoryApi(stored(made)).cluster(), **WHERE, **params)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("hosts[0].name", "own"),
        ("hosts[1].name", None),
        ("notes.example\\.org/key", "x"),
        ("gone.x", None),
    ],
)
def test_paths_are_those_of_helm_set(path: str, expected: object) -> None:
    """A list that was set replaces the chart's; a dot of a key is escaped."""
    record = {
        "config": {"hosts": [{"name": "own"}], "gone": None},
        "chart": {
            "values": {
                "hosts": [{"name": "one"}, {"name": "two"}],
                "notes": {"example.org/key": "x"},
                "gone": {"x": 1},
            }
        },
    }
    assert value_of(record, path) == expected


def test_the_manifest_is_compared_by_value() -> None:
    """Amounts and images in any notation; the hint speaks of the chart."""
    made = deployment(containers=[container(image="docker.io/example/web:1.0")])
    asked = {"image": "example/web:1.0", "port": 8080, "port_name": "http", "requests": {"cpu": "0.1"}}
    assert workload(made, name="web", min_replicas=2, max_replicas=2, **asked).status == "met"
    assert workload(made, name="elsewhere", **asked).status == "met"  # the only one there is
    assert reason(workload(made, image="example/web:2.0")) == "chart-field-differs"
    assert reason(workload(made, limits={"ephemeral-storage": "1Gi"})) == "chart-field-missing"
    assert reason(workload(made, min_replicas=3)) == "chart-field-differs"


def test_a_manifest_without_the_workload_is_told() -> None:
    """Another kind is no replacement, and of two somebody has to be meant."""
    api = MemoryApi(stored(deployment("a"), deployment("b")))
    seen: Any = look(helm_chart.test_workload, api.cluster(), **WHERE, name="web", image="x")
    assert reason(seen) == "helm-manifest-without"
    assert seen.reason.params["found"] == ["a", "b"]
    assert reason(workload(deployment(), kind="StatefulSet", image="x")) == "helm-manifest-without"


HTTP: Object = {"httpGet": {"path": "/", "port": "http"}}


def probes(**fields: Any) -> Any:
    """One look at the probes of a container."""
    api = MemoryApi(stored(deployment(containers=[container(**fields)])))
    asked = {"probes": {"liveness": "/", "readiness": "/"}, "port": "http"}
    return look(helm_chart.test_probes, api.cluster(), **WHERE, **asked)


def test_probes_ask_the_path_at_the_port() -> None:
    """By name or number; what only opens the port is another probe."""
    by_number: Object = {"httpGet": {"port": 8080}}
    assert probes(livenessProbe=HTTP, readinessProbe=by_number).status == "met"
    other_port: Object = {"httpGet": {"path": "/", "port": 9090}}
    assert reason(probes(livenessProbe=HTTP, readinessProbe=other_port)) == "chart-field-differs"
    assert reason(probes(livenessProbe=HTTP)) == "chart-field-missing"
    tcp: Object = {"tcpSocket": {"port": "http"}}
    assert reason(probes(livenessProbe=HTTP, readinessProbe=tcp)) == "chart-field-differs"
    elsewhere: Object = {"httpGet": {"path": "/ready", "port": "http"}}
    assert reason(probes(livenessProbe=HTTP, readinessProbe=elsewhere)) == "chart-field-differs"


def security(context: Object, whole: Object | None = None, init: Object | None = None) -> Any:
    """One look at the security context of a pod's containers."""
    made = deployment(containers=[container(securityContext=context)])
    template = made["spec"]["template"]["spec"]
    template["securityContext"] = whole or {}
    if init is not None:
        template["initContainers"] = [container("first", securityContext=init)]
    asked = {"context": {"runAsNonRoot": True, "runAsUser": 101}, "drop": ["ALL"]}
    return look(helm_chart.test_security, MemoryApi(stored(made)).cluster(), **WHERE, **asked)


def test_a_security_context_may_be_the_pods_or_the_containers() -> None:
    """The container's own counts, also where it undoes the pod's; every container is asked."""
    user, drop = {"runAsNonRoot": True, "runAsUser": 101}, {"capabilities": {"drop": ["ALL"]}}
    assert security({**drop, **user}).status == "met"
    assert security(drop, user).status == "met"
    undone = security({**drop, "runAsUser": 0}, user)
    assert list(parts(undone).values()).count("chart-field-differs") == 1
    assert reason(security(drop, {"runAsNonRoot": True})) == "chart-field-missing"
    assert reason(security({}, user)) == "chart-field-missing"
    assert reason(security(drop, user, init={})) == "chart-field-missing"


def test_mounts_are_writable_volumes_of_their_kind() -> None:
    """A trailing slash is no other folder; what is read-only is of no use."""

    def seen(kind: str = "emptyDir", **mount: Any) -> Any:
        made = deployment(containers=[container(volumeMounts=[{"name": "t", "mountPath": "/tmp/", **mount}])])
        made["spec"]["template"]["spec"]["volumes"] = [{"name": "t", kind: {}}]
        api = MemoryApi(stored(made))
        return look(helm_chart.test_mounts, api.cluster(), **WHERE, mounts={"/tmp": "emptyDir"})

    assert seen().status == "met"
    assert reason(seen("hostPath")) == "chart-field-differs"
    assert reason(seen(readOnly=True)) == "chart-field-differs"
    assert reason(seen(mountPath="/run")) == "chart-field-missing"


def applied(*objects: Object, made: Object | None = None) -> Any:
    """One look at what runs of the release."""
    api = MemoryApi(stored(made or deployment()), namespace("shop"), *objects)
    return look(helm_chart.test_applied, api.cluster(), **WHERE)


def test_what_runs_is_what_was_made() -> None:
    """The workload and every pod of it; changes past Helm are named."""
    assert applied(deployment(), pod("web-1"), pod("web-2")).status == "met"
    assert reason(applied(deployment(replicas=5), pod("web-1"))) == "helm-object-differs"
    other = [container(image="example/web:2.0")]
    seen = applied(deployment(), pod("web-1"), pod("web-2", spec={"containers": other}))
    assert (reason(seen), seen.reason.params["pod"]) == ("helm-pod-differs", "web-2")
    assert seen.reason.params["fields"] == ["spec.containers[web].image"]
    assert reason(applied(deployment())) == "workload-without-pods"
    assert reason(applied()) == "helm-object-gone"


def test_older_pods_are_there_while_a_rollout_goes_on() -> None:
    """Within the Deployment's own time that is early; after it, or where a pod cannot start, it is lost."""
    old = pod("web-1", spec={"containers": [container(image="example/web:0.9")]})

    def seen(since: str, why: str = "ContainerCreating") -> Any:
        progress = condition("Progressing", "True", "ReplicaSetUpdated", lastUpdateTime=since)
        status = {"updatedReplicas": 1, "readyReplicas": 2, "replicas": 3, "conditions": [progress]}
        return applied(deployment(status=status), old, pod("web-2", status=waiting(why)))

    early = seen("2026-03-02T09:58:00Z")
    assert (early.status, reason(early)) == ("early", "helm-pod-differs")
    assert seen("2026-03-02T09:00:00Z").status == "unmet"
    assert seen("2026-03-02T09:58:00Z", "ErrImagePull").status == "unmet"


def test_an_autoscaler_may_set_the_replicas() -> None:
    """That is what it is for."""
    assert applied(deployment(replicas=5), pod("web-1"), hpa()).status == "met"
    other = hpa(scaleTargetRef={"kind": "Deployment", "name": "other"})
    assert reason(applied(deployment(replicas=5), pod("web-1"), other)) == "helm-object-differs"


def test_a_release_without_workloads_proves_nothing() -> None:
    """A manifest of other things is applied, but there is nothing that runs."""
    seen = look(
        helm_chart.test_applied,
        MemoryApi(stored(item("v1", "ConfigMap", "x", data={}))).cluster(),
        **WHERE,
    )
    assert reason(seen) == "helm-manifest-without"


@pytest.mark.parametrize(
    ("objects", "status", "expected"),
    [
        ([], "absent", "helm-release-absent"),
        ([release("shop", 1, "deployed", space="other")], "absent", "helm-release-elsewhere"),
        ([release("shop", 1, "uninstalled", space="shop")], "hopeless", "helm-release-uninstalled"),
    ],
)
def test_without_a_release_there_is_no_chart(objects: list[Object], status: str, expected: str) -> None:
    """Every check of the record says where the release is, or that it was uninstalled."""
    seen = look(helm_chart.test_values, MemoryApi(*objects).cluster(), **WHERE, values={"a": "1"})
    assert (seen.status, reason(seen)) == (status, expected)


def test_a_manifest_that_is_no_yaml_is_nobodys_fault() -> None:
    """Nor is one that tries to be clever with aliases."""
    for manifest in ("---\na: [", "---\na: &x [1]\nb: *x"):
        api = MemoryApi(release("shop", 1, "deployed", space="shop", manifest=manifest))
        seen = look(helm_chart.test_applied, api.cluster(), **WHERE)
        assert (seen.status, reason(seen)) == ("cannot-tell", "helm-release-unreadable")
