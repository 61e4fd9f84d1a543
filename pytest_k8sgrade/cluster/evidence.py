"""The evidence file: the exchanges of one view, as a zip that holds no secret.

`evidence.json` lists requests with status, headers and the digest of the body, or
with the reason why there was no answer; `bodies/` has each body once. What is
written was redacted when it was read (see `redaction`). Files are somebody else's
when they are read: sizes, names, digests and shapes are checked first, and every
fault is an `EvidenceFault`.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pytest_k8sgrade.cluster.documents import parse_json
from pytest_k8sgrade.cluster.evidence_format import FORMAT, UnknownFormatError, upgraded
from pytest_k8sgrade.cluster.exchange import Exchange, Response, kept_headers
from pytest_k8sgrade.cluster.faults import evidence_fault
from pytest_k8sgrade.kube.times import format_time, parse_time
from pytest_k8sgrade.outcome import CannotTell, Reason

INDEX: Final = "evidence.json"
MAX_FILE_BYTES: Final = 128 * 1024 * 1024
MAX_ENTRIES: Final = 20_000
MAX_ENTRY_BYTES: Final = 64 * 1024 * 1024
MAX_TOTAL_BYTES: Final = 512 * 1024 * 1024

MAX_DIRECTORY_BYTES: Final = 200 * MAX_ENTRIES

_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Other ways take memory by what the file says of itself."""
_BODY = re.compile(r"bodies/(?P<digest>[0-9a-f]{64})")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""No times in the zip: equal content gives equal bytes."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen. `now` is the cluster's time at that look; `run` is the caller's own JSON."""

    exchanges: tuple[Exchange, ...]
    now: datetime | None
    cluster: Mapping[str, str | None]
    run: Mapping[str, Any] = field(default_factory=dict)
    tool: Mapping[str, str] = field(default_factory=dict)


def pack(evidence: Evidence) -> bytes:
    """The evidence as a zip."""
    bodies: dict[str, bytes] = {}
    exchanges = [_told(exchange, bodies) for exchange in evidence.exchanges]
    index = {
        "k8sgrade_evidence": FORMAT,
        "tool": dict(evidence.tool),
        "cluster": dict(evidence.cluster),
        "now": format_time(evidence.now) if evidence.now else None,
        "run": dict(evidence.run),
        "exchanges": exchanges,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        add_entry(file, INDEX, json.dumps(index, ensure_ascii=False, indent=1, sort_keys=True).encode())
        for digest in sorted(bodies):
            add_entry(file, f"bodies/{digest}", bodies[digest])
    return buffer.getvalue()


def add_entry(file: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add an entry to a zip that is open for writing; equal content gives equal bytes."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    file.writestr(entry, content, compresslevel=6)


def _told(exchange: Exchange, bodies: dict[str, bytes]) -> dict[str, Any]:
    result = exchange.result
    if isinstance(result, CannotTell):
        told = {"reason": result.reason.id, "params": dict(result.reason.params)}
        return {"request": exchange.key, "error": told}
    digest = hashlib.sha256(result.content).hexdigest()
    bodies[digest] = result.content
    return {
        "request": exchange.key,
        "status": result.status,
        "headers": dict(result.headers),
        "body": digest,
    }


def unpack(path: str | Path) -> Evidence:
    """The evidence of a file; EvidenceFault when it is none, is damaged, or is too large."""
    place = Path(path).expanduser()
    content = _content(place)
    if _directory_bytes(content) > MAX_DIRECTORY_BYTES:
        evidence_fault("long-list", place)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            entries = _entries(file, place)
            index = parse_json(entries[INDEX])
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        evidence_fault("damaged", place, kind=type(error).__name__)
    except (ValueError, RecursionError):
        evidence_fault("no-json", place, entry=INDEX)
    try:
        return _evidence(upgraded(index), entries)
    except UnknownFormatError as error:
        evidence_fault("newer" if error.newer else "unknown-format", place, found=error.found, known=FORMAT)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        told = f"{type(error).__name__}: {_short(str(error))}"
        evidence_fault("not-as-recorded", place, entry=INDEX, told=told)


def _content(place: Path) -> bytes:
    try:
        with place.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        evidence_fault("unreadable", place, why=error.strerror)
    if len(content) > MAX_FILE_BYTES:
        evidence_fault("too-large", place, limit=MAX_FILE_BYTES)
    return content


def _directory_bytes(content: bytes) -> int:
    """How long the list of entries says it is: reading it costs ten times as much before any name is seen.

    The end is looked for as `zipfile` does. Files of more than 4 GiB have a second one, which counts.
    """
    end = len(content) - 22
    if content[end : end + 4] != b"PK\5\6" or content[-2:] != bytes(2):
        end = content.rfind(b"PK\5\6", max(0, end - 65536))
    if end < 0:
        return 0
    if content[max(0, end - 20) :].startswith(b"PK\6\7"):
        return MAX_FILE_BYTES
    return int.from_bytes(content[end + 12 : end + 16], "little")


def _entries(file: zipfile.ZipFile, place: Path) -> dict[str, bytes]:
    """All entries, unpacked under the limits, their digests verified."""
    infos = file.infolist()
    names = [info.filename for info in infos]
    if len(names) > MAX_ENTRIES or len(set(names)) != len(names):
        evidence_fault("many-entries", place, count=len(names), limit=MAX_ENTRIES)
    if INDEX not in names:
        evidence_fault("no-index", place, entry=INDEX)
    entries: dict[str, bytes] = {}
    left = MAX_TOTAL_BYTES
    for info in infos:
        if info.compress_type not in _PACKED:
            evidence_fault("packing", place, entry=_short(info.filename))
        match = _BODY.fullmatch(info.filename)
        if match is None and info.filename != INDEX:
            evidence_fault("foreign-entry", place, entry=_short(info.filename))
        with file.open(info) as entry:
            content = entry.read(min(MAX_ENTRY_BYTES, left) + 1)
        left -= len(content)
        if len(content) > MAX_ENTRY_BYTES or left < 0:
            evidence_fault("unpacks-large", place)
        if match is not None and hashlib.sha256(content).hexdigest() != match["digest"]:
            evidence_fault("changed", place, entry=info.filename)
        entries[info.filename] = content
    return entries


def _evidence(index: Mapping[str, Any], entries: Mapping[str, bytes]) -> Evidence:
    exchanges = tuple(_exchange(entry, entries) for entry in index["exchanges"])
    if len({exchange.key for exchange in exchanges}) != len(exchanges):
        raise ValueError("a request is recorded twice")
    return Evidence(
        exchanges=exchanges,
        now=_moment(index["now"]),
        cluster=_texts(index["cluster"]),
        run=dict(index["run"]),
        tool={key: value or "" for key, value in _texts(index["tool"]).items()},
    )


def _exchange(entry: Mapping[str, Any], entries: Mapping[str, bytes]) -> Exchange:
    key = entry["request"]
    if not isinstance(key, str) or not key.startswith(("GET /", "POST /")):
        raise ValueError("not a request")
    if "error" in entry:
        error = entry["error"]
        return Exchange(key, CannotTell(Reason(str(error["reason"]), dict(error["params"]))))
    status = entry["status"]
    if not isinstance(status, int) or not 100 <= status <= 599:
        raise ValueError("not a status")
    headers = {name: value or "" for name, value in _texts(entry["headers"]).items()}
    content = entries.get(f"bodies/{entry['body']}")
    if content is None:
        raise ValueError(f"the answer to {key} is missing")
    return Exchange(
        key, Response(status, kept_headers(headers), content, key.split(" ")[1].partition("?")[0])
    )


def _moment(told: str | None) -> datetime | None:
    found = parse_time(told)
    if found is None and told is not None:
        raise ValueError("not a time")
    return found


def _texts(mapping: Mapping[str, Any]) -> dict[str, str | None]:
    if any(not isinstance(key, str) or not isinstance(value, str | None) for key, value in mapping.items()):
        raise TypeError("not a mapping of texts")
    return dict(mapping)


def _short(value: object) -> str:
    return ascii(value)[:80]
