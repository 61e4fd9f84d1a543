"""What a check asks is read from its code, however it gets to the words of the question."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.rights.permission import Permission
from tests.unit.rights.asking import asked, rights

DAEMON_SETS = {"list daemonsets.apps"}

WAYS = {
    "at once": 'cluster.list("apps/v1", "DaemonSet")',
    "by names of the module": "cluster.list(API, KIND)",
    "by local names": 'api, kind = "apps/v1", "DaemonSet"\n    cluster.list(api, kind)',
    "from a table": 'cluster.list("apps/v1", {"d": "DaemonSet"}[name])',
    "from a table of the module": 'cluster.list("apps/v1", TABLE.get(name))',
    "put together": 'cluster.list(f"{GROUP}/{VERSION}", "Daemon" + "Set")',
    "from a function": "cluster.list(api_of(), KIND)",
    "by a function": "listed(cluster, KIND)",
    "by a name of an argument": "listed(cluster, kind=KIND)",
    "by a default": "listed(cluster)",
    "in a loop": "for kind in KINDS:\n        cluster.list(API, kind)",
    "in a loop over a table": "for api, kind in {API: KIND}.items():\n        cluster.list(api, kind)",
    "from a generator": "for _, kind in pairs():\n        cluster.list(API, kind)",
    "in a comprehension": "[cluster.list(API, kind) for kind in KINDS]",
    "in a lambda": "(lambda: cluster.list(API, KIND))()",
    "by a method": "Asker(cluster, KIND).ask()",
    "by a dataclass": "Asked(cluster, KIND).ask()",
    "by a type": "typed(cluster, unknown())",
    "by a cast": 'cluster.list(API, cast(Literal["DaemonSet"], unknown()))',
    "of a view of its own": "fresh = cluster\n    fresh.list(API, KIND)",
}

CODE = '''
GROUP, VERSION = "apps", "v1"
API = f"{{GROUP}}/{{VERSION}}"
KIND = "DaemonSet"
KINDS = ("DaemonSet",)
TABLE = {{"d": "DaemonSet"}}


def api_of() -> str:
    return API


def unknown() -> str:
    return input()


def listed(cluster: Cluster, kind: str = "DaemonSet") -> None:
    cluster.list(API, kind)


def typed(cluster: Cluster, kind: Literal["DaemonSet"]) -> None:
    cluster.list(API, kind)


def pairs():
    for kind in KINDS:
        yield len(kind), kind


class Asker:
    def __init__(self, cluster: Cluster, kind: str) -> None:
        self._cluster, self.kind = cluster, kind

    def ask(self) -> None:
        self._cluster.list(API, self.kind)


@dataclass
class Asked:
    cluster: Cluster
    kind: str

    def ask(self) -> None:
        self.cluster.list(API, self.kind)


def test_asks(cluster: Cluster, name: str = "d") -> None:
    """It asks."""
    {way}
'''


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_question_is_found(tmp_path: Path, way: str) -> None:
    """With exactly the right that it needs, and nothing left unclear."""
    assert rights(tmp_path, CODE.format(way=way), name=("d",)) == DAEMON_SETS


QUESTIONS = {
    'cluster.find("v1", "Pod", "web", "lab")': {"get pods"},
    'cluster.get("v1", "Pod", "web", "lab")': {"get pods", "get namespaces"},
    'cluster.get("v1", "Service", "web", "lab")': {"get services", "get namespaces", "list services"},
    'cluster.get("v1", "Node", "web")': {"get nodes", "list nodes"},
    'cluster.list("argoproj.io/v1alpha1", "Application")': {
        "list applications.argoproj.io",
        "get apiservices.apiregistration.k8s.io",
    },
    'cluster.find("own.example/v1", "Policy", "x", "y")': {
        "get policies.own.example",
        "get apiservices.apiregistration.k8s.io",
    },
    'cluster.raw("/version")': set(),
    'cluster.raw("/apis/apps/v1")': set(),
    'cluster.raw("/metrics")': {"get /metrics"},
    'cluster.raw(f"/api/v1/namespaces/{name}/pods")': {"list pods"},
    'cluster.raw(f"/api/v1/namespaces/{name}/pods/{name}/log")': {"get pods/log"},
    'cluster.raw(f"/apis/custom.metrics.k8s.io/v1beta2/namespaces/{name}/pods/*/hits")': {
        "get pods/hits.custom.metrics.k8s.io"
    },
    'cluster.raw(f"/apis/external.metrics.k8s.io/v1beta1/namespaces/lab/{name}")': {
        "list *.external.metrics.k8s.io"
    },
    'cluster.secret("top", "lab")': {"get secrets", "get namespaces"},
    'cluster.http("web", "lab", "http")': {
        "get services/proxy",
        "get services",
        "list services",
        "get namespaces",
        "list endpointslices.discovery.k8s.io",
    },
    'session.login(user="admin", password=secret)': {"create services/proxy"},
    '{}.get("v1", "Pod")': set(),
}


@pytest.mark.parametrize(("question", "needed"), QUESTIONS.items(), ids=QUESTIONS)
def test_what_a_question_leads_to(tmp_path: Path, question: str, needed: set[str]) -> None:
    """Also what is asked when the answer is that there is nothing."""
    code = f'''
    def test_asks(cluster: Cluster, name: str) -> None:
        """It asks."""
        session, secret = open("x"), open("y")
        {question}
    '''
    assert rights(tmp_path, code) == needed


def test_the_rubric_decides_what_a_parameter_is(tmp_path: Path) -> None:
    """A check for any kind needs the kinds that the items give it."""
    code = '''
    def test_asks(cluster: Cluster, api_version: str, kind: str) -> None:
        """It asks."""
        cluster.list(api_version, kind)
    '''
    given = {"api_version": ("batch/v1",), "kind": ("Job", "CronJob")}
    assert rights(tmp_path, code, **given) == {"list jobs.batch", "list cronjobs.batch"}


def test_a_kind_that_the_cluster_names_is_said_to_be_unclear(tmp_path: Path) -> None:
    """The usual kinds of the API are allowed, and the place in the code is told."""
    code = '''
    def test_asks(cluster: Cluster, name: str) -> None:
        """It asks."""
        cluster.find("batch/v1", cluster.get("v1", "Pod", name, name)["kind"], name, name)
    '''
    found = asked(tmp_path, code)
    assert [place.rpartition("/")[2].partition(":")[0] for place in found.unclear] == ["own.py"]
    assert {Permission("batch", "jobs", "get"), Permission("batch", "cronjobs", "get")} <= found.permissions


def test_an_api_that_nobody_can_know_is_said_to_be_unclear(tmp_path: Path) -> None:
    """Also where the cluster goes by another name: its type tells."""
    code = '''
    def helper(view: Cluster, api: str) -> None:
        view.list(api, "Thing")


    def test_asks(cluster: Cluster, name: str) -> None:
        """It asks."""
        helper(cluster, open(name).read())
    '''
    found = asked(tmp_path, code)
    assert found.unclear
    assert found.permissions == frozenset()


def test_a_function_out_of_a_table_may_be_given_anything(tmp_path: Path) -> None:
    """Who calls it is not to be seen, and that it is called elsewhere as well says nothing."""
    code = '''
    def listed(cluster: Cluster, kind: str) -> None:
        cluster.list("batch/v1", kind)


    ASKERS = {"list": listed}


    def test_asks(cluster: Cluster, name: str) -> None:
        """It asks."""
        listed(cluster, "Job")
        ASKERS["list"](cluster, name)
    '''
    found = asked(tmp_path, code, name=("d",))
    assert found.unclear
    assert Permission("batch", "cronjobs", "list") in found.permissions


def test_a_secret_with_a_known_name_is_the_only_one(tmp_path: Path) -> None:
    """RBAC can be as narrow as the code is."""
    code = '''
    def test_asks(cluster: Cluster) -> None:
        """It asks."""
        for name in ("first", "second"):
            cluster.secret(name, "lab")
    '''
    secrets = {one for one in asked(tmp_path, code).permissions if one.resource == "secrets"}
    assert secrets == {Permission("", "secrets", "get", "first"), Permission("", "secrets", "get", "second")}


def test_acts_need_their_verbs(tmp_path: Path) -> None:
    """What an active check makes, changes and deletes again."""
    code = '''
    def test_asks(actor: Actor) -> None:
        """It acts."""
        actor.create(actor.manifest("Job", "load", "lab"))
        actor.adjust(parallelism("lab", "load", 3))
        actor.do(scale("lab", "web", 1, 2), scale("lab", "web", 2, 1))
    '''
    assert rights(tmp_path, code) == {
        "list configmaps",
        "list jobs.batch",
        "create jobs.batch",
        "delete jobs.batch",
        "patch jobs.batch",
        "patch deployments/scale.apps",
    }
