"""What evidence keeps of a Helm release: what was installed and set, and no secret of it.

The record is base64 of gzip of JSON. Kept are `info` without its notes, `config`, the
chart's metadata, lock file and default values, `manifest` and the hooks' manifests; Secret
documents lose their data, credentials are masked, templates and files are dropped.
Packed anew without a time, so that equal content gives equal bytes.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import zlib
from typing import Any, Final

from pytest_k8sgrade.cluster.documents import parse_json
from pytest_k8sgrade.cluster.masking import MASK, mask_document, mask_text
from pytest_k8sgrade.cluster.plain_yaml import dump_plain, load_plain

MAX_BYTES: Final = 64 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b\x08"
_KEPT: Final = ("name", "namespace", "version", "info", "config", "manifest", "hooks", "chart", "labels")
_CHART_KEPT: Final = ("metadata", "lock", "values")
_SEPARATOR = re.compile(r"(?m)^(?=---(?:\s|$))")
_SECRET_KIND = re.compile(r"""["']?kind["']?\s*:\s*["']?Secret["']?(?![\w-])""")


def redact_record(stored: bytes) -> bytes:
    """The release as Helm stores it, redacted; the mask when it cannot be read."""
    try:
        packed = base64.b64decode(stored, validate=True)
        record = parse_json(_unpacked(packed))
        kept = json.dumps(_kept(record), ensure_ascii=False, separators=(",", ":")).encode()
    except (binascii.Error, zlib.error, ValueError, RecursionError, AttributeError, TypeError):
        return MASK.encode()
    return base64.b64encode(gzip.compress(kept, compresslevel=6, mtime=0))


def _unpacked(packed: bytes) -> bytes:
    if not packed.startswith(_GZIP):
        return packed
    unpacker = zlib.decompressobj(wbits=31)
    text = unpacker.decompress(packed, MAX_BYTES)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("too large or damaged")
    return text


def _kept(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise TypeError("not an object")
    kept = {key: record[key] for key in _KEPT if key in record}
    if isinstance(kept.get("chart"), dict):
        kept["chart"] = {key: kept["chart"][key] for key in _CHART_KEPT if key in kept["chart"]}
    if isinstance(kept.get("info"), dict):
        kept["info"].pop("notes", None)
    if isinstance(kept.get("manifest"), str):
        kept["manifest"] = redact_manifest(kept["manifest"])
    for hook in kept.get("hooks") or []:
        if isinstance(hook.get("manifest"), str):
            hook["manifest"] = redact_manifest(hook["manifest"])
    manifest = kept.pop("manifest", None)
    hooks = kept.pop("hooks", None)
    mask_document(kept)
    return kept | {
        key: value for key, value in (("manifest", manifest), ("hooks", hooks)) if value is not None
    }


def redact_manifest(manifest: str) -> str:
    """Rendered YAML documents: Secrets without their data, other credentials masked."""
    return "".join(_redact_document(document) for document in _SEPARATOR.split(manifest))


def _redact_document(text: str) -> str:
    return _without_secrets(text) if _SECRET_KIND.search(text) else mask_text(text)


def _without_secrets(text: str) -> str:
    source = "\n".join(line for line in text.splitlines()[:3] if line.startswith(("---", "# Source:")))
    try:
        document = load_plain(text.removeprefix("---"))
    except ValueError:
        return f"{source}\n# {MASK}\n"
    _strip(document)
    return f"{source}\n{dump_plain(mask_document(document))}"


def _strip(document: Any) -> None:
    if isinstance(document, list):
        for entry in document:
            _strip(entry)
    elif isinstance(document, dict):
        if document.get("kind") == "Secret":
            for part in ("data", "stringData"):
                if isinstance(document.get(part), dict):
                    document[part] = {key: MASK if value else "" for key, value in document[part].items()}
        for value in document.values():
            _strip(value)
