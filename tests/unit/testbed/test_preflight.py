"""What a machine lacks is told exactly, with what helps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.testbed import host, preflight
from tests.testbed.errors import NotPossible
from tests.testbed.preflight import Machine, problems

GOOD = Machine(
    platform="linux",
    is_root=True,
    go_version=(1, 26),
    missing_packages=(),
    has_apt=True,
    has_cgroups=True,
    disk_free=100 * 10**9,
)


def ids(machine: Machine, *, to_build: bool = True) -> list[str]:
    """Return the ids of a machine's problems."""
    return [problem.id for problem in problems(machine, to_build=to_build)]


def test_a_good_machine_has_no_problems() -> None:
    """Nothing is made up, and no problems give no text."""
    assert ids(GOOD) == []
    assert preflight.message([]) == ""


@pytest.mark.parametrize(
    ("lacking", "expected"),
    [
        ({"is_root": False}, "not-root"),
        ({"go_version": None}, "no-go"),
        ({"go_version": (1, 25)}, "old-go"),
        ({"missing_packages": ("etcd-server",)}, "packages"),
        ({"has_cgroups": False}, "no-cgroups"),
        ({"disk_free": 10**9}, "disk"),
        ({"platform": "darwin"}, "not-linux"),
    ],
)
def test_each_lack_is_one_problem(lacking: dict[str, object], expected: str) -> None:
    """One thing missing is one problem, and only that."""
    assert ids(replace(GOOD, **lacking)) == [expected]  # type: ignore[arg-type]


def test_several_lacks_are_told_at_once() -> None:
    """Nobody has to run the command again and again to learn what else is missing."""
    machine = replace(GOOD, is_root=False, go_version=None, disk_free=0)
    assert ids(machine) == ["not-root", "no-go", "disk"]
    assert len(preflight.message(problems(machine, to_build=True)).splitlines()) == 3


def test_running_needs_neither_go_nor_much_disk() -> None:
    """A machine with a finished cache may lack the compiler."""
    machine = replace(GOOD, go_version=None, disk_free=5 * 10**9)
    assert ids(machine, to_build=False) == []


def test_missing_packages_come_with_the_line_to_type() -> None:
    """The remedy names each package and can be pasted."""
    machine = replace(GOOD, missing_packages=("etcd-server", "runc"))
    text = preflight.message(problems(machine, to_build=True))
    assert "apt-get install --no-install-recommends etcd-server runc" in text


def test_packages_are_installed_only_by_root_with_apt() -> None:
    """Nothing is installed where it cannot work or where nothing is missing."""
    lacking = replace(GOOD, missing_packages=("runc",))
    assert preflight.can_be_installed(lacking)
    assert not preflight.can_be_installed(GOOD)
    assert not preflight.can_be_installed(replace(lacking, is_root=False))
    assert not preflight.can_be_installed(replace(lacking, has_apt=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26)),
        ("go version go1.9 linux/arm64", (1, 9)),
        ("go version devel go1.28-abcdef", (1, 28)),
        ("command not found", None),
    ],
)
def test_go_versions_are_read_as_numbers(text: str, expected: tuple[int, int] | None) -> None:
    """1.9 is older than 1.26."""
    assert preflight.parse_go_version(text) == expected


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks etcd reads which package has it."""
    monkeypatch.setattr(host, "_SEARCH", "/nonexistent")
    with pytest.raises(NotPossible, match=r"etcd is missing.*etcd-server"):
        host.program("etcd")
    assert host.missing_packages()[:2] == ["etcd-server", "containerd"]


def test_this_machine_can_be_inspected() -> None:
    """Looking changes nothing and always gives an answer."""
    assert preflight.inspect().disk_free > 0
