"""Where a missing object may be instead: in another namespace, or under a name that is nearly right.

Called by the facade when an object that a check asks for is not there. The answer only
explains: the object stays missing, and where nothing can be read it is just that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final, NoReturn, TypeAlias

from pytest_k8sgrade.cluster.exchange import Response
from pytest_k8sgrade.cluster.resources import Resource
from pytest_k8sgrade.outcome import CannotTell, absent

Read: TypeAlias = Callable[[str, Mapping[str, str]], Response]

PAGE: Final = "500"
MANY: Final = frozenset({"Event", "Pod", "Secret"})
"""Kinds of which there are too many, or which are nobody's business, to look through their names."""
_ALIKE: Final = 0.8
_NUMBERS: Final = re.compile("[0-9]+")


def explain_missing(read: Read, resource: Resource, name: str, namespace: str | None) -> NoReturn:
    """Absent: object-elsewhere, object-named-otherwise, or object-absent when nothing is like it."""
    params = {"kind": resource.kind, "name": name, "namespace": namespace}
    if namespace is not None and resource.kind not in MANY:
        elsewhere = sorted(
            metadata["namespace"]
            for metadata in _listed(read, resource.path(), {"fieldSelector": f"metadata.name={name}"})
            if metadata.get("name") == name and metadata.get("namespace") not in (None, namespace)
        )
        if elsewhere:
            absent("object-elsewhere", seen=elsewhere, wanted=namespace, found=elsewhere, **params)
    if resource.kind not in MANY:
        alike = _alike(name, _listed(read, resource.path(namespace), {}))
        if alike:
            absent("object-named-otherwise", seen=alike, wanted=name, found=alike, **params)
    absent("object-absent", **params)


def _listed(read: Read, path: str, selected: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """The metadata of what a list holds; empty when it cannot be had."""
    try:
        response = read(path, {"limit": PAGE, **selected})
        document = response.json() if response.status == 200 else None
    except CannotTell:
        return []
    items = document.get("items") if isinstance(document, dict) else None
    return [item.get("metadata") or {} for item in items or []]


def _alike(name: str, listed: list[Mapping[str, Any]]) -> list[str]:
    names = sorted({str(metadata["name"]) for metadata in listed if "name" in metadata})
    containing = [one for one in names if name in one or one in name]
    return containing[:3] or sorted(get_close_matches(name, _unnumbered(name, names), 3, _ALIKE))


def _unnumbered(name: str, names: list[str]) -> list[str]:
    """Without the brothers: what is counted through has names that differ in a number."""
    own = _NUMBERS.findall(name)
    return [one for one in names if not own or _NUMBERS.findall(one) in ([], own)]
