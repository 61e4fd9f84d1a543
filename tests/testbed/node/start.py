"""Brings a bed up: namespaces, then the cluster's programs in the order they need each other.

A bed belongs to the process that starts it and ends with it, unless it is detached.  Whatever
goes wrong on the way, Ctrl-C included, takes down what was already there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.testbed import build
from tests.testbed.build import Artifacts, image
from tests.testbed.paths import ENVIRONMENT, Cache

from . import dns, mounts, network, programs, teardown
from .bed import Bed
from .launch import Launch, Report
from .settings import Settings
from .state import BedError, Hopeless, Place, Tier, load, places, sweep, take

NODE_IMAGES = frozenset({"pause", "coredns"})
CONTROL_PLANE = ("kube-controller-manager", "kube-scheduler")
NODE = ("kubelet", "kube-proxy")
PATIENCE = 120.0  # for a machine that builds and runs other beds at the same time


def _quiet(_: str) -> None:
    """Report nothing."""


def up(
    name: str = "bed",
    tier: Tier = "node",
    *,
    images: Iterable[str] = (),
    report: Report = _quiet,
    settings: Settings | None = None,
    artifacts: Artifacts | None = None,
) -> Bed:
    """Start a bed and return it when its API, node, Services and DNS work.

    `images` are the keys of `build.images` that pods will use, beyond those of the cluster itself.
    """
    place = Place(Cache.default().run, name)
    _check(place)
    artifacts = artifacts or build.artifacts()
    sweep(place.runs)
    # a bed that is just ending holds its lock a moment longer
    lock = None if _alive(place) else take(place, timeout=3)
    if lock is None:
        raise BedError(f"bed {name!r} runs already: choose another name, or take it down first")
    launch = Launch(place, lock, tier, settings or Settings(), artifacts, report)
    try:
        with ThreadPoolExecutor(2, "launch") as pool:
            launch.files()
            pki = pool.submit(launch.certificates)
            root = pool.submit(_containerd_root, launch, frozenset(images)) if tier == "node" else None
            launch.namespaces()
            bed = launch.bed()
            _programs(launch, bed, pki.result, root.result if root else None)
        _usable(launch, bed)
    except BaseException:
        _abort(launch)
        raise
    launch.report(f"bed {name!r} is up")
    return bed


def _check(place: Place) -> None:
    """Refuse a cache that the bed itself could not see."""
    for hidden in mounts.HIDDEN:
        if place.runs.resolve().is_relative_to(hidden):
            raise BedError(f"the testbed's cache may not be below {hidden}: choose another ${ENVIRONMENT}")


def _abort(launch: Launch) -> None:
    """Take down what is there; the programs' logs are kept for whoever wants to know why."""
    kept = Cache.default().logs / f"bed-{launch.place.name}"
    with teardown.uninterrupted():
        shutil.rmtree(kept, ignore_errors=True)
        if launch.layout.log.exists():
            shutil.copytree(launch.layout.log, kept)
        launch.release()  # not before: the watcher sweeps the logs too
        launch.end()


def _containerd_root(launch: Launch, images: frozenset[str]) -> None:
    launch.artifacts.clone_root(images | NODE_IMAGES, launch.layout.containerd)
    launch.report("images prepared")


def _wait(launch: Launch, bed: Bed, what: str, condition: Callable[[], object]) -> None:
    """Wait as long as every program runs: none of them may end while a bed comes up."""

    def check() -> object:
        for name, code in launch.control.ended().items():
            raise Hopeless(f"{name} has ended with code {code}:\n{launch.control.log(name)}")
        return condition()

    bed.wait(what, check, PATIENCE)


def _listens(bed: Bed, port: int) -> Callable[[], bool]:
    """Whether something listens on a port of the node."""

    def ask() -> bool:
        bed.connect("127.0.0.1", port, 1).close()
        return True

    return ask


def _programs(launch: Launch, bed: Bed, pki: Callable[[], None], root: Callable[[], None] | None) -> None:
    """Start everything: whatever can start while another program still does, so."""
    launch.program("etcd")
    pki()
    _wait(launch, bed, "etcd listens", _listens(bed, 2379))
    launch.program("kube-apiserver")
    if root is not None:
        root()
        launch.program("containerd")
        _wait(launch, bed, "containerd listens", lambda: bed.exists(programs.CONTAINERD_SOCKET))
    _wait(launch, bed, "the API server is ready", bed.api.ready)
    launch.report("kube-apiserver ready")
    for name in (*CONTROL_PLANE, *(NODE if root else ())):
        launch.program(name)


def _usable(launch: Launch, bed: Bed) -> None:
    """Put in what pods need, and wait until they can be made."""
    if launch.tier == "node":
        system = "/api/v1/namespaces/kube-system"
        _wait(launch, bed, "the namespace kube-system is there", lambda: bed.api.get(system))
        for path, thing in dns.documents(image("coredns")):
            bed.api.post(path, thing)
        _node_ready(launch, bed)
        _wait(launch, bed, "DNS is available", lambda: _available(bed, "kube-system", "coredns"))
        launch.report("CoreDNS ready")
    else:
        _fake_nodes(launch, bed)
    # pods are refused until their ServiceAccount is there
    path = "/api/v1/namespaces/default/serviceaccounts/default"
    _wait(launch, bed, "the default ServiceAccount is there", lambda: bed.api.get(path))
    launch.save(ready=True)
    bed.state = launch.state


def _fake_nodes(launch: Launch, bed: Bed) -> None:
    """Nodes played by kwok, if it has been built; without it pods stay pending."""
    try:
        launch.program("kwok")
    except build.NotBuilt as error:
        launch.report(f"no nodes, pods stay pending. {error}")
        return
    for number in range(1, launch.settings.fake_nodes + 1):
        name = f"node-{number}"
        meta = {"name": name, "labels": {"kubernetes.io/hostname": name}}
        bed.api.post("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": meta})
    _node_ready(launch, bed)


def _node_ready(launch: Launch, bed: Bed) -> None:
    path = f"/api/v1/nodes/{network.NODE}"
    _wait(launch, bed, f"{network.NODE} is Ready", lambda: _holds(bed.api.get(path), "Ready"))
    launch.report("node Ready")


def _holds(thing: dict[str, Any], condition: str) -> bool:
    """Whether an object's status has a condition that is True."""
    found = thing.get("status", {}).get("conditions", [])
    return any(one["type"] == condition and one["status"] == "True" for one in found)


def _available(bed: Bed, namespace: str, name: str) -> bool:
    deployment = bed.api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    return _holds(deployment, "Available")


def attach(name: str = "bed", *, artifacts: Artifacts | None = None) -> Bed:
    """A bed that already runs; asks its API server whether it is ready."""
    place = Place(Cache.default().run, name)
    state = load(place)
    if state is None or not state.alive:
        running = ", ".join(other.name for other in places(place.runs) if _alive(other)) or "none"
        raise BedError(f"no bed {name!r} runs here; running: {running}")
    if not state.ready:
        raise BedError(f"bed {name!r} is still coming up")
    bed = Bed(place, state, artifacts or build.artifacts())
    if not bed.api.ready():
        bed.close()
        raise BedError(f"bed {name!r} runs, but its API server is not ready")
    return bed


def _alive(place: Place) -> bool:
    state = load(place)
    return state is not None and state.alive
