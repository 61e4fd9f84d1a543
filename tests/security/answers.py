"""What a student's API server might answer, by the id of its row in `bad_inputs.yaml`.

Each is an act of the hostile server on all requests, or on those that the second part names.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from tests.e2e.fault_kinds import ACTS, MIB, Act, Answer, Client

Choose = Callable[[str], bool]
JSON = (("Content-Type", "application/json"), ("Audit-Id", "hostile"))
DEEP = 100_000


def everything(_path: str) -> bool:
    """All requests."""
    return True


def one_kind(path: str) -> bool:
    """Requests of one kind: what takes its time need not take it often."""
    return path.startswith("/apis/autoscaling/")


def _says(body: bytes, status: int = 200, *headers: tuple[str, str]) -> Act:
    return lambda client: client.answer(Answer(status, (*JSON, *headers), body))


def _to(place: str, status: int = 302) -> Act:
    return _says(b"", status, ("Location", place))


def _rewritten(change: Callable[[Any], Any]) -> Act:
    """The good answer with its JSON changed; what is no JSON stays."""

    def act(client: Client) -> None:
        found = client.upstream()
        try:
            body = json.dumps(change(json.loads(found.body))).encode()
        except ValueError:
            body = found.body
        client.answer(Answer(found.status, found.headers, body))

    return act


def _replaced(old: bytes, new: bytes) -> Act:
    def act(client: Client) -> None:
        found = client.upstream()
        client.answer(Answer(found.status, found.headers, found.body.replace(old, new)))

    return act


def _endless(client: Client) -> None:
    client.begin(200, JSON, -1)
    client.send(b'{"items": [')
    while True:
        client.send(b'"' + b"x" * MIB + b'",')


def _raw(data: bytes, times: int = 1) -> Act:
    def act(client: Client) -> None:
        for _ in range(times):
            client.send(data)
        client.hang_up()

    return act


def _bomb_of(layers: int) -> Act:
    body = b"[" * (8 * MIB)
    for _ in range(layers):
        body = gzip.compress(body)
    return _says(body, 200, ("Content-Encoding", "gzip"))


def _every(leaf: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A change of all values of a document that are neither lists nor mappings."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: change(part) for key, part in value.items()}
        return [change(part) for part in value] if isinstance(value, list) else leaf(value)

    return change


def _helm(record: bytes) -> Act:
    """Secrets that are releases of Helm with this record."""
    packed = base64.b64encode(base64.b64encode(record)).decode()
    labels = {"owner": "helm", "name": "prometheus", "status": "deployed", "version": "1"}
    item = {
        "metadata": {"name": "sh.helm.release.v1.prometheus.v1", "namespace": "monitoring", "labels": labels}
    }
    secret = {**item, "type": "helm.sh/release.v1", "data": {"release": packed}}
    return _says(json.dumps({"kind": "SecretList", "items": [secret] * 3}).encode())


def _alertmanager(text: str) -> Act:
    """Secrets whose Alertmanager configuration is this text."""
    data = {"alertmanager.yaml": base64.b64encode(text.encode()).decode()}

    def change(document: Any) -> Any:
        for item in document.get("items") or [document]:
            if "alertmanager" in str((item.get("metadata") or {}).get("name")):
                item["data"] = data
        return document

    return _rewritten(change)


def secrets(path: str) -> bool:
    """Requests for Secrets."""
    return "/secrets" in path


def no_secrets(path: str) -> bool:
    """All other requests."""
    return not secrets(path)


def _metadata(change: Callable[[dict[str, Any]], None]) -> Act:
    def all_of(document: Any) -> Any:
        items = document.get("items") if isinstance(document, dict) else None
        for item in items or []:
            if isinstance(item.get("metadata"), dict):
                change(item["metadata"])
        return document

    return _rewritten(all_of)


def _bytes_of(number: str) -> Act:
    """Every number of the good answer is this one."""

    def act(client: Client) -> None:
        found = client.upstream()
        marked = _every(lambda leaf: "@N@" if type(leaf) is int else leaf)
        try:
            body = json.dumps(marked(json.loads(found.body))).replace('"@N@"', number).encode()
        except ValueError:
            body = found.body
        client.answer(Answer(found.status, found.headers, body))

    return act


_BACKTRACK = "route: {receiver: 'null', routes: [{matchers: ['severity=~\"(a*)*b\"'], receiver: x}]}"
_HUGE_HEADER = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"

ANSWERS: Mapping[str, tuple[Act, Choose]] = {
    "redirect": (_to("https://other.example/"), everything),
    "redirect-to-metadata": (_to("http://169.254.169.254/latest/meta-data/", 307), everything),
    "redirect-to-file": (_to("file:///etc/passwd", 301), everything),
    "redirect-of-services": (_to("https://other.example/", 308), lambda path: "/proxy" in path),
    "huge-body": (ACTS["huge"], one_kind),
    "endless-body": (_endless, one_kind),
    "gzip-bomb": (ACTS["bomb"], one_kind),
    "gzip-in-gzip": (_bomb_of(2), everything),
    "gzip-broken": (_says(b"\x1f\x8b\x08garbage", 200, ("Content-Encoding", "gzip")), everything),
    "other-encoding": (_says(zlib.compress(b"{}"), 200, ("Content-Encoding", "br")), everything),
    "shorter-than-announced": (ACTS["break-off"], everything),
    "no-answer": (ACTS["drop"], everything),
    "slow-body": (ACTS["drip"], one_kind),
    "silence": (ACTS["stall"], one_kind),
    "huge-header": (_raw(_HUGE_HEADER), everything),
    "many-headers": (_raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n"), everything),
    "not-http": (_raw(b"SSH-2.0-OpenSSH_9.9\r\n"), everything),
    "continue-for-ever": (_raw(b"HTTP/1.1 100 Continue\r\n\r\n", 3_000_000), one_kind),
    "status-beyond": (_says(b"{}", 999), everything),
    "status-switching": (_raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), everything),
    "retry-for-ever": (_says(b"", 429, ("Retry-After", "1" + "0" * 30)), one_kind),
    "cookie-of-others": (
        _says(b"{}", 200, ("Set-Cookie", "a=b; Domain=other.example"), ("Set-Cookie", "x" * 8000)),
        lambda path: path.endswith("/login"),
    ),
    "login-page": (ACTS["login-page"], everything),
    "json-broken": (ACTS["invalid-json"], everything),
    "json-other": (ACTS["other-json"], everything),
    "json-deep": (_says(b'{"items": ' + b"[" * DEEP + b"]" * DEEP + b"}"), everything),
    "json-nearly-deep": (_says(b'{"items": ' + b"[" * 700 + b"]" * 700 + b"}"), everything),
    "json-scalar": (_says(b'"owned"'), everything),
    "json-nan": (_bytes_of("NaN"), everything),
    "json-infinity": (_bytes_of("-Infinity"), everything),
    "json-beyond-float": (_bytes_of("1e999"), everything),
    "json-huge-integer": (_bytes_of("1" + "0" * 400), everything),
    "json-integer-of-100000-digits": (_bytes_of("1" * 100_000), everything),
    "json-keys-twice": (_replaced(b'"kind"', b'"kind": "Evil", "kind"'), everything),
    "json-lone-surrogates": (_rewritten(_every(lambda _: "\ud800")), everything),
    "json-nul": (_rewritten(_every(lambda _: "\x00")), everything),
    "json-all-null": (_rewritten(_every(lambda _: None)), everything),
    "json-all-numbers": (_rewritten(_every(lambda _: -1)), everything),
    "json-all-lists": (_rewritten(_every(lambda _: [])), everything),
    "json-all-mappings": (_rewritten(_every(lambda _: {"a": {}})), everything),
    "json-all-10000-characters": (
        _rewritten(_every(lambda _: "x" * 10_000)),
        no_secrets,
    ),
    "json-all-empty": (_rewritten(_every(lambda _: "")), everything),
    "utf-16": (_says("{}".encode("utf-16")), everything),
    "millions-of-objects": (_says(b'{"items": [' + b"{}," * 8_000_000 + b"{}]}"), one_kind),
    "helm-bomb": (_helm(gzip.compress(b"[" * 80 * MIB)), secrets),
    "helm-deep": (_helm(gzip.compress(b"[" * DEEP)), secrets),
    "helm-broken": (_helm(b"\x1f\x8b\x08garbage"), secrets),
    "helm-aliases": (
        _helm(
            gzip.compress(json.dumps({"name": "prometheus", "manifest": "a: &a [*a]\nkind: Secret"}).encode())
        ),
        secrets,
    ),
    "alertmanager-expression": (_alertmanager(_BACKTRACK), secrets),
    "alertmanager-aliases": (_alertmanager("a: &a [x]\nroute: *a"), secrets),
    "alertmanager-deep": (_alertmanager("route: " + "{routes: [" * 5000), secrets),
    "names-with-escapes": (_metadata(lambda one: one.update(name="\x1b]0;owned\x07")), everything),
    "names-with-traversal": (
        _metadata(lambda one: one.update(name="../../secrets/x", namespace="..")),
        everything,
    ),
    "dates-beyond": (_metadata(lambda one: one.update(creationTimestamp="9999-99-99T99:99:99Z")), everything),
    "line-of-dashes": (
        _replaced(b'"data":', b'"note": "token\\n' + b"-" * 200_000 + b'", "data":'),
        no_secrets,
    ),
}
