"""Certificates and kubeconfigs of a bed, made afresh for every bed with the openssl program.

Elliptic curve keys throughout, two authorities (cluster and front proxy), one request per
certificate so that they can be made side by side.  Everything ends with the bed.
"""

from __future__ import annotations

import base64
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

DAYS = "30"
API = "https://127.0.0.1:6443"
MASTERS = "system:masters"


@dataclass(frozen=True)
class Wanted:
    """One certificate: file stem, common name, organisation, and the names a server answers to."""

    stem: str
    name: str
    group: str = ""
    alternatives: tuple[str, ...] = ()
    authority: str = "ca"

    @property
    def subject(self) -> str:
        """The distinguished name as openssl takes it."""
        return (f"/O={self.group}" if self.group else "") + f"/CN={self.name}"


def wanted(node: str, address: str, service: str) -> list[Wanted]:
    """The certificates of a cluster with one node; `service` is the API's address for pods."""
    names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
    api = tuple(f"DNS:{name}" for name in (*names, "kubernetes.default.svc.cluster.local"))
    api += tuple(f"IP:{one}" for one in ("127.0.0.1", address, service))
    return [
        Wanted("apiserver", "kube-apiserver", alternatives=api),
        Wanted("kubelet-server", node, alternatives=(f"DNS:{node}", f"IP:{address}", "IP:127.0.0.1")),
        Wanted("kubelet-client", "kube-apiserver-kubelet-client", MASTERS),
        Wanted("front-proxy-client", "front-proxy-client", authority="front-proxy-ca"),
        Wanted("admin", "kubernetes-admin", MASTERS),
        Wanted("controller-manager", "system:kube-controller-manager"),
        Wanted("scheduler", "system:kube-scheduler"),
        Wanted("proxy", "system:kube-proxy"),
        Wanted("kubelet", f"system:node:{node}", "system:nodes"),
        Wanted("kwok", "kwok", MASTERS),
    ]


def _configured(folder: Path) -> None:
    """A configuration of its own: the distribution's would add extensions that clash with ours."""
    (folder / "openssl.cnf").write_text("[req]\ndistinguished_name = dn\n[dn]\n", encoding="ascii")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


def _authority(folder: Path, stem: str) -> None:
    _request(folder, stem, f"/CN={stem}", ["basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign"])


def _certificate(folder: Path, want: Wanted) -> None:
    extensions = ["basicConstraints=critical,CA:FALSE", "keyUsage=digitalSignature"]
    extensions.append("extendedKeyUsage=" + ("serverAuth" if want.alternatives else "clientAuth"))
    if want.alternatives:
        extensions.append("subjectAltName=" + ",".join(want.alternatives))
    _request(folder, want.stem, want.subject, extensions, want.authority)


def _request(folder: Path, stem: str, subject: str, extensions: list[str], authority: str = "") -> None:
    """One key and one certificate; signed by itself without an authority."""
    signer = ["-CA", f"{authority}.crt", "-CAkey", f"{authority}.key"] if authority else []
    added = [part for extension in extensions for part in ("-addext", extension)]
    _openssl(
        folder,
        *("req", "-x509", "-config", "openssl.cnf", "-days", DAYS, "-subj", subject),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"),
        *("-keyout", f"{stem}.key", "-out", f"{stem}.crt"),
        *signer,
        *added,
    )


def make(folder: Path, *, node: str, address: str, service: str) -> None:
    """Write all keys, certificates and kubeconfigs into `folder`."""
    folder.mkdir(mode=0o700)
    _configured(folder)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda stem: _authority(folder, stem), ("ca", "front-proxy-ca")))
        wants = wanted(node, address, service)
        made = [pool.submit(_certificate, folder, want) for want in wants]
        made.append(pool.submit(_service_accounts, folder))
        for future in made:
            future.result()
    for want in wants:
        if want.authority == "ca" and not want.alternatives:
            kubeconfig(folder, want.stem, folder / f"{want.stem}.kubeconfig")


def serving(folder: Path, name: str) -> None:
    """Write an authority `ca` and what a server of this name serves with, `server`, into a folder."""
    _configured(folder)
    _authority(folder, "ca")
    _certificate(folder, Wanted("server", name, alternatives=(f"DNS:{name}",)))


def _service_accounts(folder: Path) -> None:
    """The key pair that signs ServiceAccount tokens."""
    curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    _openssl(folder, "genpkey", *curve, "-out", "service-accounts.key")
    _openssl(folder, "pkey", "-in", "service-accounts.key", "-pubout", "-out", "service-accounts.pub")


def kubeconfig(folder: Path, stem: str, file: Path) -> None:
    """A kubeconfig with the certificate and key of `stem` inside."""
    user = {
        "client-certificate-data": encoded(folder / f"{stem}.crt"),
        "client-key-data": encoded(folder / f"{stem}.key"),
    }
    write_kubeconfig(folder, file, stem, user)


def write_kubeconfig(folder: Path, file: Path, name: str, user: dict[str, str]) -> None:
    """A kubeconfig (JSON is YAML) for any kind of user."""
    cluster = {"server": API, "certificate-authority-data": encoded(folder / "ca.crt")}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "testbed", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": name}}],
        "current-context": "testbed",
    }
    new = file.with_name(file.name + ".new")
    new.write_text(json.dumps(config, indent=1), encoding="ascii")
    new.chmod(0o600)
    new.replace(file)


def encoded(file: Path) -> str:
    """A file's content as kubeconfigs hold it."""
    return base64.b64encode(file.read_bytes()).decode("ascii")
