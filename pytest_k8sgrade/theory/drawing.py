"""Choices that differ from student to student and are the same whenever they are made again.

How it is drawn is a promise, since a hand-in is graded long after its questions were written:
each choice has a name, and HMAC-SHA-256 with the key `k8sgrade-theory-1`, rubric id and rubric
version over student id, question id and the choice's name (each list of texts as compact JSON
in UTF-8) gives a number, most significant byte first. Modulo the number of options it is the
index of the one that is taken. A choice does not depend on any other one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

METHOD: Final = "k8sgrade-theory-1"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draw:
    """The choices for one student and one question of one version of a rubric."""

    rubric: str
    version: str
    student: str
    question: str

    def pick(self, name: str, options: Sequence[T]) -> T:
        """The option that the choice of that name takes; there must be one."""
        return options[self._number(name) % len(options)]

    def sample(self, name: str, options: Sequence[T], count: int) -> list[T]:
        """That many different options; all of them, in a drawn order, where there are no more."""
        rest = list(options)
        found: list[T] = []
        while rest and len(found) < count:
            found.append(rest.pop(self._number(f"{name}/{len(found)}") % len(rest)))
        return found

    def shuffled(self, name: str, options: Sequence[T]) -> list[T]:
        """All options in a drawn order."""
        return self.sample(name, options, len(options))

    def _number(self, name: str) -> int:
        key = _text(METHOD, self.rubric, self.version)
        digest = hmac.new(key, _text(self.student, self.question, name), hashlib.sha256).digest()
        return int.from_bytes(digest, "big")


def _text(*parts: str) -> bytes:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
