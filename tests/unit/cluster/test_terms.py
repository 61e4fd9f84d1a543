"""Credentials that have ended, or that have not begun: told by their own dates, when they are refused."""

from __future__ import annotations

import base64
import json
import ssl
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from pytest_k8sgrade.cluster import plain_way
from pytest_k8sgrade.cluster.certificate import common_name, validity
from pytest_k8sgrade.cluster.connection import connect
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.transport import Transport
from pytest_k8sgrade.outcome import CannotTell
from tests.unit.cluster.asking import PODS, why
from tests.unit.cluster.certificates import Authority, client_pair
from tests.unit.cluster.fake import FakeApi, status

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(params=["plain", "library"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here is asked of both."""
    if request.param == "library":
        monkeypatch.setattr(plain_way, "is_plain", lambda _chosen: False)


def pair(since: timedelta, until: timedelta, authority: Authority | None = None) -> dict[str, str]:
    """A user with a client certificate."""
    certificate, key = (base64.b64encode(one).decode() for one in client_pair(since, until, authority))
    return {"client-certificate-data": certificate, "client-key-data": key}


def token(**claims: Any) -> dict[str, str]:
    """A user with a token that says this of itself."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return {"token": f"x.{body}.y"}


def refused(api: FakeApi, user: dict[str, Any], clock: timedelta = timedelta()) -> CannotTell:
    """What is told of a user whom the server refuses; its clock is that much ahead."""
    date = {"Date": format_datetime(datetime.now(UTC) + clock, usegmt=True)}
    api.routes[PODS] = replace(status(401, "Unauthorized"), headers=date)
    connection, workers = connect(choose(api.kubeconfig(user)))
    return why(Transport(connection, workers))


NOW = time.time()


@pytest.mark.parametrize(
    ("user", "clock", "expected"),
    [
        (pair(-DAY, -HOUR), timedelta(), "credentials-expired"),
        (pair(HOUR, DAY), timedelta(), "credentials-too-new"),
        (pair(-DAY, DAY), timedelta(), "unauthorized"),
        (pair(-DAY, HOUR), 2 * HOUR, "clock-skew"),
        (pair(-DAY, -HOUR), 2 * HOUR, "credentials-expired"),
        (token(sub="a", exp=NOW - 60), timedelta(), "credentials-expired"),
        (token(sub="a", nbf=NOW + 600), timedelta(), "credentials-too-new"),
        (token(sub="a", exp=NOW + 600, nbf=NOW - 60), timedelta(), "unauthorized"),
        (token(sub="a", exp=NOW - 60), -2 * HOUR, "clock-skew"),
        (token(exp="yesterday"), timedelta(), "unauthorized"),
        (token(exp=True), timedelta(), "unauthorized"),
        (token(exp=1e300), timedelta(), "unauthorized"),
        ({"token": "opaque"}, timedelta(), "unauthorized"),
        ({"token": "a.b.c"}, timedelta(), "unauthorized"),
    ],
)
def test_what_is_out_of_its_term_is_told_by_its_date(
    api: FakeApi, user: dict[str, str], clock: timedelta, expected: str
) -> None:
    """Only where both clocks say so: else it is the clocks that are told, or nothing but the refusal."""
    seen = refused(api, user, clock)
    assert seen.reason.id == expected
    if expected == "credentials-expired":
        kind = "token" if "token" in user else "client-certificate"
        assert seen.reason.params["credential"] == kind
        assert seen.reason.params["user"] == ("a" if kind == "token" else "lee-jiwoo")
        assert seen.reason.params["until"].endswith("Z")


def test_the_token_of_a_plugin_is_told_too(api: FakeApi, tmp_path: Path) -> None:
    """Wherever it is from, it is the token that is sent."""
    version = "client.authentication.k8s.io/v1"
    given = {"apiVersion": version, "kind": "ExecCredential", "status": token(exp=NOW - 60)}
    script = tmp_path / "plugin.py"
    script.write_text(f"print({json.dumps(given)!r})", encoding="utf-8")
    plugin = {"apiVersion": version, "command": sys.executable, "args": [str(script)]}
    seen = refused(api, {"exec": {**plugin, "interactiveMode": "IfAvailable"}})
    assert seen.reason.id == "credentials-expired"


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [(-DAY, -HOUR, {"credentials-expired"}), (-DAY, DAY, {"tls-error", "unreachable"})],
)
def test_a_gateway_that_hangs_up_on_a_certificate(
    api: FakeApi, authority: Authority, since: timedelta, until: timedelta, expected: set[str]
) -> None:
    """It does not say why; with a certificate that has not ended, nobody knows."""
    context = api.server.socket.context  # type: ignore[attr-defined]
    context.verify_mode = ssl.CERT_REQUIRED
    if until < timedelta():
        context.load_verify_locations(cadata=authority.ca_pem.decode())
    user = pair(since, until, authority if until < timedelta() else None)
    connection, workers = connect(choose(api.kubeconfig(user)))
    assert why(Transport(connection, workers)).reason.id in expected


def test_a_certificate_is_read_as_a_library_reads_it() -> None:
    """Times before and after 2050 are written in two ways."""
    for until in (DAY, 60 * 365 * DAY):
        pem, _ = client_pair(-DAY, until)
        read = x509.load_pem_x509_certificate(pem)
        assert validity(pem) == (read.not_valid_before_utc, read.not_valid_after_utc)
        assert common_name(pem) == "lee-jiwoo"


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", b"\xff"]
)
def test_what_is_no_certificate_says_nothing(content: bytes) -> None:
    """It is refused elsewhere."""
    assert (validity(content), common_name(content)) == (None, None)
