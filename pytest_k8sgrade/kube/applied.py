"""Whether an object of the cluster carries what a manifest asks for.

What the API server and admission add is no difference: each field of the manifest has to be there
with its value, lists of named things are compared by name, quantities by value. Fields that the API
leaves out because they are empty or zero count as there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pytest_k8sgrade.kube.quantity import parse_quantity

_NAMED_BY: Final = ("name", "mountPath", "containerPort", "devicePath", "port", "key")
"""What tells the entries of a list apart, the first that all of them have."""

_LEFT_OUT: Final = frozenset(
    {
        "hostIPC",
        "hostNetwork",
        "hostPID",
        "hostPort",
        "initialDelaySeconds",
        "minReadySeconds",
        "paused",
        "readOnly",
        "stdin",
        "stdinOnce",
        "tty",
    }
)
"""Fields that are not shown when they are false or 0; of others, false is not the same as nothing."""

_MEANT: Final = frozenset({"emptyDir"})
"""Mappings that say something even if they are empty."""

_AMOUNTS: Final = frozenset({"divisor", "limits", "requests", "sizeLimit"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a manifest that an object does not carry."""

    field: str
    asked: Any
    found: Any


def differences(asked: Any, has: Any, path: str, *, unknown: Sequence[str] = ()) -> Iterator[Difference]:
    """What of `asked` is not in `has`; values that are `unknown` on either side prove nothing."""
    if _is_unknown(asked, unknown) or _is_unknown(has, unknown) or _asks_nothing(path, asked):
        return
    if isinstance(asked, Mapping) and (isinstance(has, Mapping) or has is None):
        yield from _of_mapping(asked, has, path, unknown)
    elif isinstance(asked, list) and isinstance(has, list):
        yield from _of_list(asked, has, path, unknown)
    elif not _same(path, asked, has):
        yield Difference(path, asked, has)


def _of_mapping(
    asked: Mapping[str, Any], has: Mapping[str, Any] | None, path: str, unknown: Sequence[str]
) -> Iterator[Difference]:
    if has is None and not asked:
        yield Difference(path, {}, None)
    for key, value in asked.items():
        yield from differences(value, (has or {}).get(key), f"{path}.{key}", unknown=unknown)


def _of_list(asked: list[Any], has: list[Any], path: str, unknown: Sequence[str]) -> Iterator[Difference]:
    key = next((name for name in _NAMED_BY if _all_have(name, asked) and _all_have(name, has)), None)
    if key is not None:
        for entry in asked:
            place = f"{path}[{entry[key]}]"
            same = [other for other in has if other[key] == entry[key]]
            if same:  # a name may come more than once, as a port does for TCP and UDP
                yield from min(
                    (list(differences(entry, one, place, unknown=unknown)) for one in same), key=len
                )
            else:
                yield Difference(place, entry[key], sorted({str(other[key]) for other in has}))
    elif all(isinstance(entry, Mapping) for entry in asked):
        for entry in asked:
            if all(any(differences(entry, other, path, unknown=unknown)) for other in has):
                yield Difference(path, entry, None)
    elif asked != has and not any(_is_unknown(entry, unknown) for entry in [*asked, *has]):
        yield Difference(path, asked, has)


def _all_have(key: str, entries: list[Any]) -> bool:
    return all(isinstance(entry, Mapping) and isinstance(entry.get(key), (str, int)) for entry in entries)


def _is_unknown(value: Any, unknown: Sequence[str]) -> bool:
    # What looks like a day is one to our reader of YAML, and a text to the API server's.
    return isinstance(value, date) or (isinstance(value, str) and any(word in value for word in unknown))


def _asks_nothing(path: str, asked: Any) -> bool:
    key = path.rpartition(".")[2]
    if asked is None or asked in ("", []) or (asked == {} and key not in _MEANT):
        return True
    return key in _LEFT_OUT and not asked


def _same(path: str, asked: Any, has: Any) -> bool:
    if asked == has:
        return True
    if has is None or not _AMOUNTS & set(path.split(".")):
        return False
    try:
        return parse_quantity(asked) == parse_quantity(has)
    except ValueError:
        return False
