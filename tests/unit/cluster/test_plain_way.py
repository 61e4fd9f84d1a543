"""Which kubeconfigs are served without the kubernetes library, and what becomes of their keys."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from pytest_k8sgrade.cluster import Cluster, connect
from pytest_k8sgrade.cluster.connection import HEADER_AGE_S
from pytest_k8sgrade.cluster.connection import connect as open_connection
from pytest_k8sgrade.cluster.kubeconfig import Inline, choose
from pytest_k8sgrade.cluster.plain_way import is_plain
from pytest_k8sgrade.errors import KubeconfigFault
from tests.unit.cluster.fake import FakeApi

PAIR = {"client-certificate-data": "eA==", "client-key-data": "eA=="}


@pytest.mark.parametrize(
    ("user", "cluster"),
    [
        ({"token": "t"}, {}),
        ({"tokenFile": "t"}, {}),
        (PAIR, {}),
        ({"client-certificate": "a", "client-key": "b", "token": "t"}, {"certificate-authority": "c"}),
        ({}, {}),
        ({"token": "t", "as": "minji", "as-groups": ["lab"]}, {}),
        ({"token": "t", "extensions": []}, {"tls-server-name": "x", "disable-compression": True}),
        ({"token": "t"}, {"insecure-skip-tls-verify": True}),
    ],
)
def test_what_says_everything_itself_is_plain(
    api: FakeApi, user: dict[str, Any], cluster: dict[str, Any]
) -> None:
    """The kubeconfigs of kubeadm, kind, k3s, minikube and ServiceAccounts."""
    assert is_plain(choose(api.kubeconfig(user, cluster)))


@pytest.mark.parametrize(
    ("user", "cluster"),
    [
        ({"exec": {"command": "aws"}}, {}),
        ({"auth-provider": {"name": "oidc"}}, {}),
        ({"username": "u", "password": "p"}, {}),
        ({"token": "t", "tokenFile": "f"}, {}),
        ({"token": 5}, {}),
        ({"token": "t", "brand-new": True}, {}),
        ({"token": "t"}, {"brand-new": True}),
        ({"token": "t"}, {"proxy-url": "http://127.0.0.1:1"}),
        ({"token": "t"}, {"insecure-skip-tls-verify": "true"}),
        ({"token": "t"}, {"server": "http://127.0.0.1:1"}),
    ],
)
def test_the_rest_is_the_library_s(api: FakeApi, user: dict[str, Any], cluster: dict[str, Any]) -> None:
    """What is said in another way, twice or not as text is not guessed at."""
    assert not is_plain(choose(api.kubeconfig(user, cluster)))


def test_a_file_of_several_kubeconfigs_is_the_library_s(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named from the folder of the kubeconfig that names it; only the library knows which that is."""
    other = tmp_path / "other"
    other.write_text("users: []", encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", f"{other}{os.pathsep}{api.kubeconfig({'tokenFile': 'token'})}")
    assert not is_plain(choose())
    monkeypatch.setenv("KUBECONFIG", f"{other}{os.pathsep}{api.kubeconfig({'tokenFile': '/token'})}")
    assert is_plain(choose())
    assert not is_plain(choose(Inline(api.kubeconfig({"tokenFile": "token"}).read_text(), "line 3")))


def test_a_plain_kubeconfig_does_without_the_library(api: FakeApi) -> None:
    """Reading a cluster does not cost the time of importing it."""
    code = (
        f"import sys; from pytest_k8sgrade.cluster import Cluster, connect\n"
        f"cluster = Cluster(connect({str(api.kubeconfig())!r}).view())\n"
        f"print(cluster.server_version, 'kubernetes' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["v1.34.4", "False"]


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_key_is_left_nowhere(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: bool
) -> None:
    """OpenSSL reads keys from files only: where there are none in memory, it is gone at once."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    authority = api.authority
    source = connect(api.kubeconfig(_pair(authority.client_pem, authority.client_key)))
    assert (list(folder.iterdir()), _memory_files()) == ([], [])
    assert Cluster(source.view()).server_version == "v1.34.4"
    source.close()


def test_nobody_is_asked_for_a_passphrase(api: FakeApi) -> None:
    """OpenSSL would ask at the terminal, and wait."""
    key = load_pem_private_key(api.authority.client_key, None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    with pytest.raises(KubeconfigFault, match=r"no pair in PEM without a passphrase.*Next:"):
        connect(api.kubeconfig(_pair(api.authority.client_pem, locked)))


@pytest.mark.parametrize(
    ("user", "cluster", "complaint"),
    [
        (
            None,
            {"certificate-authority-data": b64encode(b"no certificate").decode()},
            "no certificate in PEM",
        ),
        (None, {"certificate-authority-data": "x"}, "no base64"),
        (PAIR, {}, "no pair in PEM"),
    ],
)
def test_what_is_no_certificate_is_told(
    api: FakeApi, user: dict[str, Any] | None, cluster: dict[str, Any], complaint: str
) -> None:
    """Before anything is sent, and without what was there instead."""
    with pytest.raises(KubeconfigFault, match=f"context 'lab'.*{complaint}.*Next:"):
        connect(api.kubeconfig(user, cluster))
    assert api.requests == []


@pytest.mark.parametrize("content", ["", "two\nlines", "t\N{LATIN SMALL LETTER O WITH DIAERESIS}ken"])
def test_what_is_no_token_is_told(api: FakeApi, tmp_path: Path, content: str) -> None:
    """It would not fit into a header."""
    (tmp_path / "token").write_text(content, encoding="utf-8")
    with pytest.raises(KubeconfigFault, match="no token"):
        connect(api.kubeconfig({"tokenFile": str(tmp_path / "token")}))


def test_a_token_in_a_file_is_read_again(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is replaced there before it ends; while that is being done the last one is used."""
    token = api.folder / "token"
    token.write_text("first\n", encoding="utf-8")
    connection, _workers = open_connection(choose(api.kubeconfig({"tokenFile": "token"})))
    clock = [0.0]
    monkeypatch.setattr("pytest_k8sgrade.cluster.connection.time.monotonic", lambda: clock[0])
    sent = []
    for change in (lambda: None, lambda: token.write_text("second"), token.unlink):
        change()
        clock[0] += HEADER_AGE_S + 1
        sent.append(connection.headers()["Authorization"])
    assert sent == ["Bearer first", "Bearer second", "Bearer second"]


def _memory_files() -> list[str]:
    """The files in memory that are open here."""
    names = []
    for handle in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            names.append(str(handle.readlink()))
    return [name for name in names if "memfd:" in name]


def _pair(certificate: bytes, key: bytes) -> dict[str, str]:
    return {
        "client-certificate-data": b64encode(certificate).decode(),
        "client-key-data": b64encode(key).decode(),
    }
