"""Label selectors and owner references, as Kubernetes reads them.

An empty LabelSelector matches everything and a missing one nothing; where an API
means something else by it (a Service without selector), its caller says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str] | None) -> bool:
    """Whether a LabelSelector (matchLabels and matchExpressions) matches these labels."""
    if selector is None:
        return False
    have = labels or {}
    if any(have.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_satisfied(expression, have) for expression in selector.get("matchExpressions") or [])


def _satisfied(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    values = expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case other:
            raise ValueError(f"not an operator of a label selector: {other!r}")


def selects(selector: Mapping[str, str] | None, labels: Mapping[str, str] | None) -> bool:
    """Whether a plain map of labels, as a Service has it, selects these labels; an empty one does not."""
    have = labels or {}
    return bool(selector) and all(have.get(key) == value for key, value in (selector or {}).items())


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """The LabelSelector as the `labelSelector` parameter wants it; empty when it matches everything."""
    return ",".join(_terms(selector or {}))


def _terms(selector: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items()))
    for expression in selector.get("matchExpressions") or []:
        key, values = expression["key"], ",".join(sorted(expression.get("values") or []))
        match expression["operator"]:
            case "In":
                yield f"{key} in ({values})"
            case "NotIn":
                yield f"{key} notin ({values})"
            case "Exists":
                yield key
            case "DoesNotExist":
                yield f"!{key}"
            case other:
                raise ValueError(f"not an operator of a label selector: {other!r}")


def controller(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The owner reference of the object's controller, None when nobody controls it."""
    owners = item.get("metadata", {}).get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)


def is_owned_by(item: Mapping[str, Any], owner: Mapping[str, Any]) -> bool:
    """Whether the object has an owner reference to exactly that object, by its UID."""
    uid = owner.get("metadata", {}).get("uid")
    owners = item.get("metadata", {}).get("ownerReferences") or []
    return bool(uid) and any(reference.get("uid") == uid for reference in owners)
