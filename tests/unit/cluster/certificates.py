"""Throw-away certificates for the fake API server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """A certificate authority and a server certificate for one host, with its key, as a file."""

    ca_pem: bytes
    server_pem: Path
    client_pem: bytes
    client_key: bytes
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def make_authority(
    folder: Path, *, valid_for: timedelta = timedelta(days=1), host: str = "127.0.0.1"
) -> Authority:
    """A new authority; a negative `valid_for` makes an expired server certificate."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("fake-ca", ca_key, None, valid_for=timedelta(days=1))
    key = ec.generate_private_key(ec.SECP256R1())
    server = _certificate("kube-apiserver", key, (ca, ca_key), valid_for=valid_for, host=host)
    client_key = ec.generate_private_key(ec.SECP256R1())
    client = _certificate("kim-minji", client_key, (ca, ca_key), valid_for=timedelta(days=1))
    path = folder / "server.pem"
    path.write_bytes(_key(key) + _pem(server))
    return Authority(_pem(ca), path, _pem(client), _key(client_key), (ca, ca_key))


def client_pair(
    since: timedelta, until: timedelta, authority: Authority | None = None
) -> tuple[bytes, bytes]:
    """A client certificate of that time from now on, with its key; of the authority or of none."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.issuer if authority else None
    made = _certificate("lee-jiwoo", key, issuer, valid_for=until, since=since)
    return _pem(made), _key(key)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    *,
    valid_for: timedelta,
    since: timedelta = timedelta(days=-2),
    host: str | None = None,
) -> x509.Certificate:
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "lab"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + valid_for)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if host is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(host)]), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256())


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
