"""A student's kubeconfig runs nothing, reads nothing here, and leads nowhere but to the student's server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.gradebook.attempt import Student
from tests.security.addresses import NAMES, PORT, SERVERS, own_address
from tests.security.audited import Auditor
from tests.security.hostile import TOKEN, Server, serving
from tests.security.judging import expected, harmless, outcome, reads_only
from tests.security.kubeconfigs import KUBECONFIGS, TRACE
from tests.unit.cluster.certificates import Authority

STUDENT = Student(id="s001")
LOOPBACK = frozenset({"loopback"})
FILES: Mapping[str, Callable[[Path, Path], object]] = {
    "file-a-link": lambda place, good: place.symlink_to(good),
    "file-a-pipe": lambda place, good: os.mkfifo(place),
    "file-a-device": lambda place, good: place.symlink_to("/dev/zero"),
}


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    """A server that would grade well."""
    with serving(authority) as running:
        yield running


@pytest.mark.parametrize("name", KUBECONFIGS)
def test_a_kubeconfig(name: str, auditor: Auditor, server: Server, out: Path, tmp_path: Path) -> None:
    """Only what the server says to its own student counts; all else is refused before a byte is sent."""
    text = KUBECONFIGS[name](server, tmp_path)
    graded = auditor.grade(Entry(student=STUDENT, kubeconfig_text=text, allow=LOOPBACK), out)
    harmless(graded, [("127.0.0.1", server.port)], ["127.0.0.1"])
    reads_only(graded)
    assert outcome(graded.attempt) == expected("kubeconfig", name)
    assert not (tmp_path / TRACE).exists()
    assert (server.asked == []) is (outcome(graded.attempt) != "as-without")
    assert all(TOKEN not in path.read_text("utf-8", "replace") for path in out.iterdir())


@pytest.mark.parametrize("name", FILES)
def test_a_kubeconfig_that_is_no_file(
    name: str, auditor: Auditor, server: Server, out: Path, tmp_path: Path
) -> None:
    """A link in a hand-in may lead to the instructor's own kubeconfig."""
    good, place = tmp_path / "good", tmp_path / "kubeconfig"
    good.write_text(server.kubeconfig(), encoding="utf-8")
    FILES[name](place, good)
    graded = auditor.grade(Entry(student=STUDENT, kubeconfig=place, allow=LOOPBACK), out)
    harmless(graded)
    assert outcome(graded.attempt) == expected("kubeconfig", name)
    assert server.asked == []


@pytest.mark.parametrize("name", [*SERVERS, "own-address"])
def test_an_address(name: str, auditor: Auditor, server: Server, out: Path) -> None:
    """Nothing is sent to the grading machine itself, nor to what only answers on its link."""
    host = SERVERS.get(name) or own_address()
    if host is None:
        pytest.skip("this machine has no address but loopback")
    text = server.kubeconfig(cluster={"server": f"https://{host}:{PORT}"})
    graded = auditor.grade(Entry(student=STUDENT, kubeconfig_text=text), out)
    harmless(graded, [(host, 9)], [host.strip("[]")])
    assert outcome(graded.attempt) == expected("address", name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name(name: str, auditor: Auditor, server: Server, out: Path) -> None:
    """What counts is where a connection goes, each time, not where the name led when it was checked."""
    text = server.kubeconfig(cluster={"server": f"https://student.example:{server.port}"})
    entry = Entry(student=STUDENT, kubeconfig_text=text)
    graded = auditor.grade(entry, out, names={"student.example": NAMES[name]})
    harmless(graded, [("203.0.113.1", 9)], ["student.example"])
    assert outcome(graded.attempt) == expected("address", name)
    assert server.asked == []


def test_an_ordinary_name_is_connected_to_at_the_address_that_was_checked(
    auditor: Auditor, server: Server, out: Path
) -> None:
    """The name is only looked up by us; the connection is made to its address."""
    server_name = {"server": f"https://student.example:{server.port}", "tls-server-name": "127.0.0.1"}
    entry = Entry(student=STUDENT, kubeconfig_text=server.kubeconfig(cluster=server_name), allow=LOOPBACK)
    graded = auditor.grade(entry, out, names={"student.example": [["127.0.0.1"]]})
    harmless(graded, [("127.0.0.1", server.port)], ["student.example", "127.0.0.1"])
    assert outcome(graded.attempt) == "as-without"
