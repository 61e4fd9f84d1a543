"""Faults of the person who runs the grader, told in one clean message.

    GradeError
    ├── UsageFault            bad option, unknown lab, bad rubric, bad kubeconfig
    │   ├── RubricFault       the rubric file, with line numbers, all faults in one go
    │   ├── KubeconfigFault   the kubeconfig or its context, or what the policy refuses in it
    │   └── EvidenceFault     an evidence file that cannot be read
    └── (nothing else: a fault of ours is an ordinary exception and keeps its traceback)

The plugin turns a `UsageFault` into pytest's usage error (exit code 4). What the
cluster answers is never one of these: see `outcome`.
"""

from __future__ import annotations

from collections.abc import Mapping


class GradeError(Exception):
    """Base of the errors that are meant for a person."""


class UsageFault(GradeError):
    """What was wrong, what was expected, what to do next: in English, or by language where there are more."""

    def __init__(self, text: str | Mapping[str, str]) -> None:
        super().__init__(text if isinstance(text, str) else text["en"])
        self.texts = {} if isinstance(text, str) else dict(text)

    def text(self, language: str) -> str:
        """The message in a language, in English where there is no other."""
        return self.texts.get(language, str(self))


class RubricFault(UsageFault):
    """A rubric that cannot be used; the message lists every fault with its line."""


class KubeconfigFault(UsageFault):
    """A kubeconfig that cannot be used, or that the policy does not allow."""


class EvidenceFault(UsageFault):
    """An evidence file that is not one, is damaged, or is too large."""
