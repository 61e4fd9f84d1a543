"""A rubric file from its bytes to a checked rubric, with every fault told at once.

`run` calls `load_rubric` with a pack from `rubric.packs`. What one object alone can
know is in `rubric.model`; what needs the whole file or the checks is in
`rubric.consistency`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pytest_k8sgrade.rubric.consistency import Entry, check_consistency
from pytest_k8sgrade.rubric.document import Document, Path, decode, read_document
from pytest_k8sgrade.rubric.faults import Faults
from pytest_k8sgrade.rubric.model import Item, Rubric
from pytest_k8sgrade.rubric.packs import Pack
from pytest_k8sgrade.rubric.signature import Check, Checks
from pytest_k8sgrade.rubric.validation import parse, validate

_STAND_INS = {"id": "unnamed", "check": "unnamed.unnamed", "points": 0, "level": "exists"}
"""Values for required keys of a faulty item, so that its other keys can be judged."""


@dataclass(frozen=True, slots=True)
class LoadedRubric:
    """A rubric with the checks that its items name, by that name."""

    rubric: Rubric
    checks: Mapping[str, Check]
    digest: str
    pack: Pack


@dataclass(frozen=True, slots=True)
class Examined:
    """A file with its faults; `rubric` is None when they keep it from being one. For lint."""

    document: Document
    rubric: Rubric | None
    checks: dict[str, Check]
    faults: Faults


def load_rubric(pack: Pack) -> LoadedRubric:
    """The rubric of a pack; raises `RubricFault` with all its faults."""
    if pack.checks is not None and pack.checks.is_dir():
        rubric, checks = parse_rubric(pack.read(), pack.source, Checks(pack.checks))
    else:
        rubric, checks = _bundled_only(pack.read(), pack.source)
    return LoadedRubric(rubric=rubric, checks=checks, digest=digest_of(rubric), pack=pack)


def parse_rubric(content: bytes, source: str, checks: Checks) -> tuple[Rubric, dict[str, Check]]:
    """A rubric and its checks from a file's bytes; `source` is how messages name the file."""
    examined = examine(content, source, checks)
    examined.faults.raise_any()
    assert examined.rubric is not None
    return examined.rubric, examined.checks


def examine(content: bytes, source: str, checks: Checks) -> Examined:
    """A file as far as it can be understood, with all its faults."""
    faults = Faults(source)
    text = decode(content, faults)
    document = read_document(text, faults) if text is not None else Document()
    if document.data is None:
        return Examined(document, None, {}, faults)
    rubric = validate(Rubric, document.data, document, faults)
    found = check_consistency(document, _entries(document.data), rubric, checks, faults)
    return Examined(document, rubric, found, faults)


@functools.lru_cache(maxsize=16)
def _bundled_only(content: bytes, source: str) -> tuple[Rubric, dict[str, Check]]:
    """Parsed once however many clusters it grades: nothing but the file decides what comes out."""
    return parse_rubric(content, source, Checks())


def digest_of(rubric: Rubric) -> str:
    """The digest of what a rubric grades: layout, comments and spelled-out defaults do not matter.

    Nor does the policy: it is applied to grades that are there, and may be settled after them.
    """
    content = rubric.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"policy"})
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _entries(data: Any) -> list[Entry]:
    """Every item of the file, also those of a faulty rubric, so that all faults can be told."""
    groups = data.get("groups") if isinstance(data, dict) else None
    return [
        _entry(item, ("groups", group_index, "items", index))
        for group_index, group in enumerate(_list(groups))
        if isinstance(group, dict)
        for index, item in enumerate(_list(group.get("items")))
    ]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _entry(data: Any, path: Path) -> Entry:
    given = data if isinstance(data, dict) else {}
    item_id = given.get("id")
    item, faulty = _well_formed(given)
    return Entry(path=path, id=item_id if isinstance(item_id, str) else None, item=item, faulty=faulty)


def _well_formed(data: dict[str, Any]) -> tuple[Item, frozenset[str]]:
    """The item without its faulty keys, and these; the faults are told by the validation of the whole."""
    try:
        return parse(Item, data), frozenset()
    except ValidationError as error:
        locations = [detail["loc"] or ("bonus",) for detail in error.errors()]
        faulty = frozenset(str(location[0]) for location in locations)
    rest = {key: value for key, value in data.items() if key not in faulty}
    return parse(Item, {**_STAND_INS, **rest}), faulty
