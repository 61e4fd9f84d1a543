"""The closed list of what an active check may send."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.cluster.acting_rules import Act, is_allowed
from pytest_k8sgrade.cluster.acting_sending import ActingTransport
from pytest_k8sgrade.cluster.connection import connect
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.transport import WriteRefused
from tests.unit.cluster.acts import ALLOWED, refused
from tests.unit.cluster.fake import FakeApi


@pytest.mark.parametrize("act", ALLOWED, ids=range(len(ALLOWED)))
def test_what_checks_do_is_on_the_list(act: Act) -> None:
    """Jobs that end, notes, one pod more or less, alerts that resolve; and their undoing."""
    assert is_allowed(act)


@pytest.mark.parametrize("act", refused(), ids=range(len(refused())))
def test_one_difference_is_enough_to_be_refused(act: Act) -> None:
    """A lifetime that lacks, a privilege, somebody else's object, another method."""
    assert not is_allowed(act)


@pytest.mark.parametrize("body", [None, [], {}, "x", [1, 2], [None, None], {"spec": None}])
def test_a_body_of_another_shape_is_refused(body: object) -> None:
    """It is no error: it is not allowed."""
    assert not any(is_allowed(Act(act.method, act.path, body, act.content_type)) for act in ALLOWED)


def test_what_is_refused_is_not_sent(api: FakeApi) -> None:
    """Not a byte, neither by doing nor by undoing."""
    transport = ActingTransport(*connect(choose(api.kubeconfig())))
    for act in refused():
        with pytest.raises(WriteRefused):
            transport.perform(act)
        with pytest.raises(WriteRefused):
            transport.take_back(act)
    assert api.requests == []
