"""A YAML roster: `students`, a list of mappings with the words of a CSV's columns, and `defaults` for all.

Beside the columns a student may have `allow`, a list, and a kubeconfig that is written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pytest_k8sgrade.batch.roster.columns import HAND_IN, columns_of, ignored
from pytest_k8sgrade.batch.roster.rows import Cell, Row
from pytest_k8sgrade.cluster.plain_yaml import dump_plain
from pytest_k8sgrade.rubric.document import MAX_NODES, Document, Path, decode, read_document
from pytest_k8sgrade.rubric.faults import Faults, quoted
from pytest_k8sgrade.rubric.suggest import choices

_KEYS: Final = ("defaults", "students")
_EXAMPLE: Final = "students: [{student: s001, evidence: s001.zip}]"


def read_yaml(content: bytes, faults: Faults, *, max_bytes: int) -> list[Row]:
    """The rows of a file; what is wrong with it is noted."""
    text = decode(content, faults, max_bytes)
    document = _document(text, faults) if text is not None else Document()
    data = document.data
    if data is None:
        return []
    if not isinstance(data, dict) or not isinstance(data.get("students"), list):
        faults.add(1, f"the list 'students' is missing: {_EXAMPLE}")
        return []
    for key in data.keys() - set(_KEYS):
        if not ignored(key):
            faults.add(document.line((key,)), f"unknown key {quoted(key)}; {choices(key, _KEYS, 'keys')}")
    defaults = _defaults(data.get("defaults"), document, faults)
    return list(_students(data["students"], defaults, document, faults))


def _document(text: str, faults: Faults) -> Document:
    """Aliases may not make more of a text than it has characters."""
    return read_document(text, faults, max(MAX_NODES, len(text)))


def _defaults(data: Any, document: Document, faults: Faults) -> Row:
    row = _row(data, ("defaults",), document, faults) if data is not None else Row(1, {})
    if "student" in row.cells:
        faults.add(row.line, "'student' is no default")
    return row


def _students(students: Iterable[Any], defaults: Row, document: Document, faults: Faults) -> Iterator[Row]:
    for index, data in enumerate(students):
        row = _row(data, ("students", index), document, faults)
        if isinstance(data, dict):
            yield Row(row.line, _completed(row.cells, defaults.cells), row.allow | defaults.allow)


def _completed(own: Mapping[str, Cell], defaults: Mapping[str, Cell]) -> dict[str, Cell]:
    """A student's cells with the defaults that fit: one hand-in, and a context only for a kubeconfig."""
    given = own.keys() & set(HAND_IN)
    cells = {key: cell for key, cell in defaults.items() if not (given and key in HAND_IN)} | dict(own)
    if "kubeconfig" not in cells and "context" not in own:
        cells.pop("context", None)
    return cells


def _row(data: Any, path: Path, document: Document, faults: Faults) -> Row:
    line = document.line(path)
    if not isinstance(data, dict):
        faults.add(line, f"expected a mapping such as {_EXAMPLE.partition('[')[2][:-1]}, not {quoted(data)}")
        return Row(line, {})
    keys = [key for key in data if key != "allow"]
    columns = columns_of(((key, document.line((*path, key))) for key in keys), faults, "key")
    cells = {}
    for key, column in zip(keys, columns, strict=True):
        place = document.line((*path, key))
        if column and data[key] is not None:
            text = _text(column, data[key], place, faults)
            if text.strip():
                cells[column] = Cell(text.strip(), place)
    return Row(line, cells, _allow(data.get("allow"), document.line((*path, "allow")), faults))


def _text(column: str, value: Any, line: int, faults: Faults) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if column == "kubeconfig" and isinstance(value, dict):
        return dump_plain(value)
    faults.add(line, f"{column}: expected a text, not {quoted(value)}; put it in quotation marks")
    return ""


def _allow(value: Any, line: int, faults: Faults) -> frozenset[str]:
    if value is None:
        return frozenset()
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return frozenset(value)
    faults.add(line, f"allow: expected a list such as [loopback], not {quoted(value)}")
    return frozenset()
