"""Bodies under their limits, and the threads that a read may leave behind."""

from __future__ import annotations

import gzip
import time
import tracemalloc

import pytest

from pytest_k8sgrade.cluster import LiveSource, Request
from pytest_k8sgrade.cluster.body import _ONE_AT_A_TIME, LARGE
from pytest_k8sgrade.cluster.bounded import Workers
from pytest_k8sgrade.cluster.connection import connect as open_connection
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.transport import Transport
from tests.unit.cluster.asking import PODS, why, within
from tests.unit.cluster.fake import Answer, FakeApi

MIB = 1024 * 1024


def test_sizes_are_bounded(api: FakeApi) -> None:
    """Neither a large answer nor a small one that unpacks to a large one fills the memory."""
    connection, workers = open_connection(choose(api.kubeconfig()))
    transport = Transport(connection, workers, max_bytes=1024 * 1024)
    api.routes[PODS] = Answer(b" " * (1024 * 1024 + 1))
    assert why(transport).reason.id == "too-large"
    api.routes[PODS] = Answer(gzip.compress(b" " * 30_000_000), headers={"Content-Encoding": "gzip"})
    with within(2.0):
        assert why(transport).reason.params == {"path": PODS, "limit_mib": 1}


def test_an_error_does_not_keep_the_body(api: FakeApi) -> None:
    """The round remembers errors: what was read of a huge answer must not live as long."""
    connection, workers = open_connection(choose(api.kubeconfig()))
    transport = Transport(connection, workers, max_bytes=8 * MIB)
    api.routes[PODS] = Answer(b" " * (9 * MIB))
    tracemalloc.start()
    try:
        errors = [why(transport) for _ in range(2)]
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [error.reason.id for error in errors] == ["too-large"] * 2
    assert kept < 2 * MIB


def test_large_bodies_are_read_one_at_a_time(api: FakeApi, transport: Transport) -> None:
    """Many large answers at once fill the memory no more than one does; small ones do not wait."""
    large = b'{"items": ["' + b"x" * LARGE + b'"]}'
    api.routes[PODS] = Answer(large)
    with _ONE_AT_A_TIME:
        assert why(transport, seconds=0.5).reason.id == "timeout"
        assert transport.get(Request.to("/version")).status == 200
    assert transport.get(Request.to(PODS)).content == large
    assert transport.get(Request.to(PODS)).content == large


def test_packed_answers_are_unpacked(api: FakeApi, transport: Transport) -> None:
    """The API server packs large lists."""
    api.routes[PODS] = Answer(gzip.compress(b'{"items": [1]}'), headers={"Content-Encoding": "gzip"})
    assert transport.get(Request.to(PODS)).json() == {"items": [1]}


@pytest.mark.parametrize(
    "body", [b"\x1f\x8b\x08broken", gzip.compress(b"{}" * 999)[:-9]], ids=["no gzip", "cut off"]
)
def test_a_damaged_packing_is_no_answer(api: FakeApi, transport: Transport, body: bytes) -> None:
    """What cannot be unpacked is told as a broken connection."""
    api.routes[PODS] = Answer(body, headers={"Content-Encoding": "gzip"})
    assert why(transport).reason.id == "unreachable"


def test_workers_do_not_wait_for_what_hangs() -> None:
    """A call that outlasts its time is left behind, and the next one gets another thread."""
    workers = Workers()
    with pytest.raises(TimeoutError), within(0.5):
        workers.call(lambda: time.sleep(2), 0.1)
    assert workers.call(lambda: 7, 0.5) == 7
    with pytest.raises(ZeroDivisionError):
        workers.call(lambda: 1 // 0, 0.5)
    workers.close()


def test_a_source_reads_with_the_library(source: LiveSource) -> None:
    """From kubeconfig to answer through all layers."""
    assert source.view().read(Request.to("/version")).json() == {"gitVersion": "v1.34.4"}
