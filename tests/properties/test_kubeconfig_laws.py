"""Whatever a kubeconfig of somebody else says, it is refused in words or leads to an answer or a doubt."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.cluster import PERMISSIONS, Inline, foreign
from pytest_k8sgrade.cluster.connection import connect
from pytest_k8sgrade.cluster.exchange import Request
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.transport import Transport
from pytest_k8sgrade.errors import KubeconfigFault
from pytest_k8sgrade.outcome import CannotTell
from tests.properties.courses import law
from tests.properties.test_hostile_laws import hostile, places

KEYS = (
    *("server", "token", "tls-server-name", "certificate-authority-data", "client-certificate-data"),
    *("client-key-data", "username", "password", "exec", "as", "proxy-url", "name", "extensions", "x"),
)
changes = st.lists(st.tuples(st.integers(0), st.sampled_from(KEYS), hostile), min_size=1, max_size=4)
allowed = st.sets(st.sampled_from(sorted(PERMISSIONS.keys() - {"plugins", "files"})))


def good() -> dict[str, Any]:
    """A kubeconfig whose server is not there."""
    return {
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "student"}}],
        "clusters": [{"name": "lab", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "student", "user": {"token": "planted"}}],
    }


@law
@given(changes, allowed)
def test_a_kubeconfig_is_refused_or_read(wanted: list[tuple[int, str, Any]], permissions: set[str]) -> None:
    """Never another exception."""
    document = good()
    for place, key, value in wanted:
        found = list(places(document))
        container, at = found[place % len(found)]
        if isinstance(container[at], dict):
            container[at][key] = deepcopy(value)
        else:
            container[at] = deepcopy(value)
    with suppress(CannotTell, KubeconfigFault):
        connection, workers = connect(
            choose(Inline(json.dumps(document), "s001"), policy=foreign(permissions))
        )
        try:
            Transport(connection, workers).get(Request.to("/version"), seconds=0.3)
        finally:
            connection.close()
            workers.close()
