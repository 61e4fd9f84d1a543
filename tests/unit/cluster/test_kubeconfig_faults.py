"""Kubeconfigs that cannot be used: told with file and context before anything is sent, without secrets."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_k8sgrade.cluster import Cluster, connect
from pytest_k8sgrade.errors import KubeconfigFault
from pytest_k8sgrade.outcome import CannotTell
from tests.unit.cluster.fake import Answer, FakeApi

SECRET = "planted-secret-value"
VERSION = "client.authentication.k8s.io/v1"


def _fault(path: Path | None) -> str:
    """What is said of a kubeconfig that cannot be used."""
    with pytest.raises(KubeconfigFault) as fault:
        connect(path)
    told = str(fault.value)
    assert "Next: " in told
    assert SECRET not in told
    return told


def _version(path: Path | None) -> str:
    source = connect(path)
    try:
        return Cluster(source.view()).server_version
    finally:
        source.close()


def _plugin(folder: Path, printed: str) -> dict[str, Any]:
    script = folder / "plugin.py"
    script.write_text(f"print({printed!r})", encoding="utf-8")
    own = {"apiVersion": VERSION, "command": sys.executable, "args": [str(script)]}
    return {"exec": {**own, "interactiveMode": "IfAvailable"}}


def _credential(status: Any) -> str:
    return json.dumps({"apiVersion": VERSION, "kind": "ExecCredential", "status": status})


@pytest.mark.parametrize(
    "user",
    [
        {"token": f"{SECRET}\nmore"},
        {"token": f"{SECRET}\n"},
        {"token": f"{SECRET}\N{LATIN SMALL LETTER E WITH ACUTE}"},
        {"token": "t", "as": "minji\nroot"},
    ],
)
def test_what_fits_into_no_header_is_a_fault(api: FakeApi, user: dict[str, Any]) -> None:
    """The library of HTTP would break at it, with the token in its message."""
    told = _fault(api.kubeconfig(user))
    assert "context 'lab'" in told
    assert "one line of ASCII" in told
    assert api.requests == []


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "[1]",
        "5",
        "null",
        f"no json {SECRET}",
        _credential(None),
        _credential({}),
        _credential("x"),
        _credential({"token": f"{SECRET}\nx"}),
        _credential({"clientCertificateData": SECRET}),
        _credential({"clientCertificateData": SECRET, "clientKeyData": SECRET}),
    ],
)
def test_what_a_plugin_says_must_be_a_credential(api: FakeApi, tmp_path: Path, printed: str) -> None:
    """Whatever it prints: a fault that names the context, never a traceback and never the credential."""
    assert "context 'lab'" in _fault(api.kubeconfig(_plugin(tmp_path, printed)))
    assert api.requests == []


def test_a_plugin_that_is_not_installed_is_told_as_such(api: FakeApi) -> None:
    """With what the kubeconfig says about getting it."""
    own = {"apiVersion": VERSION, "command": "no-such-auth-plugin", "interactiveMode": "IfAvailable"}
    told = _fault(api.kubeconfig({"exec": {**own, "installHint": "See https://docs.example.org/plugin"}}))
    assert "'no-such-auth-plugin' is not installed" in told
    assert "docs.example.org/plugin" in told


@pytest.mark.parametrize(
    ("server", "complaint"),
    [
        ("127.0.0.1:6443", "begins with https://"),
        ("https://", "no valid name"),
        ("https://ex..ample:1", "no valid name"),
        ("https://" + "a" * 70 + ".example:1", "no valid name"),
        ("https://127.0.0.1:abc", "port"),
        ("https://127.0.0.1:99999", "port"),
        ("https://[::1", "IPv6"),
        ("ftp://127.0.0.1:1", "neither with https://"),
        ("https://exa mple:1", "spaces"),
        ("https://127.0.0.1:1\n", "line breaks"),
        (f"https://u:{SECRET}@127.0.0.1:1", "more than host"),
        (f"https://127.0.0.1:1?token={SECRET}", "more than host"),
    ],
)
def test_an_address_that_nothing_can_be_sent_to(api: FakeApi, server: str, complaint: str) -> None:
    """It is the kubeconfig that is wrong, not the cluster that is down."""
    told = _fault(api.kubeconfig(cluster={"server": server}))
    assert complaint in told
    assert "cluster 'lab'" in told


def test_addresses_may_have_a_path_capitals_or_be_of_ipv6(api: FakeApi) -> None:
    """A gateway's path stays before every request; the scheme's capitals mean nothing."""
    api.routes["/k8s/clusters/c-1/version"] = Answer({"gitVersion": "v1.33.0"})
    for server in (f"{api.url}/k8s/clusters/c-1", f"{api.url}/k8s/clusters/c-1/"):
        assert _version(api.kubeconfig(cluster={"server": server})) == "v1.33.0"
    assert _version(api.kubeconfig(cluster={"server": api.url.replace("https", "HTTPS")})) == "v1.34.4"
    with pytest.raises(CannotTell) as error:
        _version(api.kubeconfig(cluster={"server": "https://[::1]:1"}))
    assert error.value.reason.id == "unreachable"


@pytest.mark.parametrize(
    ("proxy", "complaint"),
    [("127.0.0.1:1", "Proxy URL"), (5, "refuses it"), ("socks5://127.0.0.1:1", "pip install pysocks")],
)
def test_a_proxy_that_cannot_be_used(api: FakeApi, proxy: Any, complaint: str) -> None:
    """Told before anything is graded."""
    assert complaint in _fault(api.kubeconfig(cluster={"proxy-url": proxy}))


def test_a_proxy_that_does_not_answer_is_told_as_the_proxy(api: FakeApi) -> None:
    """It is not the cluster that is down; the proxy's password is nobody's business."""
    with pytest.raises(CannotTell) as error:
        _version(api.kubeconfig(cluster={"proxy-url": f"http://u:{SECRET}@127.0.0.1:1"}))
    assert (error.value.reason.id, error.value.reason.params["cause"]) == ("unreachable", "proxy")
    assert SECRET not in repr(error.value.reason.params)


@pytest.mark.parametrize("part", ["client-certificate", "client-key"])
def test_half_a_pair_is_a_fault(api: FakeApi, part: str) -> None:
    """Else every handshake would fail without saying why."""
    content = {"client-certificate": api.authority.client_pem, "client-key": api.authority.client_key}[part]
    data = base64.b64encode(content).decode()
    other = {"client-certificate": "client-key", "client-key": "client-certificate"}[part]
    assert f"has no {other}" in _fault(api.kubeconfig({f"{part}-data": data}))


def test_the_library_s_words_are_shown_without_secrets(api: FakeApi) -> None:
    """It quotes what it was reading, which may be the user."""
    user = {"token": SECRET, "client-certificate": ["a"], "client-key": "b"}
    assert "refuses it" in _fault(api.kubeconfig(user))
    provider = {"name": "gcp", "config": {"access-token": SECRET, "expiry": 5}}
    _fault(api.kubeconfig({"auth-provider": provider}))


def test_a_key_without_a_value_says_nothing(api: FakeApi) -> None:
    """As with kubectl, `null` is as good as leaving it out."""
    nulls = {"client-certificate-data": None, "client-key-data": None, "exec": None}
    path = api.kubeconfig({"token": "t", **nulls}, {"tls-server-name": None, "proxy-url": None})
    assert _version(path) == "v1.34.4"


@pytest.mark.parametrize("order", ["empty first", "empty last"])
def test_an_empty_file_beside_others_says_nothing(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """As with kubectl; a missing one too."""
    empty = tmp_path / "empty"
    empty.write_text("\n", encoding="utf-8")
    files = [empty, tmp_path / "missing", api.kubeconfig(_plugin(tmp_path, _credential({"token": "t"})))]
    ordered = files if order == "empty first" else files[::-1]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, ordered)))
    assert _version(None) == "v1.34.4"


def test_a_relative_file_is_of_the_folder_of_its_own_kubeconfig(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several files, each names its certificates from where it lies itself."""
    whole, other = api.document(), tmp_path / "other"
    other.mkdir()
    (other / "ca.pem").write_bytes(api.authority.ca_pem)
    (tmp_path / "ca.pem").write_text("another one", encoding="utf-8")
    cluster = {"server": api.url, "certificate-authority": "ca.pem"}
    (other / "config").write_text(yaml.safe_dump({"clusters": [{"name": "lab", "cluster": cluster}]}))
    (tmp_path / "config").write_text(yaml.safe_dump({**whole, "clusters": []}))
    monkeypatch.setenv("KUBECONFIG", f"{other / 'config'}{os.pathsep}{tmp_path / 'config'}")
    assert _version(None) == "v1.34.4"
    (other / "ca.pem").unlink()
    assert str(other / "ca.pem") in _fault(None)
