"""What the rules look at: a valid rubric, where its parts stand in the file, its checks and texts.

`lint.run` makes one for each rubric; the rules only read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pytest_k8sgrade.lint.findings import Finding
from pytest_k8sgrade.locale.messages import Catalogue, Language
from pytest_k8sgrade.outcome import JsonValue
from pytest_k8sgrade.rubric.document import Document, Path
from pytest_k8sgrade.rubric.model import Item, Rubric
from pytest_k8sgrade.rubric.packs import Pack
from pytest_k8sgrade.rubric.signature import Check


@dataclass(frozen=True)
class Subject:
    """A rubric that is well formed. `faulty` are the items of which the loader tells a fault."""

    pack: Pack
    document: Document
    rubric: Rubric
    checks: Mapping[str, Check]
    catalogues: Mapping[Language, Catalogue]
    faulty: frozenset[str] = frozenset()

    @cached_property
    def paths(self) -> Mapping[str, Path]:
        """Where each item stands in the document."""
        return {
            item.id: ("groups", group_at, "items", item_at)
            for group_at, group in enumerate(self.rubric.groups)
            for item_at, item in enumerate(group.items)
        }

    @property
    def graded(self) -> Iterator[tuple[Item, Check]]:
        """The items that a run looks at, each with its check; faulty ones are left out."""
        for item in self.rubric.items:
            check = self.checks.get(item.check)
            if check and item.id not in self.faulty and item.waived is None and item.active is None:
                yield item, check

    def in_item(self, rule: str, item: Item, *keys: str | int, **params: JsonValue) -> Finding:
        """A finding at a key of an item."""
        line = self.document.line((*self.paths[item.id], *keys))
        return Finding(rule, line, item.id, params)

    def in_file(self, rule: str, *keys: str | int, **params: JsonValue) -> Finding:
        """A finding at a key of the whole file."""
        return Finding(rule, self.document.line(keys), None, params)


def item_at(document: Document, line: int) -> str | None:
    """The id of the item that a line of the file belongs to."""
    for path, value in _items(document.data):
        lines = [at for key, at in document.lines.items() if key[: len(path)] == path]
        if lines and min(lines) <= line <= max(lines) and isinstance(value, dict):
            return str(value["id"]) if isinstance(value.get("id"), str) else None
    return None


def _items(data: object) -> Iterator[tuple[Path, object]]:
    groups = data.get("groups") if isinstance(data, dict) else None
    for group_at, group in enumerate(groups if isinstance(groups, list) else ()):
        items = group.get("items") if isinstance(group, dict) else None
        for item_index, item in enumerate(items if isinstance(items, list) else ()):
            yield ("groups", group_at, "items", item_index), item
