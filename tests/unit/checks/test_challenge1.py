"""The rubric of challenge 1: nothing for what its setup makes, all of it for any repair that works."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_k8sgrade.outcome import Observation
from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.model import Item
from pytest_k8sgrade.rubric.packs import find_pack
from pytest_k8sgrade.rubric.variables import fixed_values, substitute
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import Object, application, container, deployment, namespace, pod, synced

LAB: LoadedRubric = load_rubric(find_pack("challenge1"))
SPACES = [namespace(name) for name in ("day5-challenge", "argocd")]
OWN = "https://github.com/student/k8s-gitops-demo.git"


def graded(api: MemoryApi, **variables: str) -> dict[str, Observation]:
    """One look at every item, with what it needs left aside."""
    values = {**fixed_values(LAB.rubric, {}), **variables}
    return {item.id: looked(item, api, values) for item in LAB.rubric.items}


def looked(item: Item, api: MemoryApi, values: dict[str, Any]) -> Observation:
    """One look of an item's check."""
    return look(LAB.checks[item.check].function, api.cluster(), **substitute(item.with_, values))


def earned(seen: dict[str, Observation]) -> set[str]:
    """The items that are met, with all that they need."""
    met: set[str] = set()
    for item in LAB.rubric.items:
        if seen[item.id].status == "met" and set(item.needs) <= met:
            met.add(item.id)
    return met


def workload(name: str, space: str, owner: str) -> list[Object]:
    """A Deployment that an Application has made, and its pod."""
    tracking = {"argocd.argoproj.io/tracking-id": f"{owner}:apps/Deployment:{space}/{name}"}
    made = deployment(
        name, space, replicas=1, containers=[container("nginx")], meta={"annotations": tracking}
    )
    return [made, pod(f"{name}-abc-1", space, of=name)]


def app(name: str, deploys: str, space: str = "day5-challenge", **source: str) -> list[Object]:
    """An Application that works, and what it has deployed."""
    entry = {"group": "apps", "kind": "Deployment", "namespace": space, "name": deploys, "status": "Synced"}
    own = {"repoURL": OWN, "path": f"apps/{deploys}", "targetRevision": "main", **source}
    return [application(synced([entry]), name=name, source=own), *workload(deploys, space, name)]


def repaired() -> list[Object]:
    """Four Applications, none of which is as the challenge's text has it."""
    return [
        *app("challenge-app-1", "one", repoURL="git@github.com:student/K8s-GitOps-Demo.git"),
        *app("my-second-application", "challenge-app-2"),
        *app("challenge-app-3", "three", "day5-handson", targetRevision="develop", path="anything"),
        *app("challenge-app-4", "four", targetRevision="v1"),
    ]


def test_any_repair_that_works_earns_everything() -> None:
    """Another folder, branch, namespace, address or name is none of the challenge's business."""
    seen = graded(MemoryApi(*SPACES, *repaired()))
    assert {name: reason(one) for name, one in seen.items() if reason(one)} == {}


def test_a_repository_of_another_name_is_told_by_a_variable() -> None:
    """As an address or as a name."""
    other = "https://gitlab.example.org/team/deployments"
    found = [*app("challenge-app-1", "one", repoURL=other), *repaired()[3:]]
    api = MemoryApi(*SPACES, *found)
    assert reason(graded(api)["app-1-configured"]) == "field-differs"
    for told in (other, "deployments", "git@gitlab.example.org:team/deployments.git"):
        assert graded(api, repository=told)["app-1-configured"].status == "met"


UNREADABLE: Object = {
    "sync": {"status": "Unknown", "revision": "main"},
    "health": {"status": "Healthy"},
    "conditions": [{"type": "ComparisonError"}],
}


def as_set_up() -> list[Object]:
    """What the setup makes: three Applications that cannot be read."""
    address = "https://github.com/{}/k8s-gitops-demo.git"
    return [
        application(
            UNREADABLE,
            name="challenge-app-1",
            source={"repoURL": address.format("invalid-user"), "path": "apps"},
        ),
        application(
            UNREADABLE,
            name="challenge-app-3",
            source={"repoURL": address.format("<username>"), "path": "apps"},
        ),
        application(
            UNREADABLE,
            name="challenge-app-4",
            source={"repoURL": address.format("<username>"), "path": "apps"},
            syncPolicy={"syncOptions": ["CreateNamespace=true"]},
        ),
    ]


@pytest.mark.parametrize(
    "objects", [[], as_set_up(), [*as_set_up(), *workload("any", "day5-challenge", "x")]]
)
def test_the_setup_is_worth_nothing(objects: list[Object]) -> None:
    """Healthy without resources, names that fit, and a pod of somebody in the right namespace."""
    assert earned(graded(MemoryApi(*SPACES, *objects))) == set()
    assert earned(graded(MemoryApi(*objects))) == set()


def test_two_applications_on_one_folder_are_no_repair_of_either() -> None:
    """Whichever is Synced at the moment: the text's own hints lead there, and its points are few."""
    both = [
        *app("challenge-app-1", "demo-app", "day5-handson"),
        *app("challenge-app-4", "demo-app", "day5-handson"),
    ]
    seen = graded(MemoryApi(*SPACES, *both))
    assert reason(seen["app-1-synced"]) == reason(seen["app-4-synced"]) == "argocd-not-alone"
    assert {"app-1-readable", "app-1-configured", "app-4-readable", "app-4-automated"} <= earned(seen)


def test_points() -> None:
    """A quarter for each fault; the cause and the effect are items of their own."""
    assert sum(item.points for item in LAB.rubric.items) == Decimal(100)
    assert [group.points for group in LAB.rubric.groups] == [Decimal(25)] * 4
