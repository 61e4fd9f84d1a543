"""Which names speak of credentials, and how a value under such a name is masked.

Used on parsed documents, on YAML text inside of them, and on Helm's manifests. The
names are matched at their end (`adminPassword`, `slack_api_url`, `DB_TOKEN`), so that
`secretName` or `passwordKey`, which only point to a secret, stay readable. Labels,
selectors and expressions are never touched: they are compared.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from pytest_k8sgrade.cluster.plain_yaml import dump_plain, load_plain

MASK: Final = "<redacted>"

_WORDS = (
    r"(?:pass(?:wor)?d|passwd|passphrase|token|credentials?|(?:api|private|access|secret|service|routing|signing"
    r"|encryption|license|integration)[-_]?key|access[-_]?key[-_]?id|(?:client|auth|app|shared)[-_]?secret"
    r"|webhook[-_]?url|api[-_]?url)"
)
"""Not `secret` alone: in Kubernetes a field that ends so (`configSecret`) holds a name."""
_NAME = re.compile(rf"(?i).*{_WORDS}(?:[-_]?data)?|secret|[a-z0-9_]+_secret")
_HINT = re.compile(rf"(?i){_WORDS}|secret")
_KEY = rf"(?:[\"'][\w.\-/]*|[\w./][\w.\-/]*)?{_WORDS}[\"']?[ \t]*[:=]"
_LINE = re.compile(rf"(?im)^(?P<key>[\t -]*{_KEY}[ \t]*)(?P<value>[^\s#{{\[|>&*].*)$")
_PAIR = re.compile(
    rf"(?im)^(?P<key>[\t -]*name:[ \t]*[\"']?(?=[\w.\-]*(?:{_WORDS}|secret))[\w.\-]+[\"']?[ \t]*\n"
    r"[ \t]*value:[ \t]*)(?P<value>\S.*)$"
)
"""Neither may try the same characters in two ways: text of a cluster can be made for that."""
_ADDRESS = re.compile(r"(?P<scheme>https?://)(?:[^/@\s]*@)?(?P<host>[\w.\-]+(?::\d+)?)(?=[/?#]|$)")
_UNTOUCHED: Final = frozenset(
    {"labels", "matchLabels", "selector", "nodeSelector", "metric", "ownerReferences"}
)
_PROSE: Final = frozenset({"expr", "query", "message", "description", "summary"})
_HIDDEN: Final = frozenset({MASK, "<secret>"})
"""Ours, and what Prometheus and Alertmanager write instead of a value."""
_BARE = frozenset({"true", "false", "null", "~", '""', "''"})


@lru_cache(maxsize=8192)
def speaks_of_credential(name: str) -> bool:
    """Whether a value under this name has to be masked."""
    return _NAME.fullmatch(name) is not None


def mask(value: str) -> str:
    """The masked value: nothing stays nothing, and a web address keeps its scheme and host."""
    if not value or value in _HIDDEN:
        return value
    address = _ADDRESS.match(value)
    return f"{address['scheme']}{address['host']}/{MASK}" if address else MASK


def mask_document(document: Any) -> Any:
    """The parsed document with values of credentials masked, in place."""
    todo = [document]
    while todo:
        current = todo.pop()
        if isinstance(current, dict):
            todo += _mask_mapping(current)
        elif isinstance(current, list):
            todo += [entry for entry in current if isinstance(entry, (dict, list))]
    return document


def _mask_mapping(mapping: dict[str, Any]) -> list[Any]:
    """Mask the mapping's own values; gives the parts that have to be looked at next."""
    name = mapping.get("name")
    named = isinstance(name, str) and isinstance(mapping.get("value"), str) and _HINT.search(name)
    if named:
        mapping["value"] = mask(mapping["value"])
    deeper = []
    for key, value in mapping.items():
        if isinstance(value, (dict, list)):
            if key not in _UNTOUCHED:
                deeper.append(value)
        elif isinstance(value, str) and value:
            if speaks_of_credential(key):
                mapping[key] = mask(value)
            elif "\n" in value and key not in _PROSE and _HINT.search(value):
                mapping[key] = mask_text(value)
    return deeper


def mask_text(text: str) -> str:
    """Text of configuration with the values of credentials masked, line by line."""
    return _LINE.sub(_masked_line, _PAIR.sub(_masked_line, text))


def _masked_line(match: re.Match[str]) -> str:
    value = match["value"].strip()
    if value in _BARE or value.strip("\"'") in _HIDDEN:
        return match[0]
    return f'{match["key"]}"{mask(value.strip(chr(34) + chr(39)))}"'


def mask_yaml(content: bytes) -> bytes:
    """A YAML configuration with its credentials masked; all of it when it cannot be read."""
    try:
        document = load_plain(content)
    except ValueError:
        return MASK.encode()
    return dump_plain(mask_document(document)).encode() if isinstance(document, dict) else MASK.encode()


def without_user(content: bytes) -> bytes:
    """A short value as it is, but an address without the user and password in it."""
    text = content.decode("utf-8", errors="replace")
    if "@" not in text or "://" not in text:
        return content
    parts = urlsplit(text)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().encode()
