"""Formulas of a rubric file, computed exactly: `ceil(current * metric / target)`.

A small part of Python's expressions: numbers, names, arithmetic, comparisons, `and`, `or`,
`not`, `A if C else B`, and a few functions. Numbers are fractions, so that no rounding of the
machine decides about a ceiling. The file may be anybody's: there is nothing to reach from here.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final, NoReturn, TypeAlias

Number: TypeAlias = Fraction

_LONGEST: Final = 500
_LARGEST: Final = 10**30
_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "max": max,
    "min": min,
    "round": round,
}
FUNCTIONS: Final = frozenset(_FUNCTIONS)
"""What a formula may call."""


class FormulaError(ValueError):
    """A formula that cannot be computed: a fault of the question's author."""


def compute(formula: str, values: Mapping[str, Number]) -> Number:
    """The value of a formula; raises `FormulaError`."""
    if len(formula) > _LONGEST:
        raise FormulaError(f"the formula has more than {_LONGEST} characters")
    try:
        tree = ast.parse(formula, mode="eval")
        found = Fraction(_Evaluation(formula, values).value(tree.body))
    except (SyntaxError, ZeroDivisionError, TypeError, RecursionError, MemoryError) as error:
        raise FormulaError(f"{formula!r} cannot be computed: {type(error).__name__}: {error}") from None
    return found


def holds(condition: str, values: Mapping[str, Number]) -> bool:
    """Whether a condition is true; raises `FormulaError`."""
    return compute(condition, values) != 0


class _Evaluation:
    def __init__(self, formula: str, values: Mapping[str, Number]) -> None:
        self._formula = formula
        self._values = values

    def value(self, node: ast.expr) -> Any:
        found = self._value(node)
        if abs(found) > _LARGEST:
            raise FormulaError(f"{self._formula!r} becomes larger than {_LARGEST:.0e}")
        return found

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number):
                return number if isinstance(number, bool) else Fraction(str(number))
            case ast.Name():
                return self._named(node.id)
            case ast.Compare():
                return self._compared(node)
            case ast.Call():
                return self._called(node)
        return self._combined(node)

    def _combined(self, node: ast.expr) -> Any:
        """What is made of the values of other expressions."""
        match node:
            case ast.BinOp() if type(node.op) in _ARITHMETIC:
                return _ARITHMETIC[type(node.op)](self.value(node.left), self.value(node.right))
            case ast.UnaryOp(op=ast.USub() | ast.Not()):
                operand = self.value(node.operand)
                return -operand if isinstance(node.op, ast.USub) else not operand
            case ast.BoolOp():
                every = all if isinstance(node.op, ast.And) else any
                return every(self.value(part) for part in node.values)
            case ast.IfExp():
                return self.value(node.body if self.value(node.test) else node.orelse)
        return self._refuse(node)

    def _called(self, node: ast.Call) -> Number:
        if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS or node.keywords:
            self._refuse(node)
        return Fraction(_FUNCTIONS[node.func.id](*(self.value(part) for part in node.args)))

    def _refuse(self, node: ast.expr) -> NoReturn:
        raise FormulaError(f"{self._formula!r}: {ast.unparse(node)!r} is not allowed in a formula")

    def _named(self, name: str) -> Number:
        if name not in self._values:
            known = ", ".join(sorted(self._values)) or "none"
            raise FormulaError(f"{self._formula!r}: there is no number {name!r}; there are {known}")
        return self._values[name]

    def _compared(self, node: ast.Compare) -> bool:
        values = [self.value(part) for part in (node.left, *node.comparators)]
        pairs = zip(node.ops, values, values[1:], strict=False)
        if not all(type(comparison) in _COMPARISONS for comparison in node.ops):
            self._refuse(node)
        return all(_COMPARISONS[type(comparison)](left, right) for comparison, left, right in pairs)
