"""The code that a check is made of: its function, and what that calls, as far as it is ours or its pack's.

What `cluster` offers to checks is not followed: who asks here knows what it does.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_k8sgrade.rubric.signature import Check

_OURS = (
    "pytest_k8sgrade.checks.",
    "pytest_k8sgrade.services.",
    "pytest_k8sgrade.kube.",
    "pytest_k8sgrade.theory.",
)


@dataclass(frozen=True, slots=True)
class Code:
    """A function or class, with the module whose names it uses."""

    module: types.ModuleType
    node: ast.FunctionDef | ast.ClassDef


def reached(check: Check) -> list[Code]:
    """A check's own code first, then all that it can call."""
    folder = check.path.parent
    start = code_of(inspect.unwrap(check.function), folder)
    waiting = [start] if start else []
    found: dict[Code, None] = {}
    while waiting:
        code = waiting.pop()
        if code not in found:
            found[code] = None
            waiting += _used(code, folder)
    return [*found]


@functools.cache
def _used(code: Code, folder: Path) -> tuple[Code, ...]:
    """What the names in a piece of code stand for, as far as checks are made of it."""
    used = (code_of(value, folder) for value in _names(code))
    return tuple(dict.fromkeys(found for found in used if found))


def code_of(value: object, folder: Path) -> Code | None:
    """The source of a function or class, if it is one that checks are made of."""
    if not isinstance(value, (types.FunctionType, type)):
        return None
    module = sys.modules.get(value.__module__)
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return None
    if not (value.__module__.startswith(_OURS) or Path(file).is_relative_to(folder)):
        return None
    node = _definitions(Path(file)).get(value.__qualname__)
    return Code(module, node) if node else None


@functools.cache
def _definitions(file: Path) -> Mapping[str, ast.FunctionDef | ast.ClassDef]:
    """The functions and classes at the top of a module, by name."""
    tree = ast.parse(file.read_bytes())
    return {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def _names(code: Code) -> Iterator[object]:
    """What the names in a piece of code stand for."""
    for node in ast.walk(code.node):
        if isinstance(node, (ast.Name, ast.Attribute)):
            yield from members(value_of(node, code.module))


def members(value: object) -> Iterator[object]:
    """A value, or what a table of a module holds: one may choose functions."""
    if isinstance(value, functools.partial):
        yield value.func
    elif isinstance(value, Mapping):
        yield from (found for member in value.values() for found in members(member))
    elif isinstance(value, (tuple, list)):
        yield from (found for member in value for found in members(member))
    else:
        yield value


def value_of(node: ast.expr, module: types.ModuleType) -> Any:
    """What a name or an attribute of a module stands for, None when it is neither."""
    if isinstance(node, ast.Name):
        return getattr(module, node.id, None)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = getattr(module, node.value.id, None)
        return getattr(owner, node.attr, None) if isinstance(owner, types.ModuleType) else None
    return None
