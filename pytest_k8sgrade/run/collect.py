"""Rubric items as pytest items, whatever the folder, ini file or naming rules of the user.

The items are built here rather than found by pytest: a virtual environment below
the working folder, `norecursedirs`, `python_functions` or another rootdir must not
change what is graded. Node ids are `LAB/SYSTEM.py::ITEM`, the same from any folder.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_k8sgrade.rubric.model import Item, Rubric
    from pytest_k8sgrade.rubric.signature import Check


class CheckItem(pytest.Function):
    """One rubric item: its check with the item's parameters bound."""

    rubric_item: Item
    check: Check

    def bind(self, values: dict[str, Any]) -> None:
        """Set the parameters for the next look; their names never change."""
        self.obj = functools.partial(self.check.function, **values)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """Nobody reads the report of a look, and formatting its traceback costs more than the look."""
        return excinfo.typename

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the check is, under the item's own name."""
        return self.path, self.check.function.__code__.co_firstlineno - 1, self.name


class CheckModule(pytest.Module):
    """The items of one check file that the rubric uses."""

    check_file: ModuleType
    uses: Sequence[tuple[Item, Check]]

    @property  # type: ignore[misc]  # pytest assigns to it nowhere
    def obj(self) -> ModuleType:
        """The check file, imported once, when the rubric was validated."""
        return self.check_file

    def collect(self) -> Iterator[CheckItem]:
        """One item for each use of a check of this file."""
        for item, check in self.uses:
            bound = functools.partial(check.function, **item.with_)
            node = CheckItem.from_parent(self, name=item.id, callobj=bound)
            node.rubric_item = item
            node.check = check
            yield node


def collect(session: pytest.Session, rubric: Rubric, checks: Mapping[str, Check]) -> list[CheckItem]:
    """All items of the rubric, in its order."""
    by_file: dict[Path, list[tuple[Item, Check]]] = {}
    for item in rubric.items:
        check = checks[item.check]
        by_file.setdefault(check.path, []).append((item, check))
    found: dict[str, CheckItem] = {}
    for path, uses in by_file.items():
        module = CheckModule.from_parent(session, path=path, nodeid=f"{rubric.id}/{path.name}")
        module.check_file = uses[0][1].module
        module.uses = uses
        for node in session.genitems(module):
            assert isinstance(node, CheckItem)
            found[node.name] = node
    return [found[item.id] for item in rubric.items]
