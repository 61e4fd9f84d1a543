"""The parameters of functions, read from their source: positions, defaults, and types of a few values."""

from __future__ import annotations

import ast
import types
import typing
from typing import Any

from pytest_k8sgrade.lint.code import value_of
from pytest_k8sgrade.rights.constants import ANY, Values


def position(arguments: ast.arguments, name: str) -> int | None:
    """The position of a parameter; that of one that only has a name is behind all others."""
    named = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    if name in named:
        return named.index(name)
    others = [
        one.arg for one in (*arguments.kwonlyargs, arguments.vararg, arguments.kwarg) if one is not None
    ]
    return 10_000 if name in others else None


def default(arguments: ast.arguments, name: str) -> ast.expr | None:
    """The default of a parameter, None where it has none."""
    named = [*arguments.posonlyargs, *arguments.args]
    with_default = named[len(named) - len(arguments.defaults) :]
    pairs = [*zip(with_default, arguments.defaults, strict=True)]
    pairs += [
        (one, value) for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
    ]
    return next((value for one, value in pairs if one.arg == name), None)


def is_open(arguments: ast.arguments, name: str) -> bool:
    """Whether it takes all other arguments: `*args` or `**kwargs`."""
    return any(one is not None and one.arg == name for one in (arguments.vararg, arguments.kwarg))


def annotation(arguments: ast.arguments, name: str) -> ast.expr | None:
    """The type that a parameter is written with, if it is one and has one."""
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return next((one.annotation for one in given if one.arg == name), None)


def allowed(arguments: ast.arguments, name: str, module: types.ModuleType) -> Values | None:
    """The few values that the type of a parameter allows, None when it is not of that kind."""
    found = annotation(arguments, name)
    return literals(found, module) if found is not None else None


def literals(written: ast.expr, module: types.ModuleType) -> Values | None:
    """The values of a type such as Literal["a", "b"], None for any other type."""
    if isinstance(written, ast.Constant) and isinstance(written.value, str):
        written = ast.parse(written.value, mode="eval").body
    if isinstance(written, ast.BinOp):
        either = [literals(one, module) for one in (written.left, written.right)]
        return None if None in either else tuple(value for one in either for value in one or ())
    if isinstance(written, ast.Constant) and written.value is None:
        return (None,)
    if isinstance(written, ast.Subscript) and value_of(written.value, module) is typing.Literal:
        values: Any = ast.literal_eval(written.slice)
        return values if isinstance(values, tuple) else (values,)
    known = value_of(written, module)
    return typing.get_args(known) if typing.get_origin(known) is typing.Literal else None


def narrowed(found: Values, by: Values | None) -> Values:
    """Values as far as a type allows them."""
    if by is None:
        return found
    return by if ANY in found else tuple(value for value in found if value in by)


def is_static(function: ast.FunctionDef) -> bool:
    """Whether a method gets no object."""
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in function.decorator_list)
