"""What an expression in the code of a check can be, as far as constants decide it.

Followed are names, alternatives, tables, loops over constants, what functions return and what
their callers give them; the parameters of the check are those of the rubric's item. So the
values of an expression are at least those that it can have: they are all there, or `ANY` is
among them.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from pytest_k8sgrade.lint.code import value_of
from pytest_k8sgrade.rights import constants, parameters
from pytest_k8sgrade.rights.constants import ANY, UNKNOWN, Values, distinct
from pytest_k8sgrade.rights.program import Call, Function, Program, argument, can_call, name_of, spreads

_DEEPEST: Final = 40
_SAME: Final = frozenset({"tuple", "list", "set", "frozenset", "sorted", "reversed", "dict", "str"})
"""Functions whose result holds what they are given."""

Read = Callable[[ast.expr, Function], Values]


class Evaluation:
    """The values of the expressions of one program. `given` are those of the check's own parameters."""

    def __init__(self, program: Program, given: Mapping[str, Values]) -> None:
        self._program = program
        self._given = given
        self._known: dict[tuple[int, int], Values] = {}
        self._open: dict[tuple[int, int], int] = {}
        self._circle = math.inf
        """How deep the outermost expression lies that a circle has led back to."""

    def of(self, node: ast.expr | None, function: Function) -> Values:
        """The values of an expression in a function."""
        if node is None:
            return UNKNOWN
        key = (id(node), id(function.node))
        if key in self._known:
            return self._known[key]
        if key in self._open:
            self._circle = min(self._circle, self._open[key])
            return ()  # a circle adds nothing of its own
        depth = len(self._open)
        if depth > _DEEPEST:
            return UNKNOWN
        self._open[key] = depth
        found = distinct(self._evaluate(node, function))
        del self._open[key]
        if self._circle >= depth:
            self._known[key], self._circle = found, math.inf
        return found

    def _evaluate(self, node: ast.expr, function: Function) -> Values:  # noqa: PLR0911 - one for each form
        match node:
            case ast.Constant(value=value):
                return (value,)
            case ast.Name(id=name):
                return self._named(name, function)
            case ast.Attribute():
                return self._attribute(node, function)
            case ast.IfExp(body=one, orelse=other):
                return (*self.of(one, function), *self.of(other, function))
            case ast.BoolOp(values=options):
                return tuple(value for option in options for value in self.of(option, function))
            case ast.Subscript(value=owner, slice=key):
                return self._item(owner, key, function)
            case ast.Call():
                return self._call(node, function)
            case ast.NamedExpr(value=value):
                return self.of(value, function)
            case _:
                return self._composed(node, function)

    def _composed(self, node: ast.expr, function: Function) -> Values:
        """The values of what is put together from parts."""
        match node:
            case ast.JoinedStr(values=parts):
                return constants.joined([constants.shown(self.of(_content(one), function)) for one in parts])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return constants.joined([constants.shown(self.of(one, function)) for one in (left, right)])
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
                return self._sequence(elements, function)
            case ast.Dict(keys=keys, values=values):
                return self._table(keys, values, function)
            case _:
                return UNKNOWN

    def _named(self, name: str, function: Function) -> Values:
        local = (*self._assigned(name, function), *self._parameter(name, function))
        if local:
            return local
        return (vars(function.module)[name],) if name in vars(function.module) else UNKNOWN

    def _assigned(self, name: str, function: Function) -> Iterable[object]:
        """What a name is assigned, in whatever way, anywhere in a function."""
        for node in ast.walk(function.node):
            match node:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        yield from _unpacked(target, name, self.of, value, function)
                case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                    if value is not None:
                        yield from _unpacked(target, name, self.of, value, function)
                case ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source):
                    yield from _unpacked(target, name, self._elements, source, function)
                case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                    yield from _unpacked(target, name, _unknown, value, function)
                case ast.AugAssign(target=target, value=value):
                    yield from _unpacked(target, name, _unknown, value, function)

    def _elements(self, source: ast.expr, function: Function) -> Values:
        """What a loop over an expression meets."""
        values = self.of(source, function)
        return distinct(member for value in values for member in constants.members(value))

    def _parameter(self, name: str, function: Function) -> Values:
        """What the callers of a function give to a parameter, or what its type says that this can be."""
        arguments = function.node.args
        place = parameters.position(arguments, name)
        if place is None:
            inner = [
                node for node in ast.walk(function.node) if isinstance(node, (ast.FunctionDef, ast.Lambda))
            ]
            known = any(parameters.position(node.args, name) is not None for node in inner)
            return UNKNOWN if known else ()
        if function is self._program.start:
            return self._given.get(name, UNKNOWN)
        found = UNKNOWN if parameters.is_open(arguments, name) else self._from_callers(name, place, function)
        return parameters.narrowed(found, parameters.allowed(arguments, name, function.module))

    def _from_callers(self, name: str, place: int, function: Function) -> Values:
        if function.owner is not None and not parameters.is_static(function.node):
            place -= 1
        if place < 0:
            return UNKNOWN
        calls = [call for call in self._program.calls.get(function.name, ()) if can_call(call, function)]
        found: list[object] = [ANY] if not calls or function.name in self._program.passed_on else []
        default = parameters.default(function.node.args, name)
        for call in calls:
            given = argument(call.node, place, name)
            if given is not None:
                found += self.of(given, call.caller)
            else:
                found += UNKNOWN if default is None or spreads(call.node) else self.of(default, function)
        return distinct(found)

    def _attribute(self, node: ast.Attribute, function: Function) -> Values:
        known = value_of(node, function.module)
        if known is not None:
            return (known,)
        if function.owner is not None and isinstance(node.value, ast.Name) and node.value.id == "self":
            return self._own_attribute(node.attr, function.owner)
        return UNKNOWN

    def _own_attribute(self, name: str, owner: ast.ClassDef) -> Values:
        """What a class gives to an attribute of its own, in a method or as a field of a dataclass."""
        found: list[object] = []
        for method in (one for one in self._program.functions if one.owner is owner):
            for node in ast.walk(method.node):
                if isinstance(node, ast.Assign):
                    for target in node.targets:
                        found += _unpacked(target, f"self.{name}", self.of, node.value, method)
        fields = [node.target.id for node in owner.body if _is_field(node)]  # type: ignore[attr-defined]
        if name in fields:
            for call in self._program.calls.get(owner.name, ()):
                found += self.of(argument(call.node, fields.index(name), name), call.caller)
        return distinct(found) or UNKNOWN

    def _sequence(self, elements: Sequence[ast.expr], function: Function) -> Values:
        if any(isinstance(element, ast.Starred) for element in elements):
            return UNKNOWN
        return constants.combined([self.of(element, function) for element in elements])

    def _table(
        self, keys: Sequence[ast.expr | None], values: Sequence[ast.expr], function: Function
    ) -> Values:
        """A table that is written down in the code, where it is all constants."""
        table: dict[object, object] = {}
        for key, value in zip(keys, values, strict=True):
            known, options = self.of(key, function), self.of(value, function)
            if len(known) != 1 or len(options) != 1 or not isinstance(known[0], (str, int)):
                return UNKNOWN
            table[known[0]] = options[0]
        return (table,)

    def _item(self, owner: ast.expr, key: ast.expr, function: Function) -> Values:
        keys = self.of(key, function)
        return distinct(
            found for value in self.of(owner, function) for found in constants.looked_up(value, keys)
        )

    def _call(self, call: ast.Call, function: Function) -> Values:
        name = name_of(call.func)
        if name == "cast" and len(call.args) == 2:
            kinds = parameters.literals(call.args[0], function.module)
            return self.of(call.args[1], function) if kinds is None else kinds
        if isinstance(call.func, ast.Name) and name in _SAME and len(call.args) == 1:
            return self.of(call.args[0], function)
        if isinstance(call.func, ast.Attribute):
            found = self._method(call, call.func.value, name, function)
            if found is not None:
                return found
        return self._returned(call, function)

    def _method(self, call: ast.Call, owner: ast.expr, name: str, function: Function) -> Values | None:
        """What a method of a table or a text gives, None for the methods of anything else."""
        if name == "get" and call.args:
            default = self.of(call.args[1], function) if len(call.args) > 1 else (None,)
            return (*self._item(owner, call.args[0], function), *default)
        if name in ("items", "keys", "values") and not call.args:
            return tuple(constants.view(value, name) for value in self.of(owner, function))
        if name in constants.PLAIN and not call.args:
            return tuple(constants.plainly(value, name) for value in self.of(owner, function))
        return None

    def _returned(self, call: ast.Call, function: Function) -> Values:
        """What a function of the program returns; what a class makes, nobody can tell."""
        name = name_of(call.func)
        named = [one for one in self._program.functions if one.node.name == name]
        called = [one for one in named if can_call(Call(function, call), one)]
        if not called:
            return UNKNOWN
        return tuple(value for one in called for value in self._results(one))

    def _results(self, function: Function) -> Values:
        """What a function returns; a generator is what it yields, one after the other."""
        returned: list[object] = []
        yielded: list[object] = []
        for node in ast.walk(function.node):
            match node:
                case ast.Return(value=ast.expr() as value):
                    returned += self.of(value, function)
                case ast.Yield(value=ast.expr() as value):
                    yielded += self.of(value, function)
                case ast.YieldFrom(value=value):
                    yielded += self._elements(value, function)
        return (distinct(yielded),) if yielded else tuple(returned)


def _unpacked(target: ast.expr, name: str, read: Read, source: ast.expr, function: Function) -> Values:
    """What a name gets from an assignment to a target in which it stands; `self.x` is a name, too."""
    if _dotted(target) == name:
        return read(source, function)
    if not isinstance(target, (ast.Tuple, ast.List)):
        return ()
    for index, part in enumerate(target.elts):
        if _dotted(part) == name:
            return distinct(constants.at(value, index) for value in read(source, function))
        if any(_dotted(inner) == name for inner in ast.walk(part)):
            return UNKNOWN
    return ()


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


def _unknown(_node: ast.expr, _function: Function) -> Values:
    return UNKNOWN


def _content(part: ast.expr) -> ast.expr:
    return part.value if isinstance(part, ast.FormattedValue) else part


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
