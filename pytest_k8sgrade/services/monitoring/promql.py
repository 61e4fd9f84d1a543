"""What a PromQL expression needs: the selectors that must have series for it to give something.

Only the lexical shape is looked at, as far as it takes to ask Prometheus about the
parts of an expression that gives nothing: brackets, functions and set operators. What
Prometheus refuses is refused there: an expression that cannot be read here has no selectors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pytest_k8sgrade.kube.duration import parse_duration

_TOKEN = re.compile(
    r"""\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[A-Za-z_:][\w:]*|[0-9.][\w.]*|=~|!~|!=|\S""",
    re.ASCII,
)
_NAME = re.compile(r"[A-Za-z_:][\w:]*", re.ASCII)
_GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_JOINING = frozenset({"and", "unless"})
_WORDS = frozenset({"offset", "bool", "or", "atan2", "inf", "nan", *_JOINING, *_GROUPING})
_COMPARING = frozenset({"<", ">", "=", "!", "!="})
_ABSENCE = frozenset({"absent", "absent_over_time"})
"""What is true when there is nothing: their selectors need no series."""
MAX_LENGTH: Final = 10_000
"""Characters of an expression; longer ones are not written by hand."""
MAX_DEPTH: Final = 50
"""Brackets within brackets of an expression, likewise."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A vector selector: its metric's name (empty where `__name__` is matched), its matchers, its window.

    `named` is what its matchers say of the metric's name where it is not written before them.
    """

    metric: str
    matchers: str = ""
    window: str = ""
    named: str = ""

    @property
    def text(self) -> str:
        """The instant selector, as PromQL."""
        return self.metric + (f"{{{self.matchers}}}" if self.matchers else "")

    @property
    def any_labels(self) -> str:
        """The selector of the metric whatever its labels; the whole one where nothing names a metric."""
        return self.metric or (f"{{{self.named}}}" if self.named else self.text)

    @property
    def window_s(self) -> float | None:
        """The window in seconds; None for an instant selector."""
        try:
            return parse_duration(self.window) if self.window else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Needs:
    """Parts of which all are needed, or `either`: the sides of an `or`."""

    parts: tuple[Need, ...]
    either: bool = False

    def lacking(self, there: Callable[[Selector], bool]) -> list[Selector]:
        """The selectors without series for which the expression gives nothing; empty when it may give."""
        found = [_lacking(part, there) for part in self.parts]
        if self.either and not all(found):
            return []
        return list(dict.fromkeys(one for each in found for one in each))

    def selectors(self) -> Iterator[Selector]:
        """All of them, in their order."""
        for part in self.parts:
            yield from [part] if isinstance(part, Selector) else part.selectors()


Need: TypeAlias = Selector | Needs


def _lacking(part: Need, there: Callable[[Selector], bool]) -> list[Selector]:
    if isinstance(part, Needs):
        return part.lacking(there)
    return [] if there(part) else [part]


def needs(expression: str) -> Needs | None:
    """What must have series for the expression to give something; None where it is too long to be read."""
    if len(expression) > MAX_LENGTH:
        return None
    tokens = _tokens(expression)
    return _Reader(tokens).read() if _depth(tokens) <= MAX_DEPTH else None


def selectors(expression: str) -> list[Selector]:
    """The selectors of what an expression needs, those of both sides of an `or`; each once."""
    found = needs(expression)
    return list(dict.fromkeys(found.selectors())) if found is not None else []


def filters(expression: str) -> bool:
    """Whether the expression may give nothing although all that it reads has series: by a comparison."""
    depth, words = 0, _tokens(expression)
    for at, word in enumerate(words):
        depth += (word == "{") - (word == "}")
        if depth == 0 and (word in _COMPARING or word.lower() in _JOINING):
            following = [one for one in words[at + 1 : at + 3] if one != "="]
            if not following or following[0].lower() != "bool":
                return True
    return False


def _tokens(expression: str) -> list[str]:
    return [token for token in _TOKEN.findall(expression) if not token.startswith("#")]


def _depth(tokens: Sequence[str]) -> int:
    deepest = depth = 0
    for word in tokens:
        depth += (word == "(") - (word == ")")
        deepest = max(deepest, depth)
    return deepest


class _Reader:
    """Reads the tokens once, by descent: arguments, `or`, `and` and `unless`, operands."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def read(self) -> Needs:
        parts = []
        while self._word():
            parts.append(self._arguments())
            self._at += 1  # a bracket that was never opened
        return Needs(tuple(parts))

    def _word(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if 0 <= at < len(self._tokens) else ""

    def _arguments(self) -> Needs:
        """Expressions between commas, up to a closing bracket or the end."""
        parts = [self._expression()]
        while self._word() == ",":
            self._at += 1
            parts.append(self._expression())
        return Needs(tuple(parts))

    def _expression(self) -> Needs:
        sides = [self._joined()]
        while self._word().lower() == "or":
            self._at += 1
            sides.append(self._joined())
        return Needs(tuple(sides), either=len(sides) > 1)

    def _joined(self) -> Needs:
        """The sides of `and`; what stands behind `unless` may be absent."""
        parts = [self._operands()]
        while (word := self._word().lower()) in _JOINING:
            self._at += 1
            side = self._operands()
            parts += [side] if word == "and" else []
        return Needs(tuple(parts))

    def _operands(self) -> Needs:
        """What stands between set operators: selectors, and calls with what their arguments need."""
        found: list[Need] = []
        while (word := self._word()) and word not in (")", ",") and word.lower() not in (*_JOINING, "or"):
            if word == "(":
                found += self._call(self._word(-1))
            elif word == "[":
                self._at = self._end(self._at, "]")
            elif word.lower() in _GROUPING and self._word(1) == "(":
                self._at = self._end(self._at + 1, ")")
            elif word == "{" or (_NAME.fullmatch(word) and self._is_metric(word)):
                found.append(self._selector())
            self._at += 1
        return Needs(tuple(found))

    def _call(self, function: str) -> list[Need]:
        self._at += 1
        found = self._arguments()
        return [] if function in _ABSENCE else [found]

    def _is_metric(self, word: str) -> bool:
        """Whether a name is a metric's: no word of the language, no function, no modifier."""
        before, after = self._word(-1), self._word(1)
        modifier = before in ("]", "}") or before[:1].isdigit()
        return word.lower() not in _WORDS and after != "(" and after.lower() not in _GROUPING and not modifier

    def _selector(self) -> Selector:
        metric, window = "" if self._word() == "{" else self._word(), ""
        matchers: Sequence[str] = ()
        if "{" in (self._word(), self._word(1)):
            start = self._at + bool(metric)
            self._at = self._end(start, "}")
            matchers = self._tokens[start + 1 : self._at]
        if self._word(1) == "[":
            start = self._at + 1
            self._at = self._end(start, "]")
            window = "".join(self._tokens[start + 1 : self._at])
        return Selector(metric, "".join(matchers), window, "" if metric else _named(matchers))

    def _end(self, start: int, bracket: str) -> int:
        """The place of the closing bracket, or of the last token."""
        places = range(start, len(self._tokens))
        return next((at for at in places if self._tokens[at] == bracket), len(self._tokens) - 1)


def _named(matchers: Sequence[str]) -> str:
    """The matcher of the metric's name among others: of `__name__`, or a name in quotes alone."""
    for at, word in enumerate(matchers):
        first = at == 0 or matchers[at - 1] == ","
        if first and word == "__name__":
            return "".join(matchers[at : at + 3])
        if first and word[:1] in "\"'`" and matchers[at + 1 : at + 2] in ([], [","]):
            return word
    return ""
