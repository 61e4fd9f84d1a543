"""The cluster's own programs and their arguments: what runs on a bed outside of pods.

Pure tables: nothing is started here.  Arguments that are not obvious carry their reason.
"""

from __future__ import annotations

from pathlib import Path

from tests.testbed.build import Artifacts

from . import network
from .settings import Layout, Settings

CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def etcd(layout: Layout) -> list[str]:
    """The store; plain HTTP, because nobody else is in the bed's network."""
    client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    return [
        f"--data-dir={layout.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def kube_apiserver(pki: Path) -> list[str]:
    """The API server, with what extension API servers and reaching into pods need."""
    return [
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={network.NODE_IP}",  # one that pods can reach
        f"--service-cluster-ip-range={network.SERVICES}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        # Debian's etcd cannot report progress; clients offered streamed lists would retry for seconds
        "--feature-gates=WatchList=false",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--kubelet-client-certificate={pki}/kubelet-client.crt",
        f"--kubelet-client-key={pki}/kubelet-client.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",  # node names do not resolve
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki}/service-accounts.pub",
        f"--service-account-signing-key-file={pki}/service-accounts.key",
        "--enable-aggregator-routing=true",
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
        f"--proxy-client-key-file={pki}/front-proxy-client.key",
    ]


def kube_controller_manager(pki: Path, settings: Settings) -> list[str]:
    """The controllers; with the default rate limit their own start alone takes 5 seconds."""
    return [
        f"--kubeconfig={pki}/controller-manager.kubeconfig",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={pki}/service-accounts.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        f"--kube-api-qps={settings.qps}",
        f"--kube-api-burst={2 * settings.qps}",
        f"--horizontal-pod-autoscaler-sync-period={settings.hpa_sync}",
        f"--horizontal-pod-autoscaler-downscale-stabilization={settings.hpa_down_window}",
        f"--horizontal-pod-autoscaler-cpu-initialization-period={settings.hpa_cpu_initialization}",
        f"--horizontal-pod-autoscaler-initial-readiness-delay={settings.hpa_initial_readiness}",
    ]


def kubelet(layout: Layout) -> list[str]:
    """The node's agent."""
    return [
        f"--config={layout.config}/kubelet.json",
        f"--kubeconfig={layout.pki}/kubelet.kubeconfig",
        f"--root-dir={layout.folder / 'kubelet'}",
        f"--hostname-override={network.NODE}",
        f"--node-ip={network.NODE_IP}",
    ]


def kwok(layout: Layout, artifacts: Artifacts) -> list[str]:
    """Plays kubelet for the nodes of a control plane without one."""
    return [
        f"--kubeconfig={layout.pki}/kwok.kubeconfig",
        f"--config={artifacts.manifest('kwok/stage-fast.yaml')}",
        "--manage-all-nodes=true",
        f"--node-ip={network.NODE_IP}",
        "--server-address=127.0.0.1:10247",
    ]


def command(name: str, layout: Layout, settings: Settings, artifacts: Artifacts) -> list[str]:
    """The whole command line of one program."""
    config = layout.config
    tables = {
        "etcd": lambda: etcd(layout),
        "containerd": lambda: [f"--config={config}/containerd.toml"],
        "kube-apiserver": lambda: kube_apiserver(layout.pki),
        "kube-controller-manager": lambda: kube_controller_manager(layout.pki, settings),
        "kube-scheduler": lambda: [f"--config={config}/scheduler.json", "--bind-address=127.0.0.1"],
        "kubelet": lambda: kubelet(layout),
        "kube-proxy": lambda: [f"--config={config}/proxy.json"],
        "kwok": lambda: kwok(layout, artifacts),
    }
    return [str(artifacts.binary(name)), *tables[name](), *settings.extra.get(name, ())]


def environment(layout: Layout, artifacts: Artifacts) -> dict[str, str]:
    """A clean environment: no proxies and no settings of whoever starts the bed."""
    own = {str(artifacts.binary(name).parent): None for name in ("kubectl", "kube-apiserver")}
    return {
        "PATH": ":".join([*own, SYSTEM_PATH]),
        "HOME": str(layout.folder),
        "TMPDIR": str(layout.folder / "tmp"),
        "LANG": "C.UTF-8",
    }
