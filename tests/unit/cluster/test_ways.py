"""Two ways to a server, one behaviour: what holds for a plain kubeconfig holds for the library's."""

from __future__ import annotations

import base64
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_k8sgrade.cluster import Cluster, LiveSource, Request, connect, plain_way
from pytest_k8sgrade.cluster.connection import connect as open_connection
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.policy import foreign
from pytest_k8sgrade.cluster.transport import Transport
from pytest_k8sgrade.errors import KubeconfigFault
from tests.unit.cluster.asking import PODS, first_then, why
from tests.unit.cluster.certificates import make_authority
from tests.unit.cluster.fake import Answer, FakeApi, Handler, fake_api, status


@pytest.fixture(params=["plain", "library"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here is asked of both."""
    if request.param == "library":
        monkeypatch.setattr(plain_way, "is_plain", lambda _chosen: False)


def _embedded(api: FakeApi) -> dict[str, str]:
    return {
        "client-certificate-data": base64.b64encode(api.authority.client_pem).decode(),
        "client-key-data": base64.b64encode(api.authority.client_key).decode(),
    }


def _require_certificates(api: FakeApi) -> list[Any]:
    """Let the fake ask for the client's certificate; what it was shown."""
    context = api.server.socket.context  # type: ignore[attr-defined]
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=api.authority.ca_pem.decode())
    shown: list[Any] = []

    def route(handler: Handler) -> Answer:
        shown.append(handler.connection.getpeercert()["subject"])
        return Answer({"gitVersion": "v1.34.4"})

    api.routes["/version"] = route
    return shown


def _version(source: LiveSource) -> str:
    try:
        return Cluster(source.view()).server_version
    finally:
        source.close()


def test_certificates_are_checked(api: FakeApi, tmp_path: Path) -> None:
    """An unknown authority, an expired and a misnamed certificate are told apart."""
    other = tmp_path / "other"
    other.mkdir()
    for options, cause in (
        ({}, "unknown-ca"),
        ({"valid_for": timedelta(days=-1)}, "expired"),
        ({"host": "127.0.0.9"}, "name-mismatch"),
    ):
        authority = make_authority(other, **options)
        with fake_api(authority, other) as served:
            if cause == "unknown-ca":
                served.authority = api.authority
            connection, workers = open_connection(choose(served.kubeconfig()))
            error = why(Transport(connection, workers))
        assert (error.reason.id, error.reason.params["cause"]) == ("tls-error", cause)


def test_a_refused_user_is_told_and_asked_for_once_more(api: FakeApi, transport: Transport) -> None:
    """On 401 the kubeconfig is read again once: a renewed token is used without a word."""
    api.routes[PODS] = first_then(status(401, "Unauthorized"), Answer({"items": []}))
    renewed = api.kubeconfig({"token": "renewed-token"})
    assert renewed.exists()
    assert transport.get(Request.to(PODS)).status == 200
    assert api.requests[-1][2]["Authorization"] == "Bearer renewed-token"
    api.routes[PODS] = status(401, "Unauthorized")
    api.requests.clear()
    assert why(transport).reason.id == "unauthorized"
    assert len(api.requests) == 2


def test_nobody_is_told_as_nobody(api: FakeApi) -> None:
    """Without credentials a 403 is about the kubeconfig, not about rights."""
    api.routes[PODS] = status(403, "Forbidden", kind="pods")
    connection, workers = open_connection(choose(api.kubeconfig(user={})))
    assert why(Transport(connection, workers)).reason.id == "no-credentials"


def test_redirects_of_the_api_server_are_not_followed(api: FakeApi, transport: Transport) -> None:
    """Credentials would go along; a redirect is told instead."""
    api.routes[PODS] = Answer("", 302, {"Location": f"{api.url}/elsewhere"})
    assert why(transport).reason.id == "redirected"
    assert api.paths() == [PODS]


def test_a_foreign_kubeconfig_with_a_token_works(api: FakeApi) -> None:
    """An embedded authority and a token are all that is needed."""
    source = connect(api.kubeconfig(), policy=foreign(["loopback"]))
    assert Cluster(source.view()).server_version == "v1.34.4"
    assert api.requests[0][2]["Authorization"] == "Bearer planted-bearer-token"
    source.close()


def test_the_certificate_names_who_we_are(api: FakeApi) -> None:
    """With a client certificate the header shows its common name."""
    user = {
        "client-certificate-data": base64.b64encode(api.authority.client_pem).decode(),
        "client-key-data": base64.b64encode(api.authority.client_key).decode(),
    }
    source = connect(api.kubeconfig(user))
    assert source.facts.identity == "kim-minji"
    assert (source.facts.context, source.facts.server) == ("lab", api.url)
    source.close()


def test_the_token_names_who_we_are(api: FakeApi) -> None:
    """A ServiceAccount's token says its subject; an opaque one nothing."""
    claims = base64.urlsafe_b64encode(b'{"sub":"system:serviceaccount:lab:grader"}').decode().rstrip("=")
    source = connect(api.kubeconfig({"token": f"x.{claims}.y"}))
    assert source.facts.identity == "system:serviceaccount:lab:grader"
    source.close()
    source = connect(api.kubeconfig())
    assert source.facts.identity == "student"
    source.close()


def test_impersonating_with_groups_is_a_fault(api: FakeApi) -> None:
    """What would be read as somebody else than kubectl does is refused before it is read."""
    with pytest.raises(KubeconfigFault, match="several groups"):
        connect(api.kubeconfig({"token": "t", "as": "minji", "as-groups": ["a", "b"]}))


def test_the_kubeconfig_is_never_written(api: FakeApi) -> None:
    """Reading a cluster leaves the kubeconfig as it was."""
    path = api.kubeconfig()
    before = path.read_bytes()
    connect(path).close()
    assert path.read_bytes() == before


def test_the_environment_does_not_divert_requests(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a proxy nor a certificate bundle of the environment is used."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/dev/null")
    source = connect(api.kubeconfig())
    assert Cluster(source.view()).server_version == "v1.34.4"
    source.close()


def test_own_insecure_tls_works_without_a_warning(api: FakeApi) -> None:
    """One's own test cluster may be insecure, and `-W error` does not break the read."""
    document = api.document(cluster={"insecure-skip-tls-verify": True})
    del document["clusters"][0]["cluster"]["certificate-authority-data"]
    path = api.folder / "insecure"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    source = connect(path)
    assert Cluster(source.view()).server_version == "v1.34.4"
    source.close()


def test_impersonation_is_sent(api: FakeApi) -> None:
    """`as` of one's own kubeconfig, which the library leaves out, decides who is asked for."""
    source = connect(api.kubeconfig({"token": "t", "as": "minji", "as-groups": ["lab"]}))
    assert Cluster(source.view()).server_version
    headers = api.requests[0][2]
    assert (headers["Impersonate-User"], headers["Impersonate-Group"]) == ("minji", "lab")
    source.close()


def test_a_client_certificate_is_shown(api: FakeApi) -> None:
    """The server sees who we are in the handshake, and no token."""
    shown = _require_certificates(api)
    assert _version(connect(api.kubeconfig(_embedded(api)))) == "v1.34.4"
    assert (("commonName", "kim-minji"),) in shown[0]
    assert "Authorization" not in api.requests[0][2]


def test_files_are_found_beside_the_kubeconfig(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Authority, certificate and key may be files, named from the kubeconfig's own folder."""
    monkeypatch.chdir("/")
    shown = _require_certificates(api)
    files = {"ca": api.authority.ca_pem, "cert": api.authority.client_pem, "key": api.authority.client_key}
    for name, content in files.items():
        (api.folder / f"{name}.pem").write_bytes(content)
    document = api.document({"client-certificate": "cert.pem", "client-key": "key.pem"})
    cluster = document["clusters"][0]["cluster"]
    del cluster["certificate-authority-data"]
    cluster["certificate-authority"] = "ca.pem"
    path = api.folder / "with-files"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert _version(connect(path)) == "v1.34.4"
    assert len(shown) == 1


@pytest.mark.parametrize("part", ["certificate-authority", "tokenFile"])
def test_a_missing_file_is_told(api: FakeApi, part: str) -> None:
    """Before anything is graded, with the kubeconfig, the context and the file."""
    document = api.document(user={"tokenFile": "gone"} if part == "tokenFile" else None)
    if part != "tokenFile":
        document["clusters"][0]["cluster"] = {"server": api.url, part: "gone"}
    path = api.folder / "missing"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(KubeconfigFault, match=r"context 'lab'.*gone.*Next:"):
        connect(path)


def test_a_token_may_be_in_a_file(api: FakeApi) -> None:
    """Of a mounted ServiceAccount for instance; who is refused reads it anew."""
    token = api.folder / "token"
    token.write_text("of-yesterday", encoding="utf-8")
    connection, workers = open_connection(choose(api.kubeconfig({"tokenFile": "token"})))
    assert connection.headers()["Authorization"] == "Bearer of-yesterday"
    api.routes[PODS] = first_then(status(401, "Unauthorized"), Answer({"items": []}))
    token.write_text("of-today", encoding="utf-8")
    Transport(connection, workers).get(Request.to(PODS))
    sent = [headers["Authorization"] for _, _, headers, _ in api.requests]
    assert sent == ["Bearer of-yesterday", "Bearer of-today"]


def test_the_server_may_have_another_name(api: FakeApi, tmp_path: Path) -> None:
    """`tls-server-name` is what the server is asked for and what its certificate must say."""
    other = tmp_path / "named"
    other.mkdir()
    with fake_api(make_authority(other, host="api.lab.example"), other) as served:
        asked: list[str | None] = []
        served.server.socket.context.sni_callback = lambda _socket, name, _context: asked.append(name)  # type: ignore[attr-defined]
        named = served.kubeconfig(cluster={"tls-server-name": "api.lab.example"})
        assert _version(connect(named)) == "v1.34.4"
        assert asked == ["api.lab.example"]
        for cluster in ({}, {"tls-server-name": "api.other.example"}):
            connection, workers = open_connection(choose(served.kubeconfig(cluster=cluster)))
            assert why(Transport(connection, workers)).reason.params["cause"] == "name-mismatch"


def test_the_system_s_authorities_count_where_none_is_named(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an authority of its own the server must be known to the machine."""
    document = api.document()
    del document["clusters"][0]["cluster"]["certificate-authority-data"]
    path = api.folder / "public"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    connection, workers = open_connection(choose(path))
    assert why(Transport(connection, workers)).reason.params["cause"] == "unknown-ca"
    known = api.folder / "known.pem"
    known.write_bytes(api.authority.ca_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    assert _version(connect(path)) == "v1.34.4"


def test_renewed_credentials_stay_with_their_server(api: FakeApi, transport: Transport) -> None:
    """When the kubeconfig names another server meanwhile, its new token is for that one alone."""
    api.routes[PODS] = status(401, "Unauthorized")
    api.kubeconfig({"token": "of-another-server"}, {"server": "https://127.0.0.2:1"})
    assert why(transport).reason.id == "unauthorized"
    assert [headers["Authorization"] for _, _, headers, _ in api.requests] == ["Bearer planted-bearer-token"]
