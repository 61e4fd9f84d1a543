"""The reasons that a check can give, read from its code and the code that it calls.

Ids are followed through names, alternatives, tables and the functions that return them, as
far as they are constants; what is put together at run time is not found here, but when the
check is looked at.
"""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_k8sgrade.lint.code import Code, code_of, reached, value_of
from pytest_k8sgrade.rubric.signature import Check

_SAY = {"unmet": 0, "absent": 0, "hopeless": 0, "cannot_tell": 0, "too_early": 0}
_CALLS = {**_SAY, "require": 1, "Reason": 0, "Shortfall": 0}
"""Where in a call the id of a reason stands, by the name of what is called."""

_NO_PARAMETERS = frozenset({"seen", "wanted", "part", "weight", "terminal", "early"})
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Raised:
    """A reason in the code: `params` are those it is given, None where the code does not show them all."""

    reason: str
    where: str
    params: frozenset[str] | None


def raised_by(check: Check) -> list[Raised]:
    """Every reason found in a check and what it calls, each place once."""
    folder = check.path.parent
    found = {raised for code in reached(check) for raised in _raised_in(code, folder)}
    return sorted(found, key=lambda raised: (raised.where, raised.reason))


@functools.cache
def _raised_in(code: Code, folder: Path) -> frozenset[Raised]:
    """The reasons in a piece of code: many checks call the same services."""
    return frozenset(_reasons(code, folder))


def _reasons(code: Code, folder: Path) -> Iterator[Raised]:
    functions = [node for node in ast.walk(code.node) if isinstance(node, ast.FunctionDef)]
    file = Path(str(code.module.__file__))
    for function in functions:
        resolver = _Resolver(code.module, function, folder)
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            place = _CALLS.get(_called(call))
            if place is None or len(call.args) <= place or _always_met(call):
                continue
            where = f"{file.parent.name}/{file.name}:{call.lineno}"
            for reason in resolver.texts(call.args[place]):
                yield Raised(reason, where, _params(call))


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _always_met(call: ast.Call) -> bool:
    """A part that is there for its weight: its reason is never told."""
    first = call.args[0]
    return _called(call) == "require" and isinstance(first, ast.Constant) and first.value is True


def _params(call: ast.Call) -> frozenset[str] | None:
    """The parameters that a call shows; a mapping of them, as Reason takes, is not followed."""
    names = {keyword.arg for keyword in call.keywords}
    if None in names or _called(call) in ("Reason", "Shortfall"):
        return None
    return frozenset(str(name) for name in names) - _NO_PARAMETERS


@dataclass(frozen=True, slots=True)
class _Resolver:
    """Which constant texts an expression of a function can be."""

    module: types.ModuleType
    function: ast.FunctionDef
    folder: Path
    depth: int = 0

    def texts(self, node: ast.expr, element: int | None = None) -> set[str]:
        """The texts of an expression, or of one element of the tuple that it is."""
        if self.depth > _DEEPEST:
            return set()
        if isinstance(node, ast.Constant):
            return {node.value} if isinstance(node.value, str) and element is None else set()
        if isinstance(node, ast.Tuple):
            chosen = node.elts[element : element + 1] if element is not None else []
            return {text for part in chosen for text in self.texts(part)}
        position = _position(node)
        if isinstance(node, ast.Subscript) and position is not None:
            return self.texts(node.value, position)
        options = {text for option in self._options(node) for text in self.texts(option, element)}
        return options | set(self._elsewhere(node, element))

    def _options(self, node: ast.expr) -> list[ast.expr]:
        """The expressions that stand for this one."""
        if isinstance(node, ast.IfExp):
            return [node.body, node.orelse]
        if isinstance(node, ast.BoolOp):
            return list(node.values)
        if isinstance(node, ast.Subscript):
            return self._table(node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            return [*self._table(node.func.value), *node.args[1:]]
        return []

    def _table(self, node: ast.expr) -> list[ast.expr]:
        return [value for value in node.values if value] if isinstance(node, ast.Dict) else []

    def _elsewhere(self, node: ast.expr, element: int | None) -> Iterator[str]:
        """Texts that stand somewhere else: behind a name, in a table of the module, in another function."""
        table = _looked_up(node)
        if isinstance(node, ast.Name):
            yield from self._named(node.id, element)
        elif table is not None:
            entries = getattr(self.module, table.id, None)
            values = entries.values() if isinstance(entries, Mapping) else ()
            yield from (value for value in values if isinstance(value, str))
        elif isinstance(node, ast.Call):
            yield from self._returned(node, element)

    def _named(self, name: str, element: int | None) -> Iterator[str]:
        """What was assigned to a name, or the constant of the module that it is."""
        deeper = replace(self, depth=self.depth + 1)
        for value, position in _assigned(self.function, name):
            yield from deeper.texts(value, element if position is None else position)
        constant = getattr(self.module, name, None)
        if isinstance(constant, str):
            yield constant

    def _returned(self, call: ast.Call, element: int | None) -> Iterator[str]:
        """What a called function returns."""
        code = code_of(value_of(call.func, self.module), self.folder)
        if code is None or not isinstance(code.node, ast.FunctionDef):
            return
        inside = replace(self, module=code.module, function=code.node, depth=self.depth + 1)
        for found in ast.walk(code.node):
            if isinstance(found, ast.Return) and found.value is not None:
                yield from inside.texts(found.value, element)


def _position(node: ast.expr) -> int | None:
    """The number of the element that an expression picks."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Constant):
        return None
    return node.slice.value if isinstance(node.slice.value, int) else None


def _looked_up(node: ast.expr) -> ast.Name | None:
    """The name of the table of the module in which an expression looks something up."""
    if isinstance(node, ast.Subscript):
        owner = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        owner = node.func.value
    else:
        return None
    return owner if isinstance(owner, ast.Name) else None


def _assigned(function: ast.FunctionDef, name: str) -> Iterator[tuple[ast.expr, int | None]]:
    """What is assigned to a name, with its position where a tuple is taken apart."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield node.value, None
            elif isinstance(target, ast.Tuple):
                for index, part in enumerate(target.elts):
                    if isinstance(part, ast.Name) and part.id == name:
                        yield node.value, index
