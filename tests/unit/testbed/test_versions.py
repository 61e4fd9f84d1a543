"""The version table and the go.mod files tell the same versions."""

from __future__ import annotations

import re

import pytest

from tests.testbed import versions
from tests.testbed.build.components import PROGRAMS
from tests.testbed.paths import GO_FAMILIES, cache_root

OWN = ("pause", "example-app")
"""Programs of our own that wrap no module."""


def go_mod(family: str) -> str:
    """Return the text of a family's go.mod."""
    return (GO_FAMILIES / family / "go.mod").read_text(encoding="utf-8")


def required(family: str, package: str) -> str:
    """Return the version that a family requires of the module a package belongs to.

    A program of our own, below the family's folder, is named like the module it wraps.
    """
    package = re.sub(r"^\./(\w+)$", r"github.com/\1/\1", package)
    found: dict[str, str] = dict(
        re.findall(r"^\s*(?:require )?([\w./-]+) v([\w.+-]+)", go_mod(family), re.MULTILINE)
    )
    modules = [module for module in found if package == module or package.startswith(f"{module}/")]
    return found[max(modules, key=len)]


@pytest.mark.parametrize(
    "program", [one for one in PROGRAMS if one.name not in OWN], ids=lambda one: one.name
)
def test_go_mod_requires_the_pinned_version(program) -> None:  # type: ignore[no-untyped-def]
    """What is stamped into a program is what it was built from."""
    pinned = versions.prometheus_module() if program.name == "prometheus" else program.version
    assert required(program.family, program.package) == pinned


@pytest.mark.parametrize(
    "program", [one for one in PROGRAMS if not one.package.startswith(".")], ids=lambda one: one.name
)
def test_every_program_is_a_tool_of_its_family(program) -> None:  # type: ignore[no-untyped-def]
    """``go mod tidy`` keeps what the programs need, because they are listed as tools."""
    assert re.search(rf"^\s*(tool )?{re.escape(program.package)}$", go_mod(program.family), re.MULTILINE)


def test_all_kubernetes_modules_have_one_version() -> None:
    """The cluster family compiles Kubernetes once: no staging module is left at another version."""
    staging = versions.KUBERNETES.replace("1.", "0.", 1)
    replaced = re.findall(r"=> k8s\.io/[\w-]+ v([\w.]+)", go_mod("cluster"))
    assert len(replaced) > 25
    assert set(replaced) == {staging}


def test_the_cache_folder_can_be_chosen() -> None:
    """The variable wins, an empty one does not."""
    assert str(cache_root({"K8SGRADE_TESTBED_CACHE": "/srv/cache"})) == "/srv/cache"
    assert cache_root({"K8SGRADE_TESTBED_CACHE": " "}) == cache_root({})
