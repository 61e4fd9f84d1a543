"""The selectors of a PromQL expression: which metrics it reads, with which labels and window.

Only the lexical shape is looked at, as far as it takes to ask Prometheus about the
parts of an expression that gives nothing. What Prometheus refuses is refused there:
an expression that cannot be read here has no selectors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pytest_k8sgrade.kube.duration import parse_duration

_TOKEN = re.compile(
    r"""\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[A-Za-z_:][\w:]*|[0-9.][\w.]*|\S""", re.ASCII
)
_NAME = re.compile(r"[A-Za-z_:][\w:]*", re.ASCII)
_GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_WORDS = frozenset({"offset", "bool", "and", "or", "unless", "atan2", "inf", "nan", *_GROUPING})
_COMPARING, _SETS = frozenset("<>=!"), frozenset({"and", "unless"})
MAX_LENGTH: Final = 10_000
"""Characters of an expression; longer ones are not written by hand."""
_ABSENCE = frozenset({"absent", "absent_over_time"})
"""What is true when there is nothing: their selectors need no series."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A vector selector: its metric's name (empty where `__name__` is matched), its matchers, its window."""

    metric: str
    matchers: str = ""
    window: str = ""
    functions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The instant selector, as PromQL."""
        return self.metric + (f"{{{self.matchers}}}" if self.matchers else "")

    @property
    def window_s(self) -> float | None:
        """The window in seconds; None for an instant selector."""
        try:
            return parse_duration(self.window) if self.window else None
        except ValueError:
            return None


def selectors(expression: str) -> list[Selector]:
    """The selectors that must have series for the expression to give something, each once."""
    if len(expression) > MAX_LENGTH:
        return []
    tokens = [token for token in _TOKEN.findall(expression) if not token.startswith("#")]
    found = _Scan(tokens).run()
    return list(dict.fromkeys(one for one in found if not _ABSENCE & set(one.functions)))


def filters(expression: str) -> bool:
    """Whether the expression may give nothing although all that it reads has series: by a comparison."""
    depth, words = 0, [word for word in _TOKEN.findall(expression) if not word.startswith("#")]
    for at, word in enumerate(words):
        depth += (word == "{") - (word == "}")
        if depth == 0 and (word in _COMPARING or word.lower() in _SETS):
            following = [one for one in words[at + 1 : at + 3] if one != "="]
            if not following or following[0].lower() != "bool":
                return True
    return False


class _Scan:
    """One pass over the tokens; `open` are the words before the brackets that are open."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._open: list[str] = []

    def run(self) -> list[Selector]:
        found = []
        while self._at < len(self._tokens):
            word, before = self._tokens[self._at], self._tokens[self._at - 1] if self._at else ""
            if word == "(":
                self._open.append(before if _NAME.fullmatch(before) else "")
            elif word == ")" and self._open:
                self._open.pop()
            elif word == "[":
                self._at = self._end(self._at, "]")
            elif word.lower() in _GROUPING and self._next() == "(":
                self._at = self._end(self._at + 1, ")")
            elif word == "{" or (_NAME.fullmatch(word) and self._is_metric(word)):
                found.append(self._selector())
            self._at += 1
        return found

    def _next(self) -> str:
        return self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ""

    def _is_metric(self, token: str) -> bool:
        return token.lower() not in _WORDS and self._next() != "(" and self._next().lower() not in _GROUPING

    def _selector(self) -> Selector:
        metric, matchers, window = "", "", ""
        if self._tokens[self._at] != "{":
            metric = self._tokens[self._at]
        if "{" in (self._tokens[self._at], self._next()):
            start = self._at + bool(metric)
            self._at = self._end(start, "}")
            matchers = "".join(self._tokens[start + 1 : self._at])
        if self._next() == "[":
            start = self._at + 1
            self._at = self._end(start, "]")
            window = "".join(self._tokens[start + 1 : self._at])
        return Selector(metric, matchers, window, tuple(word for word in self._open if word))

    def _end(self, start: int, bracket: str) -> int:
        """The place of the closing bracket, or of the last token."""
        places = range(start, len(self._tokens))
        return next((at for at in places if self._tokens[at] == bracket), len(self._tokens) - 1)
