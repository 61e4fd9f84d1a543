"""The functions that a check is made of, and where each of them is called.

Functions inside of functions, and lambdas, count as part of the one around them: they use
its names. A method is found by its name alone, whatever it is called on, so that rather too
many calls are seen than too few.
"""

from __future__ import annotations

import ast
import functools
import inspect
import types
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_k8sgrade.lint.code import Code, members, reached, value_of
from pytest_k8sgrade.rubric.signature import Check


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a module, or a method of the class `owner`."""

    module: types.ModuleType
    node: ast.FunctionDef
    owner: ast.ClassDef | None = None

    @property
    def name(self) -> str:
        """What it is called by: a class by its own name."""
        return self.owner.name if self.owner is not None and self.node.name == "__init__" else self.node.name

    @property
    def file(self) -> str:
        """Its file, as messages name it."""
        path = Path(str(self.module.__file__))
        return f"{path.parent.name}/{path.name}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call, in the function that makes it."""

    caller: Function
    node: ast.Call


@dataclass(frozen=True)
class Program:
    """All functions that a check can reach; `start` is the check itself."""

    start: Function
    functions: Sequence[Function]
    calls: Mapping[str, Sequence[Call]]
    passed_on: frozenset[str]
    """The names of functions that are given away, to be called by somebody else."""


def program_of(check: Check) -> Program | None:
    """The program of a check, None when its source is not to be had."""
    return _program(tuple(reached(check)))


@functools.lru_cache(maxsize=64)
def _program(codes: tuple[Code, ...]) -> Program | None:
    functions = [function for code in codes for function in _functions(code)]
    if not functions or not isinstance(codes[0].node, ast.FunctionDef):
        return None
    calls: dict[str, list[Call]] = defaultdict(list)
    mentioned = {name for module in {code.module for code in codes} for name in _in_tables(module)}
    for function in functions:
        called, passed_on = _outline(function)
        mentioned |= passed_on
        for node in called:
            calls[name_of(node.func)].append(Call(function, node))
    return Program(functions[0], functions, calls, frozenset(mentioned))


def _functions(code: Code) -> Iterator[Function]:
    if isinstance(code.node, ast.FunctionDef):
        yield Function(code.module, code.node)
        return
    for node in code.node.body:
        if isinstance(node, ast.FunctionDef):
            yield Function(code.module, node, code.node)


@functools.cache
def _outline(function: Function) -> tuple[tuple[ast.Call, ...], frozenset[str]]:
    """The calls in a function, and the names in it that stand for a value and are not called."""
    calls = tuple(node for node in ast.walk(function.node) if isinstance(node, ast.Call))
    called = {id(call.func) for call in calls}
    inner = {id(node) for call in calls for node in ast.walk(call.func)} - called
    mentioned = {
        name_of(node)
        for node in ast.walk(function.node)
        if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in called | inner
    }
    return calls, frozenset(mentioned)


@functools.cache
def _in_tables(module: types.ModuleType) -> frozenset[str]:
    """The names of functions that tables of a module hold."""
    tables = (one for one in vars(module).values() if isinstance(one, (Mapping, tuple, list)))
    held = (member for table in tables for member in members(table))
    return frozenset(one.__name__ for one in held if isinstance(one, types.FunctionType))


def name_of(node: ast.expr) -> str:
    """The last name of an expression such as `module.function`, empty for any other."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def can_call(call: Call, function: Function) -> bool:
    """Whether a call of that name may be one of this function: not when the name is known to be another's."""
    called = call.node.func
    named = value_of(called, call.caller.module)
    if isinstance(named, (types.FunctionType, type)):
        known = inspect.unwrap(named)
        return (known.__module__, known.__name__) == (function.module.__name__, function.name)
    is_method = function.owner is not None and function.node.name != "__init__"
    return is_method == isinstance(called, ast.Attribute)


def argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """The argument at a position or of a name; None when it is not given, or hidden in a star."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    given = call.args[: position + 1]
    if len(given) <= position or any(isinstance(one, ast.Starred) for one in given):
        return None
    return given[position]


def spreads(call: ast.Call) -> bool:
    """Whether arguments come out of a container, so that which ones are given is not to be seen."""
    starred = any(isinstance(one, ast.Starred) for one in call.args)
    return starred or any(keyword.arg is None for keyword in call.keywords)
