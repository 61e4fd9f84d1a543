"""Evidence files that a student might hand in, by the id of their row in `bad_inputs.yaml`."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.security.hostile import REFERENCE

Make = Callable[[Path], None]
"""Puts the hand-in at the path."""
MIB = 1024 * 1024
INDEX = "evidence.json"


def parts() -> dict[str, bytes]:
    """The entries of the good file."""
    with zipfile.ZipFile(REFERENCE) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(entries: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these entries; a name may be there twice."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as file:
        warnings.simplefilter("ignore")
        for name, content in entries:
            file.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def _written(content: bytes | Callable[[], bytes]) -> Make:
    return lambda place: _write(place, content() if callable(content) else content)


def _write(place: Path, content: bytes) -> None:
    place.write_bytes(content)


def _with(**entries: bytes) -> Make:
    named = {_NAMES[key]: value for key, value in entries.items()}
    return _written(lambda: packed({**parts(), **named}.items()))


def _index(change: Callable[[dict[str, Any]], Any]) -> Make:
    """The good file with its index changed; the change may give another index."""

    def make(place: Path) -> None:
        entries = parts()
        index = json.loads(entries[INDEX])
        other = change(index)
        entries[INDEX] = json.dumps(index if other is None else other).encode()
        _write(place, packed(entries.items()))

    return make


def _set(*keys: Any, to: Any) -> Make:
    def change(index: dict[str, Any]) -> None:
        part: Any = index
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = to

    return _index(change)


def _raw_index(content: bytes) -> Make:
    return _with(index=content)


def _body(content: bytes) -> tuple[str, bytes]:
    return f"bodies/{hashlib.sha256(content).hexdigest()}", content


def _forged(place: Path) -> None:
    entries = parts()
    name = next(name for name in entries if name != INDEX)
    _write(place, packed({**entries, name: b"{}"}.items()))


def _bomb(megabytes: int, entries: int = 1) -> Make:
    def make(place: Path) -> None:
        bodies = dict(_body(bytes([at]) * (megabytes * MIB)) for at in range(entries))
        _write(place, packed({**parts(), **bodies}.items()))

    return make


def _many(place: Path) -> None:
    _write(place, packed([(f"bodies/{at:064x}", b"") for at in range(25_000)], zipfile.ZIP_STORED))


def _directory_of(size: int, *, counted: bool = True) -> Make:
    """A file that is one list of entries of so many bytes, as its end says, or hides behind a count."""

    def make(place: Path) -> None:
        name = b"bodies/" + b"0" * 64
        entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, *[0] * 7, len(name), *[0] * 6) + name
        number = size // len(entry)
        counts = (number & 0xFFFF,) * 2 if counted else struct.unpack("<2H", b"PK\5\6")
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *counts, number * len(entry), 0, 0)
        _write(place, entry * number + end)

    return make


def _encrypted(place: Path) -> None:
    content = bytearray(packed(parts().items()))
    for mark, at in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        found = content.find(mark)
        while found >= 0:
            content[found + at] |= 1
            found = content.find(mark, found + 1)
    _write(place, bytes(content))


def _cut(place: Path) -> None:
    _write(place, REFERENCE.read_bytes()[:-100])


def _garbled(place: Path) -> None:
    content = bytearray(REFERENCE.read_bytes())
    content[100:200] = b"\xff" * 100
    _write(place, bytes(content))


def _lzma_garbled(place: Path) -> None:
    content = bytearray(packed(parts().items(), zipfile.ZIP_LZMA))
    content[60:400] = b"\xff" * 340
    _write(place, bytes(content))


def _link_entry(place: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in parts().items():
            file.writestr(name, content)
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    _write(place, buffer.getvalue())


def _first_request(change: Callable[[dict[str, Any]], None]) -> Make:
    return _index(lambda index: change(index["exchanges"][0]))


def _twice(index: dict[str, Any]) -> None:
    index["exchanges"].append(index["exchanges"][0])


def _huge(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(200 * MIB)


_NAMES = {"index": INDEX, "traversal": "../../evil.txt", "absolute": "/tmp/evil.txt", "beside": "conftest.py"}

EVIDENCE: Mapping[str, Make] = {
    "zip-traversal": _with(traversal=b"owned"),
    "zip-absolute": _with(absolute=b"owned"),
    "zip-link": _link_entry,
    "zip-conftest": _with(beside=b"raise SystemExit"),
    "zip-name-twice": _written(lambda: packed([*parts().items(), (INDEX, parts()[INDEX])])),
    "zip-digest-forged": _forged,
    "zip-encrypted": _encrypted,
    "zip-lzma": _written(lambda: packed(parts().items(), zipfile.ZIP_LZMA)),
    "zip-lzma-garbled": _lzma_garbled,
    "zip-bzip2": _written(lambda: packed(parts().items(), zipfile.ZIP_BZIP2)),
    "zip-bomb": _bomb(100),
    "zip-bomb-of-many": _bomb(60, 10),
    "zip-many-entries": _many,
    "zip-huge-directory": _directory_of(100 * MIB),
    "zip-hidden-directory": _directory_of(100 * MIB, counted=False),
    "zip-cut": _cut,
    "zip-garbled": _garbled,
    "zip-empty": _written(b""),
    "zip-none": _written(b"%PDF-1.7"),
    "zip-huge": _huge,
    "index-missing": _written(lambda: packed(one for one in parts().items() if one[0] != INDEX)),
    "index-not-json": _raw_index(b"{"),
    "index-deep": _raw_index(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "index-a-list": _raw_index(b"[]"),
    "index-nan": _set("run", "holds", to={"x": float("nan")}),
    "index-huge-number": _raw_index(b'{"k8sgrade_evidence": 1' + b"0" * 10_000 + b"}"),
    "format-unknown": _set("k8sgrade_evidence", to=99),
    "format-negative": _set("k8sgrade_evidence", to=-1),
    "format-true": _set("k8sgrade_evidence", to=True),
    "exchanges-not-a-list": _set("exchanges", to=7),
    "request-twice": _index(_twice),
    "request-delete": _first_request(lambda one: one.update(request="DELETE /api/v1/namespaces/default")),
    "request-elsewhere": _first_request(lambda one: one.update(request="GET https://other.example/")),
    "status-none": _first_request(lambda one: one.update(status=None)),
    "status-beyond": _first_request(lambda one: one.update(status=10**30)),
    "headers-not-text": _first_request(lambda one: one.update(headers={"date": 1})),
    "body-missing": _first_request(lambda one: one.update(body="0" * 64)),
    "body-elsewhere": _first_request(lambda one: one.update(body="../../../etc/passwd")),
    "clock-not-a-time": _set("now", to="<script>"),
    "clock-beyond": _set("now", to="9999-12-31T23:59:59Z"),
    "context-lone-surrogate": _set("cluster", "context", to="\ud800"),
    "context-10000-characters": _set("cluster", "context", to="x" * 10_000),
    "context-not-text": _set("cluster", "context", to=["x"]),
    "uid-with-html": _set("cluster", "uid", to="<img src=x onerror=alert(1)>"),
    "run-a-list": _set("run", to=[1]),
    "holds-not-numbers": _set("run", "holds", to={"x": "y"}),
    "set-of-10000-characters": _set("run", "set", to={"app_namespace": "x" * 10_000}),
    "set-that-does-not-fit": _set("run", "set", to={"app_namespace": "../.."}),
    "mark-invented": _set("run", "mark", to={"score": 10**9, "max_score": 1, "items": {}}),
    "outcome-invented": _set("run", "outcomes", to={"hpa.scaled_up {}": {"status": "met"}}),
    "evidence-a-link": lambda place: place.symlink_to(REFERENCE),
    "evidence-a-pipe": os.mkfifo,
    "evidence-a-folder": lambda place: place.mkdir(),
    "evidence-missing": lambda place: None,
}
