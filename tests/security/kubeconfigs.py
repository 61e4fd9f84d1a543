"""Kubeconfigs that a student might hand in, by the id of their row in `bad_inputs.yaml`.

Each is made for a running server that would grade well: whatever is refused is refused although
it would have worked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization

from tests.security.hostile import TOKEN, Server

Make = Callable[[Server, Path], str]
"""The text of a kubeconfig; the folder may be used for what it names."""

TRACE = "trace"
"""The file that a program which should never run would leave behind."""


def _user(**changes: Any) -> Make:
    return lambda server, folder: server.kubeconfig({"token": TOKEN, **_filled(changes, folder)})


def _only(user: Mapping[str, Any]) -> Make:
    return lambda server, folder: server.kubeconfig(_filled(user, folder))


def _cluster(**changes: Any) -> Make:
    named = {key.replace("_", "-"): value for key, value in changes.items()}
    return lambda server, folder: server.kubeconfig(cluster=_filled(named, folder))


def _server(template: str) -> Make:
    return lambda server, folder: server.kubeconfig(cluster={"server": template.format(port=server.port)})


def _text(text: str | Callable[[str], str]) -> Make:
    return lambda server, folder: text(server.kubeconfig()) if callable(text) else text


def _filled(value: Any, folder: Path) -> Any:
    """The value with TRACE put in as the path in the folder."""
    return json.loads(json.dumps(value).replace("TRACE", str(folder / TRACE)))


def _changed(**changes: Any) -> Make:
    return lambda server, folder: json.dumps({**server.document(), **changes})


def _added(section: str, name: str, part: str, body: Mapping[str, Any]) -> Make:
    """An entry put before the others."""

    def make(server: Server, folder: Path) -> str:
        document = server.document()
        document[section] = [{"name": name, part: _filled(body, folder)}, *document[section]]
        return json.dumps(document)

    return make


def _certificate(server: Server, folder: Path, *, password: bytes | None = None) -> dict[str, str]:
    key = serialization.load_pem_private_key(server.authority.client_key, None)
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
    return {
        "client-certificate-data": base64.b64encode(server.authority.client_pem).decode(),
        "client-key-data": base64.b64encode(pem).decode(),
    }


def _without_key(server: Server, folder: Path) -> str:
    user = _certificate(server, folder)
    del user["client-key-data"]
    return server.kubeconfig(user)


def _yaml_twice(server: Server, folder: Path) -> str:
    text = yaml.safe_dump(server.document({"exec": _EXEC}))
    return text + f"users: [{{name: student, user: {{token: {TOKEN}}}}}]\n"


_EXEC = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "command": "touch",
    "args": ["TRACE"],
    "interactiveMode": "Never",
}
_GCP = {"name": "gcp", "config": {"cmd-path": "touch", "cmd-args": "TRACE"}}
_OIDC = {"name": "oidc", "config": {"idp-issuer-url": "https://127.0.0.1:1", "id-token": "x.y.z"}}
_NAME = "\x1b]0;owned\x07\x1b[2Jlab"


def _named(name: str) -> Make:
    """A context of this name, in JSON, where every character can be written."""

    def make(server: Server, folder: Path) -> str:
        document = server.document()
        document["current-context"] = document["contexts"][0]["name"] = name
        return json.dumps(document)

    return make


KUBECONFIGS: Mapping[str, Make] = {
    "exec-plugin": _only({"exec": _EXEC}),
    "exec-plugin-beside-token": _user(exec=_EXEC),
    "auth-provider-oidc": _only({"auth-provider": _OIDC}),
    "auth-provider-command": _only({"auth-provider": _GCP}),
    "exec-in-other-context": _added("users", "other", "user", {"exec": _EXEC}),
    "user-twice": _added("users", "student", "user", {"exec": _EXEC}),
    "key-twice": _yaml_twice,
    "token-file": _only({"tokenFile": "/etc/passwd"}),
    "client-certificate-file": _user(**{"client-certificate": "/etc/passwd"}),
    "client-key-file": _user(**{"client-key": "/etc/passwd"}),
    "authority-file": _cluster(certificate_authority="/etc/passwd"),
    "proxy-http": _cluster(proxy_url="http://127.0.0.1:1"),
    "proxy-socks": _cluster(proxy_url="socks5://127.0.0.1:1"),
    "insecure-tls": _cluster(insecure_skip_tls_verify=True),
    "insecure-tls-text": _cluster(insecure_skip_tls_verify="yes"),
    "plain-http": _server("http://127.0.0.1:{port}"),
    "impersonation": _user(**{"as": "system:admin"}),
    "impersonation-groups": _user(**{"as-groups": ["system:masters"]}),
    "impersonation-extra": _user(**{"as-user-extra": {"scopes": ["all"]}}),
    "unknown-user-key": _user(brandNew={"run": "TRACE"}),
    "unknown-cluster-key": _cluster(brand_new="TRACE"),
    "server-with-user": _server("https://user:secret@127.0.0.1:{port}"),
    "server-with-query": _server("https://127.0.0.1:{port}/?x="),
    "server-with-fragment": _server("https://127.0.0.1:{port}/#"),
    "server-with-newline": _server("https://127.0.0.1:{port}/\r\nX-Evil: 1"),
    "server-with-backslash": _server("https://good.example\\@127.0.0.1:{port}"),
    "server-a-file": _server("file:///etc/passwd"),
    "server-a-socket": _server("unix:///var/run/docker.sock"),
    "server-port-beyond": _server("https://127.0.0.1:99999"),
    "server-not-text": _cluster(server=["https://127.0.0.1"]),
    "token-with-newline": _only({"token": f"{TOKEN}\r\nX-Evil: 1"}),
    "token-not-ascii": _only({"token": "토큰"}),
    "token-not-text": _only({"token": {"a": 1}}),
    "password-with-newline": _only({"username": "u", "password": "p\r\nX-Evil: 1"}),
    "encrypted-key": lambda server, folder: server.kubeconfig(_certificate(server, folder, password=b"x")),
    "certificate-without-key": _without_key,
    "certificate-not-base64": _only({"client-certificate-data": "%%%", "client-key-data": "%%%"}),
    "certificate-not-pem": _only({"client-certificate-data": "eA==", "client-key-data": "eA=="}),
    "authority-not-pem": _cluster(certificate_authority_data="eA=="),
    "authority-not-text": _cluster(certificate_authority_data=[1]),
    "tls-name-with-dot": _cluster(tls_server_name=".example"),
    "tls-name-of-10000-characters": _cluster(tls_server_name="x" * 10_000),
    "tls-name-not-ascii": _cluster(tls_server_name="이름"),
    "tls-name-of-another": _cluster(tls_server_name="good.example"),
    "server-name-of-10000-characters": _server("https://" + "x" * 10_000 + ":{port}"),
    "server-label-of-100-characters": _server("https://" + "x" * 100 + ".example:{port}"),
    "server-with-path": _server("https://127.0.0.1:{port}/../../.."),
    "yaml-aliases": _text("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"),
    "yaml-deep": _text("a: " + "[" * 5000 + "]" * 5000),
    "yaml-object": _text("!!python/object/apply:os.system ['touch owned']"),
    "yaml-merge": _text(lambda good: good[:-1] + ', "<<": {"users": []}}'),
    "yaml-two-documents": _text(lambda good: f"{good}\n---\n{good}"),
    "yaml-broken": _text("a: [\n"),
    "yaml-binary": _text("\x00\x01\x02"),
    "yaml-number": _text("1e400"),
    "yaml-huge": _text("#" * (1024 * 1024 + 1)),
    "contexts-not-a-list": _changed(contexts={"lab": {}}),
    "names-not-text": _changed(contexts=[{"name": 1, "context": {}}]),
    "context-absent": _changed(**{"current-context": "other"}),
    "context-with-escapes": _named(_NAME),
    "context-with-10000-characters": _named("x" * 10_000),
    "context-with-lone-surrogate": _named("lab\ud800"),
    "context-with-html": _named("<script>alert(1)</script>"),
}
