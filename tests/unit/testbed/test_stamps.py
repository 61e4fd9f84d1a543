"""When a component counts as built: stamps, input digests, atomic writes and locks."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.testbed.build import files, stamps
from tests.testbed.build.components import GROUPS, PATCHES, PROGRAMS, expand
from tests.testbed.build.golang import Family
from tests.testbed.paths import GO_FAMILIES, Cache

STAMP = stamps.Stamp(inputs="abc", version="1.2.3", seconds=4.5, size=6)


def silent(line: str) -> None:
    """Take progress and drop it."""


def test_a_stamp_is_fresh_only_for_the_same_inputs(tmp_path: Path) -> None:
    """A changed input makes a component stale."""
    output = tmp_path / "program"
    output.write_text("x")
    stamps.write(tmp_path, "program", STAMP)
    assert stamps.fresh(tmp_path, "program", "abc", output) == STAMP
    assert stamps.fresh(tmp_path, "program", "abd", output) is None


def test_a_stamp_without_its_output_is_stale(tmp_path: Path) -> None:
    """A deleted program is built again although its stamp is still there."""
    stamps.write(tmp_path, "program", STAMP)
    assert stamps.fresh(tmp_path, "program", "abc", tmp_path / "gone") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"inputs": "abc"}'])
def test_a_damaged_stamp_is_no_stamp(tmp_path: Path, text: str) -> None:
    """Half a stamp never stops a build from repairing itself."""
    (tmp_path / "program.json").write_text(text)
    assert stamps.read(tmp_path, "program") is None


def test_inputs_change_with_flags_go_mod_and_toolchain(tmp_path: Path) -> None:
    """Version, linker variables, go.mod, go.sum and Go itself each decide what is built."""
    family = Family("cluster", Cache(tmp_path), silent)
    family.source = tmp_path / "source"
    family.source.mkdir()
    (family.source / "go.mod").write_text("module example.org/x")
    (family.source / "go.sum").write_text("")
    program = next(one for one in PROGRAMS if one.family == "cluster")
    seen = {family.inputs(program, "go1.26.8")}
    seen.add(family.inputs(replace(program, version="9.9.9"), "go1.26.8"))
    seen.add(family.inputs(replace(program, variables=()), "go1.26.8"))
    seen.add(family.inputs(program, "go1.27.0"))
    (family.source / "go.sum").write_text("changed")
    seen.add(family.inputs(program, "go1.26.8"))
    (family.source / "go.mod").write_text("module example.org/y")
    seen.add(family.inputs(program, "go1.26.8"))
    assert len(seen) == 6


def test_digest_tells_where_one_part_ends() -> None:
    """Moving text from one input to the next is a change."""
    assert files.digest("ab", "c") != files.digest("a", "bc")


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    """A build that dies half-way keeps what was there and leaves no parts behind."""
    target = tmp_path / "program"
    target.write_text("old")

    def die() -> None:
        with files.replacing(target) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die()
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["program"]


def test_a_folder_made_twice_stays_the_first(tmp_path: Path) -> None:
    """Two imports of the same images do not take the folder from under each other."""
    target = tmp_path / "root"
    for text in ("first", "second"):
        with files.replacing(target) as part:
            part.mkdir()
            (part / "who").write_text(text)
    assert (target / "who").read_text() == "first"


def test_sweep_keeps_the_parts_of_living_builds(tmp_path: Path) -> None:
    """Only what a dead process left behind is removed."""
    living = tmp_path / f"{files.PART}1-program"
    dead = tmp_path / f"{files.PART}4194999-program"
    living.write_text("")
    dead.write_text("")
    files.sweep(tmp_path)
    assert living.exists()
    assert not dead.exists()


def test_a_second_build_waits_and_says_so(tmp_path: Path) -> None:
    """Two builds at once take turns."""
    order: list[str] = []
    waits = threading.Event()
    lock = tmp_path / "cluster.lock"

    def second() -> None:
        with files.locked(lock, waits.set):
            order.append("second")

    with files.locked(lock, lambda: order.append("unexpected wait")):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(5)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_groups_name_only_components_that_exist() -> None:
    """Every group can be built."""
    for group in GROUPS:
        assert expand([group]) == GROUPS[group]


def test_an_unknown_component_is_refused_with_the_choices() -> None:
    """A typing error tells what could have been meant."""
    with pytest.raises(ValueError, match=r"kube-apisrver.*kube-apiserver"):
        expand(["kubectl", "kube-apisrver"])


def test_program_names_are_unique() -> None:
    """No two components write the same file."""
    names = [program.name for program in PROGRAMS]
    assert len(names) == len(set(names))


def test_patches_add_to_the_version_that_is_built() -> None:
    """A patched module is the one that its family requires."""
    for patch in PATCHES:
        required = (GO_FAMILIES / patch.family / "go.mod").read_text()
        assert f"{patch.module} v{patch.version}" in {
            line.strip().removeprefix("require ").removesuffix(" // indirect")
            for line in required.splitlines()
        }
