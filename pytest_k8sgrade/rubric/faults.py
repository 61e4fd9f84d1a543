"""Faults of a rubric or proof file, collected so that its author sees all of them at once."""

from __future__ import annotations

from pytest_k8sgrade.errors import RubricFault

_SHOWN_VALUE = 60


class Faults:
    """What is wrong with one file. `source` is how messages name the file, `what` what it is."""

    def __init__(self, source: str, what: str = "rubric") -> None:
        self.source = source
        self.what = what
        self._found: list[tuple[int, str]] = []

    def add(self, line: int, message: str) -> None:
        """Note a fault at a line, counted from 1; the same one is told once."""
        if (line, message) not in self._found:
            self._found.append((line, message))

    @property
    def found(self) -> list[tuple[int, str]]:
        """Lines and messages in the order of the file."""
        return sorted(self._found)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._found)

    def error(self) -> RubricFault:
        """All faults in the order of the file."""
        lines = [f"{self.source}:{line}: {message}" for line, message in self.found]
        heading = f"the {self.what} {self.source} has {len(lines)} fault{'s' if len(lines) > 1 else ''}:"
        return RubricFault("\n  ".join([heading, *lines]))

    def raise_any(self) -> None:
        """Raise `RubricFault` if anything was noted."""
        if self._found:
            raise self.error()


def quoted(value: object) -> str:
    """A value as a message shows it, shortened."""
    text = repr(value)
    return text if len(text) <= _SHOWN_VALUE else text[: _SHOWN_VALUE - 1] + "…"
