"""A student's API server may answer what it likes: it costs its own student, and nobody else."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue

import pytest

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.workers.limits import MEBIBYTE, Limits
from pytest_k8sgrade.gradebook.attempt import Student
from tests.security.answers import ANSWERS
from tests.security.audited import Auditor, Graded
from tests.security.hostile import serving
from tests.security.judging import expected, harmless, outcome
from tests.unit.cluster.certificates import Authority, make_authority

AT_ONCE = 4
"""Answers that take their time take it together."""
LIMITS = Limits(time_s=120.0, memory_bytes=512 * MEBIBYTE)


def entry(kubeconfig: str) -> Entry:
    """The hand-in of a student whose server is on loopback."""
    return Entry(student=Student(id="s001"), kubeconfig_text=kubeconfig, allow=frozenset({"loopback"}))


@pytest.fixture(scope="module")
def results(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Graded, int]]:
    """What became of each hand-in, and the port of its server."""
    place = tmp_path_factory.mktemp("answers")
    auditors: SimpleQueue[Auditor] = SimpleQueue()
    running = [Auditor(WorkOptions(rubric="lab1", wait=0.0), place) for _ in range(AT_ONCE)]
    for auditor in running:
        auditors.put(auditor)

    def graded(name: str) -> tuple[Graded, int]:
        act, choose = ANSWERS[name]
        (place / name).mkdir()
        auditor = auditors.get()
        with serving(authority, act, choose) as server:
            found = auditor.grade(entry(server.kubeconfig()), place / name, LIMITS)
        auditors.put(auditor)
        return found, server.port

    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = dict(zip(ANSWERS, threads.map(graded, ANSWERS), strict=True))
    for auditor in running:
        auditor.close()
    return found


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer(name: str, results: dict[str, tuple[Graded, int]]) -> None:
    """It is not followed anywhere, ends in time, and what could not be told is ungraded."""
    graded, port = results[name]
    harmless(graded, [("127.0.0.1", port)], ["127.0.0.1"])
    assert outcome(graded.attempt) == expected("answer", name)
    peak = graded.attempt.peak_bytes
    assert peak is not None
    assert peak < LIMITS.memory_bytes


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tls-other-authority", {}),
        ("tls-expired", {"valid_for": timedelta(days=-1)}),
        ("tls-other-name", {"host": "127.0.0.9"}),
    ],
)
def test_a_certificate(
    name: str, options: dict[str, object], auditor: Auditor, authority: Authority, out: Path, tmp_path: Path
) -> None:
    """Who the server is must be proven by what the kubeconfig says, and before the token is shown."""
    other = make_authority(tmp_path, **options)  # type: ignore[arg-type]
    with serving(other) as server:
        if name == "tls-other-authority":
            server.authority = authority
        graded = auditor.grade(entry(server.kubeconfig()), out)
    harmless(graded, [("127.0.0.1", server.port)], ["127.0.0.1"])
    assert outcome(graded.attempt) == expected("tls", name)
    assert server.asked == []


def test_no_tls(auditor: Auditor, authority: Authority, out: Path) -> None:
    """The token is not shown to a server that speaks in the clear."""
    with _heard() as (port, heard), serving(authority) as server:
        text = server.kubeconfig(cluster={"server": f"https://127.0.0.1:{port}"})
        graded = auditor.grade(entry(text), out)
    harmless(graded, [("127.0.0.1", port)], ["127.0.0.1"])
    assert outcome(graded.attempt) == expected("tls", "tls-none")
    assert all(b"planted" not in content for content in heard)


@contextlib.contextmanager
def _heard() -> Iterator[tuple[int, list[bytes]]]:
    """A server without TLS, and what it is told."""
    heard: list[bytes] = []

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection:
                    heard.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield listening.getsockname()[1], heard
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()
