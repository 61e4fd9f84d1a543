"""Layers and scenarios without a cluster: order, failures, and what they adapt in upstream manifests."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.testbed.build.components import expand
from tests.testbed.build.images import select
from tests.testbed.layers import LAYERS, argocd, base, git_server, look, metrics_server, run
from tests.testbed.scenarios import CHANGES, SCENARIOS, change, scenario

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NO_BED = cast("Bed", None)


@dataclass(frozen=True)
class Fake:
    """A layer that notes what happens to it."""

    name: str
    log: list[str]
    needs: tuple[str, ...] = ()
    fails: bool = False
    components: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def install(self, bed: Bed) -> None:
        """Note it, or fail."""
        self.note("install")
        if self.fails:
            raise OSError("broken")

    def wait(self, bed: Bed) -> None:
        """Note it."""
        self.note("wait")

    def note(self, word: str) -> None:
        """Add to the log."""
        with self.lock:
            self.log.append(f"{word} {self.name}")


def bring_up(*layers: Fake) -> list[str]:
    """Install and settle fake layers; the reports."""
    reports: list[str] = []
    known = {layer.name: layer for layer in layers}
    run.install_and_settle(NO_BED, run.closure(known, known), report=reports.append)
    return reports


def test_needs_come_first_in_both_steps() -> None:
    """What a layer needs is installed, and works, before it."""
    log: list[str] = []
    bring_up(Fake("c", log, needs=("b",)), Fake("b", log, needs=("a",)), Fake("a", log))
    for first, then in (("a", "b"), ("b", "c")):
        assert log.index(f"install {first}") < log.index(f"install {then}")
        assert log.index(f"wait {first}") < log.index(f"wait {then}")


def test_a_failure_is_named_and_stops_what_needs_it() -> None:
    """The error names the layer at fault, not those that were stopped for it."""
    log: list[str] = []
    with pytest.raises(run.LayerFailed, match=r"^bad: broken$"):
        bring_up(Fake("bad", log, fails=True), Fake("child", log, needs=("bad",)), Fake("other", log))
    assert "install child" not in log


def test_a_failure_stops_the_waiting_of_others() -> None:
    """Nobody waits five minutes for a cluster that is broken already."""

    class Patient(Fake):
        def install(self, bed: Bed) -> None:
            look.until("never", lambda: "still not", 60, 0.01)

    log: list[str] = []
    began = time.monotonic()
    with pytest.raises(run.LayerFailed, match=r"^bad: broken$"):
        bring_up(Patient("patient", log), Fake("bad", log, fails=True))
    assert time.monotonic() - began < 30


def test_layers_in_a_circle_are_refused() -> None:
    """A circle of needs is an error that shows the circle."""
    known = {"a": Fake("a", [], needs=("b",)), "b": Fake("b", [], needs=("a",))}
    with pytest.raises(ValueError, match="a -> b -> a"):
        run.closure(["a"], known)


def test_every_layer_names_what_there_is() -> None:
    """Needs, components and images of every layer exist."""
    for layer in LAYERS.values():
        assert set(layer.needs) <= LAYERS.keys()
        expand(layer.components)
        select(layer.images)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_resolve(name: str) -> None:
    """Every scenario can be built and brought up."""
    found = scenario(name)
    expand(found.components())
    select(found.images())


def test_unknown_names_list_the_known_ones() -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(ValueError, match="empty, half, lab1"):
        scenario("lab2")
    with pytest.raises(ValueError, match="hpa-target-missing"):
        change("nothing")


def test_changes_are_registered_under_their_name() -> None:
    """The table of changes is filled by importing the package."""
    assert all(name == found.name for name, found in CHANGES.items())
    assert len(CHANGES) >= 3


def deployment(container: dict[str, Any]) -> base.Document:
    """A Deployment like those in upstream manifests."""
    pod = {"containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}]}
    template = {"metadata": {"labels": {"app": "x"}}, "spec": pod}
    return {"kind": "Deployment", "metadata": {"name": "argocd-dex-server"}, "spec": {"template": template}}


@pytest.mark.parametrize(
    ("verified", "ca"), [(True, metrics_server.CA), (False, "/ca/requestheader-client-ca-file")]
)
def test_metrics_server_trusts_the_right_or_the_wrong_ca(verified: bool, ca: str) -> None:
    """The variant differs in the CA only."""
    container = {
        "args": ["--cert-dir=/tmp", "--metric-resolution=15s"],
        "readinessProbe": {},
        "volumeMounts": [],
    }
    layer = metrics_server.MetricsServer(verified=verified)
    found = layer.adapted(deployment(container))["spec"]
    arguments = found["template"]["spec"]["containers"][0]["args"]
    assert f"--kubelet-certificate-authority={ca}" in arguments
    assert "--metric-resolution=10s" in arguments
    assert "--metric-resolution=15s" not in arguments
    assert found["selector"]["matchLabels"] == found["template"]["metadata"]["labels"]


def test_dex_is_replaced_by_a_labelled_stand_in() -> None:
    """The stand-in says what it is."""
    document = argocd.adapted(deployment({"image": "dexidp/dex:v2", "args": ["rundex"], "env": []}))
    template = document["spec"]["template"]
    assert document["metadata"]["namespace"] == "argocd"
    assert template["metadata"]["labels"][base.STAND_IN_LABEL] == "dex"
    assert "args" not in template["spec"]["containers"][0]


def test_the_git_server_puts_every_file_where_it_belongs() -> None:
    """A ConfigMap has no folders; the volume gives them back."""
    data, items = git_server.repositories()
    assert {entry["path"] for entry in items} >= {"web-app/k8s/web-app/deployment.yaml"}
    assert data.keys() == {entry["key"] for entry in items}


def test_descriptions_are_dropped_but_fields_of_that_name_stay() -> None:
    """Only text is dropped from a CRD."""
    schema = {"description": "text", "properties": {"description": {"type": "string"}}, "enum": ["="]}
    assert base.lean(schema) == {"properties": {"description": {"type": "string"}}, "enum": ["="]}


def test_a_lone_equals_sign_is_a_string() -> None:
    """YAML 1.1 has a type of its own for it, which no loader makes."""
    assert base.parse("enum:\n- =\n- '!='\n---\n---\na: 1") == [{"enum": ["=", "!="]}, {"a": 1}]
