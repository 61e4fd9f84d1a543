"""Clusters that are recordings: evidence files behind one real HTTPS server on loopback.

Each cluster is a path below the server's address with a bearer token of its own, and answers
what its recording holds, some milliseconds after it was asked. The clock it shows is the
recording's, so that what held then holds now. Secrets are there for the login alone, with
values that were never anybody's.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import parse_qsl

from pytest_k8sgrade.cluster.evidence import Evidence, unpack
from pytest_k8sgrade.cluster.exchange import Request, Response
from tests.unit.cluster.certificates import make_authority

_SECRET: Final = re.compile(r"Secret (?P<namespace>[^/ ]+)/(?P<name>[^\[ ]+)\[(?P<key>[^\]]+)\]")
_VALUE: Final = base64.b64encode(b"of-the-bench").decode()
_LONGEST_HEAD: Final = 64 * 1024


class Recording:
    """The answers of one evidence file, ready to be sent."""

    def __init__(self, evidence: Evidence) -> None:
        self._date = format_datetime(evidence.now, usegmt=True) if evidence.now else ""
        self._answers: dict[str, bytes] = {}
        for exchange in evidence.exchanges:
            if isinstance(exchange.result, Response):
                asked = exchange.key.partition(" as ")[0]
                self._answers[asked] = self._told(asked, exchange.result)
        for path, values in _logins(evidence).items():
            self._answers.setdefault(f"GET {path}", self._document(200, {"data": values}))
        self._answers.setdefault("GET /apis", self._document(200, _groups(evidence)))
        self._missing = self._document(404, _NOT_FOUND)

    def answer(self, method: str, target: str) -> bytes:
        """The whole answer, 404 for what was not recorded."""
        path, _, query = target.partition("?")
        key = Request(path, tuple(sorted(parse_qsl(query, keep_blank_values=True)))).target
        return self._answers.get(f"{method} {key}", self._missing)

    def refusal(self) -> bytes:
        """The answer to whoever has not this cluster's token."""
        return self._document(401, {**_NOT_FOUND, "reason": "Unauthorized", "code": 401})

    def _document(self, code: int, body: Mapping[str, Any]) -> bytes:
        return self._message(code, "application/json", json.dumps(body).encode())

    def _told(self, asked: str, response: Response) -> bytes:
        cookie = "Set-Cookie: session=of-the-bench\r\n" if asked.startswith("POST ") else ""
        kind = response.header("content-type") or "application/json"
        return self._message(response.status, kind, response.content, cookie)

    def _message(self, code: int, kind: str, content: bytes, more: str = "") -> bytes:
        head = (
            f"HTTP/1.1 {code} {HTTPStatus(code).phrase}\r\nContent-Type: {kind}\r\nDate: {self._date}\r\n"
            f"Audit-Id: bench\r\n{more}Content-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content


_NOT_FOUND: Final = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "reason": "NotFound",
    "code": 404,
}


def _groups(evidence: Evidence) -> dict[str, Any]:
    """Discovery's list: a group of which nothing was found, in plain text, is not registered."""
    versions = {
        "/".join(one.path.split("/")[2:4]) for one in _found(evidence) if one.path.startswith("/apis/")
    }
    return {
        "kind": "APIGroupList",
        "groups": [{"versions": [{"groupVersion": one}]} for one in sorted(versions)],
    }


def _found(evidence: Evidence) -> Iterator[Response]:
    results = [exchange.result for exchange in evidence.exchanges]
    answers = [result for result in results if isinstance(result, Response)]
    return (one for one in answers if one.status == 200 or one.api_status is not None)


def _logins(evidence: Evidence) -> dict[str, dict[str, str]]:
    """The Secrets that logins read, by path, with the keys that they look for."""
    found: dict[str, dict[str, str]] = {}
    for exchange in evidence.exchanges:
        for secret in _SECRET.finditer(exchange.key):
            path = f"/api/v1/namespaces/{secret['namespace']}/secrets/{secret['name']}"
            found.setdefault(path, {})[secret["key"]] = _VALUE
    return found


@dataclass
class Clusters:
    """So many clusters, each a recording of the given ones in turn, while the context lasts.

    `latency` is in seconds. `asked` counts the requests that were answered.
    """

    recordings: Sequence[Recording]
    number: int
    folder: Path
    latency: float = 0.004
    asked: int = 0

    @classmethod
    def of_files(cls, files: Sequence[Path], number: int, folder: Path, latency: float = 0.004) -> Clusters:
        """Clusters that are as the evidence files say."""
        return cls([Recording(unpack(file)) for file in files], number, folder, latency)

    def __enter__(self) -> Clusters:
        self._authority = make_authority(self.folder)
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._listen())
        self._port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join()
        self._loop.close()

    def kubeconfig(self, number: int) -> str:
        """The kubeconfig of one cluster, as YAML."""
        authority = base64.b64encode(self._authority.ca_pem).decode()
        server = f"https://127.0.0.1:{self._port}/clusters/{number}"
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "student"}}],
            "clusters": [
                {"name": "lab", "cluster": {"server": server, "certificate-authority-data": authority}}
            ],
            "users": [{"name": "student", "user": {"token": f"token-{number}"}}],
        }
        return json.dumps(document)

    async def _listen(self) -> asyncio.Server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._authority.server_pem)
        return await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=context, limit=_LONGEST_HEAD, backlog=512
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                await reader.readexactly(_length(head))
                await asyncio.sleep(self.latency)
                writer.write(self._answer(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client has gone
        finally:
            writer.close()

    def _answer(self, head: str) -> bytes:
        method, target, _ = head.split(" ", 2)
        _, _, number, path = target.split("/", 3)
        recording = self.recordings[int(number) % len(self.recordings)]
        self.asked += 1
        if f"authorization: bearer token-{number}\r\n" not in head.lower():
            return recording.refusal()
        return recording.answer(method, f"/{path}")

    def _end(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_soon(self._loop.stop)


def _length(head: str) -> int:
    found = re.search(r"(?i)\r\ncontent-length: *(\d+)", head)
    return int(found[1]) if found else 0
