"""An actor on a fake API server: promises first, undoes in the end, clears what others left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_k8sgrade.cluster import Cluster, LiveSource, connect, foreign
from pytest_k8sgrade.cluster.acting import Actor
from pytest_k8sgrade.cluster.acting_guard import outstanding, undo
from pytest_k8sgrade.cluster.acting_rules import EXPIRES, Act, delete, scale
from pytest_k8sgrade.cluster.acting_sending import ActingTransport
from pytest_k8sgrade.cluster.connection import connect as open_connection
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.transport import WriteRefused
from pytest_k8sgrade.outcome import CannotTell, Reason, cannot_tell
from tests.plugin.objects import Objects, writes
from tests.unit.cluster.fake import Answer, FakeApi, status

SCALE = "/apis/apps/v1/namespaces/demo/deployments/web/scale"


class Notebook:
    """Notes what was promised and kept, instead of a guard."""

    def __init__(self) -> None:
        self.promised: list[Act] = []
        self.kept_numbers: list[int] = []
        self.closed = False

    def promise(self, undo: Act) -> int:
        """Note how to undo something."""
        self.promised.append(undo)
        return len(self.promised)

    def kept(self, number: int) -> None:
        """Note that it was undone."""
        self.kept_numbers.append(number)

    def close(self) -> None:
        """Note the end."""
        self.closed = True


@pytest.fixture
def objects(api: FakeApi) -> Objects:
    """A namespace."""
    return Objects(api)


@pytest.fixture
def actor(api: FakeApi, source: LiveSource, monkeypatch: pytest.MonkeyPatch) -> Iterator[Actor]:
    """An actor for whom no time passes; undoing is tried without pauses."""
    monkeypatch.setattr("pytest_k8sgrade.cluster.acting_sending._PAUSE_S", 0.0)
    connection, workers = open_connection(choose(api.kubeconfig()))
    sender = ActingTransport(connection, workers)
    yield Actor(sender, Notebook(), lambda: Cluster(source.view()), 60, clock=lambda: 0.0)
    connection.close()


def test_what_is_made_bears_our_name_and_goes(actor: Actor, objects: Objects) -> None:
    """Labels, run and time in the cluster while the check goes on, nothing afterwards."""
    with actor:
        actor.create(_note(actor))
        (item,) = objects.there.values()
        assert item["metadata"]["name"] == f"k8sgrade-test-{actor.run}"
        assert item["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "pytest-k8sgrade"
        assert item["metadata"]["annotations"][EXPIRES] == "2026-03-02T10:03:00Z"
    assert objects.there == {}
    assert actor.not_undone == []
    assert isinstance(actor.guard, Notebook)
    assert (actor.guard.kept_numbers, actor.guard.closed) == ([1], True)


def test_nothing_is_done_before_it_is_promised(actor: Actor, objects: Objects) -> None:
    """Without a guard nothing is sent."""
    actor.guard.promise = lambda undo: cannot_tell("act-unguarded")  # type: ignore[method-assign]
    with pytest.raises(CannotTell), actor:
        actor.create(_note(actor))
    assert objects.history == []


def test_a_check_that_breaks_leaves_nothing(actor: Actor, objects: Objects) -> None:
    """The error goes on, what was made does not."""
    with pytest.raises(ZeroDivisionError), actor:
        raise ZeroDivisionError(actor.create(_note(actor)))
    assert objects.history == ["made", "deleted"]


def test_the_last_is_undone_first(actor: Actor, objects: Objects, api: FakeApi) -> None:
    """The note stays until what it is about is put back."""
    api.routes[SCALE] = Answer({})
    with actor:
        actor.create(_note(actor))
        actor.do(scale("demo", "web", 2, 3), scale("demo", "web", 3, 2))
    assert [method for method, _ in writes(api)] == ["POST", "PATCH", "PATCH", "DELETE"]


def test_what_somebody_else_has_put_back_is_not_changed_again(
    actor: Actor, objects: Objects, api: FakeApi
) -> None:
    """422: the replicas are no longer what we made of them."""
    answers = iter([Answer({}), status(422, "Invalid")])
    api.routes[SCALE] = lambda _: next(answers)
    with actor:
        actor.do(scale("demo", "web", 2, 3), scale("demo", "web", 3, 2))
    assert actor.not_undone == []


def test_what_cannot_be_undone_is_left_to_the_guard(actor: Actor, objects: Objects) -> None:
    """It is tried several times, and then told."""
    objects.deletable = False
    with actor:
        actor.create(_note(actor))
    assert [act.method for act in actor.not_undone] == ["DELETE"]
    assert isinstance(actor.guard, Notebook)
    assert (len(actor.guard.promised), actor.guard.kept_numbers, actor.guard.closed) == (1, [], True)


def test_an_answer_that_lacks_for_a_moment_is_waited_for(actor: Actor) -> None:
    """Only a doubt that lasts until the end is one."""
    actor.sleep = lambda seconds: None
    looks = iter([True, True, False])

    def probe(_: object) -> str | None:
        return cannot_tell("timeout", path="/", seconds=1) if next(looks) else "there"

    assert actor.until(10, probe) == "there"
    with pytest.raises(CannotTell):
        actor.until(0, lambda _: cannot_tell("timeout", path="/", seconds=1))
    assert actor.until(0, lambda _: None) is None


@pytest.mark.parametrize(("expired", "left"), [(True, 0), (False, 1)])
def test_what_has_expired_is_cleared(
    actor: Actor, objects: Objects, api: FakeApi, expired: bool, left: int
) -> None:
    """A note of an earlier run is obeyed and deleted, one of a run that may go on is left alone."""
    api.routes[SCALE] = Answer({})
    old = _note(actor)
    old["metadata"] |= {"name": "k8sgrade-drift-old", "namespace": "demo"}
    old["metadata"]["annotations"] = {EXPIRES: f"2026-03-02T{'09' if expired else '11'}:00:00Z"}
    objects.add(old)
    with actor:
        actor.create(_note(actor))
    assert len(objects.there) == left
    patched = [json.loads(body) for method, _, _, body in api.requests if method == "PATCH"]
    assert patched == ([scale("demo", "web", 3, 2).body] if expired else [])


def test_a_note_that_says_something_else_is_not_obeyed(actor: Actor, objects: Objects, api: FakeApi) -> None:
    """Somebody may have written it; it is only deleted."""
    for at, said in enumerate([_told("other"), json.dumps({"method": "DELETE"}), "x", json.dumps([1])]):
        old = _note(actor)
        old["metadata"] |= {"name": f"k8sgrade-drift-{at}", "annotations": {EXPIRES: "2026-03-02T09:00:00Z"}}
        objects.add({**old, "data": {"put-back": said}})
    with actor:
        actor.create(_note(actor))
    assert objects.there == {}
    assert {method for method, _ in writes(api)} == {"POST", "DELETE"}


def test_nobody_acts_with_somebody_elses_kubeconfig(api: FakeApi) -> None:
    """Grading others is reading."""
    opened = connect(api.kubeconfig(), policy=foreign(["loopback"]))
    with pytest.raises(WriteRefused):
        opened.actor(60, lambda: None)
    opened.close()


def test_the_guard_knows_what_is_outstanding() -> None:
    """What was promised and not kept, the last first; a line that was cut off was never done."""
    first, second = delete("Job", "demo", "k8sgrade-a"), delete("Job", "demo", "k8sgrade-b")
    lines = [
        json.dumps({"promise": 1, "undo": first.told()}),
        json.dumps({"promise": 2, "undo": second.told()}),
        json.dumps({"promise": 3, "undo": first.told()}),
        json.dumps({"kept": 1}),
        '{"promise": 4, "un',
    ]
    assert outstanding(lines) == [first, second]


def test_the_guard_looks_twice_and_has_patience() -> None:
    """What is not there may still come; what fails may still work."""
    answers: dict[str, list[bool | None]] = {
        "late": [False, True],
        "gone": [False, False],
        "down": [None, None, True],
    }
    asked: list[str] = []

    def take_back(act: Act) -> bool:
        name = act.path.rpartition("-")[2]
        asked.append(name)
        answer = answers[name].pop(0)
        if answer is None:
            raise CannotTell(Reason("timeout"))
        return answer

    undo(take_back, [delete("Job", "demo", f"k8sgrade-{name}") for name in answers], sleep=lambda _: None)
    assert all(not left for left in answers.values())
    assert len(asked) == 7


def _note(actor: Actor) -> dict[str, Any]:
    return {**actor.manifest("ConfigMap", "test", "demo"), "data": {"put-back": _told("demo")}}


def _told(namespace: str) -> str:
    return json.dumps(scale(namespace, "web", 3, 2).told())
