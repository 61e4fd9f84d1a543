"""A YAML text as plain data, with the line of every value.

Safe for a file of anybody: size, depth and expanded size are limited, tags are
refused, keys are unique. Scalars are read as YAML 1.2 has them, so that `no`, `on`
and `1:30` stay the texts they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from pytest_k8sgrade.rubric.faults import Faults, quoted

Path: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 24
MAX_NODES = 50_000
"""Values after all aliases are written out: a small file must not unfold into a huge one."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")


@dataclass(slots=True)
class Document:
    """Plain data and, by the path to each value, the line where it stands."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)

    def path(self, loc: Path) -> Path:
        """The part of a validator's location that is in the file."""
        path: Path = ()
        for part in loc:
            if (*path, part) in self.lines:
                path = (*path, part)
        return path

    def line(self, loc: Path) -> int:
        """The line of a value, or of what should have held it."""
        return self.lines.get(self.path(loc), 1)


def decode(content: bytes, faults: Faults, max_bytes: int = MAX_BYTES) -> str | None:
    """The text of a file, or None after noting why it is none."""
    if len(content) > max_bytes:
        faults.add(1, f"the file has {len(content)} bytes; it may have at most {max_bytes}")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        faults.add(line, f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8")
        return None


def read_document(text: str, faults: Faults, max_nodes: int = MAX_NODES) -> Document:
    """The data of a text; faults of its form are noted."""
    document = Document()
    try:
        if not _well_formed(text, faults):
            return document
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        faults.add(_line(error.problem_mark or error.context_mark), f"not YAML: {error.problem}")
        return document
    except yaml.YAMLError as error:
        faults.add(1, f"not YAML: {str(error).splitlines()[0]}")
        return document
    if root is None:
        faults.add(1, "the file is empty")
        return document
    try:
        document.data = _Composer(document, faults, max_nodes).value(root, ())
        if document.data is None:
            faults.add(1, "the file is empty")
    except _TooMuchError as limit:
        faults.add(_line(limit.mark), str(limit))
        document.data = None
    return document


class _TooMuchError(Exception):
    def __init__(self, message: str, mark: Any) -> None:
        super().__init__(message)
        self.mark = mark


class _Composer:
    """Nodes to plain values, counting what they unfold to."""

    def __init__(self, document: Document, faults: Faults, max_nodes: int) -> None:
        self._document = document
        self._faults = faults
        self._max_nodes = max_nodes
        self._nodes = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > self._max_nodes or len(path) > MAX_DEPTH:
            raise _TooMuchError("too large once all aliases are written out", node.start_mark)
        self._document.lines.setdefault(path, _line(node.start_mark))
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(part, (*path, index)) for index, part in enumerate(node.value)]
        return self._scalar(node)

    def _pairs(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = _line(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                self._faults.add(line, "a key is a text, not a list or a mapping")
                continue
            name = str(key.value)
            if name in seen:
                self._faults.add(line, f"the key {quoted(name)} is already given in line {seen[name]}")
                continue
            seen[name] = line
            self._document.lines[(*path, name)] = line
            yield name, self.value(value, (*path, name))

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        if getattr(node, "style", None):
            return text
        if _LEADING_ZERO.fullmatch(text):
            return text
        return _plain(text)


def _plain(text: str) -> Any:
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _well_formed(text: str, faults: Faults) -> bool:
    """Whether the text may be composed: recursion there follows the depth of the file."""
    depth = 0
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = _line(event.start_mark)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            faults.add(line, "a second document; the file holds one")
            return False
        tag = getattr(event, "tag", None)
        if tag is not None:
            faults.add(line, f"the tag {quoted(tag)} is not allowed; write the plain value")
            return False
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            faults.add(line, f"nested deeper than {MAX_DEPTH} levels")
            return False
    return True


def _line(mark: Any) -> int:
    return mark.line + 1 if mark is not None else 1
