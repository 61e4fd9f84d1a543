"""What is wrong with a kubeconfig or with evidence, said in every language.

The texts are labels of the catalogue, `faults.yaml`; names and values are quoted here, since they
are somebody else's. A part of a text that is a text itself is given by its label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn, TypeAlias

from pytest_k8sgrade.errors import EvidenceFault, KubeconfigFault
from pytest_k8sgrade.locale.messages import LANGUAGES, spoken

Texts: TypeAlias = Mapping[str, str]
"""One text for each language."""


def kubeconfig_fault(label: str, where: object, **params: object) -> NoReturn:
    """A KubeconfigFault by the end of its label."""
    raise KubeconfigFault(spoken(f"fault-kubeconfig-{label}", where=where, **params))


def evidence_fault(label: str, place: Path, **params: object) -> NoReturn:
    """An EvidenceFault by the end of its label."""
    raise EvidenceFault(spoken(f"fault-evidence-{label}", place=repr(str(place)), **params))


def place_of(origin: str, context: str) -> Texts:
    """A kubeconfig with its context, for messages."""
    return spoken("fault-where", origin=origin, context=repr(context))


def part(label: str, **params: object) -> Texts:
    """What stands within another text."""
    return spoken(f"fault-{label}", **params)


def together(parts: Iterable[Texts]) -> Texts:
    """Several parts, one after the other."""
    listed = list(parts)
    return {language: "; ".join(one[language] for one in listed) for language in LANGUAGES}
