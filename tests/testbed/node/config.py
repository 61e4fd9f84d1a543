"""Configuration files of the cluster's programs, written once before a bed starts.

JSON wherever a program takes YAML, so that nothing beyond the standard library is needed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import network
from .programs import CONTAINERD_SOCKET
from .settings import Layout, Settings


def containerd(layout: Layout, *, pause: str, runc: Path, plugins: Path) -> str:
    """Settings of containerd (TOML)."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    unused = ("aufs", "btrfs", "devmapper", "zfs")
    disabled = [f"io.containerd.snapshotter.v1.{name}" for name in unused]
    disabled.append("io.containerd.internal.v1.opt")  # it would make /opt/containerd
    # Lowering a process's OOM score needs CAP_SYS_RESOURCE, which root may lack.
    return f"""\
version = 2
root = "{layout.containerd}"
state = "/run/containerd"
disabled_plugins = {json.dumps(disabled)}
[grpc]
address = "{CONTAINERD_SOCKET}"
[{cri}]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
[{cri}.containerd]
snapshotter = "overlayfs"
[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[{cri}.containerd.runtimes.runc.options]
BinaryName = "{runc}"
SystemdCgroup = false
[{cri}.cni]
bin_dir = "{plugins}"
conf_dir = "{layout.config}/cni"
"""


def pod_network() -> dict[str, Any]:
    """The container network: pods on the bed's bridge."""
    bridge = {
        "type": "bridge",
        "bridge": network.BRIDGE,
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": network.PODS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]}


def kubelet(layout: Layout, settings: Settings) -> dict[str, Any]:
    """Settings of the kubelet."""
    limit = "1%"
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{layout.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{layout.pki}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{layout.pki}/kubelet-server.key",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDNS": [network.DNS_IP],
        "clusterDomain": "cluster.local",
        "resolvConf": f"{layout.config}/resolv.conf",
        "volumePluginDir": f"{layout.folder}/volume-plugins",
        # mounted Secrets and ConfigMaps follow a change only at this pace
        "syncFrequency": settings.kubelet_sync,
        "kubeAPIQPS": settings.qps,
        "kubeAPIBurst": 2 * settings.qps,
        "eventRecordQPS": 0,
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": limit,
            "nodefs.inodesFree": limit,
            "imagefs.available": limit,
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
    }


def scheduler(layout: Layout, settings: Settings) -> dict[str, Any]:
    """Settings of the scheduler."""
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {
            "kubeconfig": f"{layout.pki}/scheduler.kubeconfig",
            "qps": settings.qps,
            "burst": 2 * settings.qps,
        },
    }


def proxy(layout: Layout) -> dict[str, Any]:
    """Settings of kube-proxy; connection tracking is the machine's and stays as it is."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "bindAddress": "127.0.0.1",
        "hostnameOverride": network.NODE,
        "clientConnection": {"kubeconfig": f"{layout.pki}/proxy.kubeconfig"},
        "clusterCIDR": network.PODS,
        "detectLocalMode": "ClusterCIDR",
        "iptables": {"minSyncPeriod": "100ms"},
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }


def write(layout: Layout, settings: Settings) -> None:
    """Write every file but containerd's; those of programs that a tier does not run do no harm."""
    (layout.config / "cni").mkdir(parents=True)
    documents = {
        "cni/10-pods.conflist": pod_network(),
        "kubelet.json": kubelet(layout, settings),
        "scheduler.json": scheduler(layout, settings),
        "proxy.json": proxy(layout),
    }
    for name, document in documents.items():
        (layout.config / name).write_text(json.dumps(document, indent=1), encoding="utf-8")
    # pods that follow the node's resolver find none: a bed has no way out
    (layout.config / "resolv.conf").write_text("search .\n", encoding="ascii")


def write_containerd(layout: Layout, *, pause: str, runc: Path, plugins: Path) -> None:
    """Write containerd's settings, which name programs of the node tier."""
    text = containerd(layout, pause=pause, runc=runc, plugins=plugins)
    (layout.config / "containerd.toml").write_text(text, encoding="utf-8")
