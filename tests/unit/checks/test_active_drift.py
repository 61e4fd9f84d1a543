"""A drift that a check makes: undone by Argo CD, by somebody else, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from checks import active
from pytest_k8sgrade.cluster.acting_leftovers import noted
from pytest_k8sgrade.cluster.acting_rules import Act
from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.acting import World, act
from tests.unit.checks.api import MemoryApi, parts, reason
from tests.unit.checks.objects import Object, application, deployment, hpa, item, synced

WHERE: dict[str, Any] = {"application": "web", "namespace": "argocd"}


class Managed(World):
    """Argo CD, which looks after three seconds; `heals` is who puts the replicas back."""

    def __init__(self, heals: str = "argocd", *objects: Object, notices: bool = True, **spec: Any) -> None:
        api = MemoryApi(deployment(), application(synced(), **spec), *objects)
        super().__init__(api, self.answer, self.control)
        self.deployment, self.app = api.objects[0], api.objects[1]
        self.heals, self.notices = heals, notices
        self.notes: list[Object] = []

    def answer(self, one: Act) -> int:
        """One step of the replicas if they are what they were, or a note."""
        if one.path.endswith("/scale"):
            test, replace = one.body
            if self.deployment["spec"]["replicas"] != test["value"]:
                return 422
            self.deployment["spec"]["replicas"] = replace["value"]
            return 200
        if one.method == "POST":
            self.notes.append(one.body)
            return 201
        return 200 if self.notes and self.notes.pop() else 404

    def control(self, now: float) -> None:
        """Argo CD, or somebody else."""
        if self.deployment["spec"]["replicas"] == 2:
            return
        if self.notices:
            self.app["status"]["sync"]["status"] = "OutOfSync"
        if self.heals and now >= 3:
            self.deployment["spec"]["replicas"] = 2
            self.app["status"]["sync"]["status"] = "Synced"
        if self.heals == "argocd" and now >= 3:
            self.app["status"]["operationState"] = {
                "phase": "Succeeded",
                "startedAt": format_time(self.api.now),
                "operation": {"initiatedBy": {"automated": True}, "sync": {"autoHealAttemptsCount": 1}},
            }


def tried(world: Managed, **params: Any) -> Observation:
    """What the check finds; the Deployment is as it was."""
    found = act(active.test_argocd_drift_undone, world, **WHERE, **params)
    assert world.deployment["spec"]["replicas"] == 2
    assert world.notes == []
    return found


def test_a_drift_that_argo_cd_undoes_is_proof() -> None:
    """One more pod for some seconds, and an operation of the policy's own since."""
    world = Managed()
    found = tried(world)
    assert found.status == "met"
    assert found.seen == {"deployment": "shop/web", "replicas": [2, 3, 2]}
    assert [one.path.rpartition("/")[2] for one in world.done] == ["configmaps", "scale"]


def test_the_note_says_what_to_put_back() -> None:
    """It is in the namespace before the replicas change, and a later run can read it."""
    world = Managed()
    tried(world)
    back = noted(world.done[0].body)
    assert back == world.undone[0]
    assert [step["value"] for step in back.body] == [3, 2]


def test_a_drift_that_stays_is_put_back_and_told() -> None:
    """Argo CD sees the difference and does nothing."""
    found = tried(Managed(""))
    assert (found.status, reason(found)) == ("unmet", "drift-not-undone")


def test_a_drift_that_waits_for_its_heal_is_early() -> None:
    """After six heals of one revision the next one comes five minutes later, longer than is waited here."""
    world = Managed("")
    healed = {"autoHealAttemptsCount": 6}
    world.app["status"]["operationState"] = {
        "phase": "Succeeded",
        "finishedAt": format_time(world.api.now),
        "operation": {"initiatedBy": {"automated": True}, "sync": healed},
        "syncResult": {"revision": world.app["status"]["sync"]["revision"]},
    }
    found = tried(world)
    assert (found.status, reason(found)) == ("early", "argocd-heal-waits")


def test_replicas_that_git_does_not_have_cannot_be_tried() -> None:
    """The Application stays in sync: the replicas are nobody's."""
    found = tried(Managed("", notices=False))
    assert (found.status, reason(found)) == ("cannot-tell", "drift-no-difference")


def test_without_its_controller_argo_cd_undoes_nothing() -> None:
    """What the Application says is old: that is known before anything is done."""
    labels = {"app.kubernetes.io/name": "argocd-application-controller"}
    down = item(
        "apps/v1",
        "StatefulSet",
        "argocd-application-controller",
        "argocd",
        meta={"generation": 1, "labels": labels},
        spec={"replicas": 0, "selector": {"matchLabels": labels}, "template": {}},
        status={"observedGeneration": 1},
    )
    world = Managed("", down, notices=False)
    assert reason(tried(world)) == "argocd-status-stale"
    assert world.done == []


def test_somebody_else_is_no_argo_cd() -> None:
    """The replicas are back, and no operation has begun since."""
    assert parts(tried(Managed("script"))) == {"undone": None, "by Argo CD": "drift-undone-by-other"}


@pytest.mark.parametrize(
    ("world", "params", "expected"),
    [
        (Managed(syncPolicy={"automated": {"prune": True}}), {}, "argocd-self-heal-off"),
        (Managed(), {"workload": "other"}, "drift-workload-unmanaged"),
        (Managed("argocd", hpa()), {}, "drift-nothing-to-scale"),
    ],
)
def test_nothing_is_done_where_the_answer_is_known(
    world: Managed, params: dict[str, str], expected: str
) -> None:
    """Self-heal is off; the Deployment is not managed; an autoscaler decides about it."""
    assert reason(tried(world, **params)) == expected
    assert world.done == []
