"""The settings that a bed's programs get: what tests rely on being there."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testbed.node import certs, config, dns, network, programs
from tests.testbed.node.settings import Layout, Settings


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """The layout of a bed that is never started."""
    return Layout(tmp_path, "k8sgrade-unit")


def test_hpa_flags_follow_the_settings(layout: Layout) -> None:
    """The windows of the HPA controller are what the settings say; the defaults are fast."""
    argv = programs.kube_controller_manager(layout.pki, Settings(hpa_down_window="300s"))
    assert "--horizontal-pod-autoscaler-downscale-stabilization=300s" in argv
    assert "--horizontal-pod-autoscaler-sync-period=2s" in argv


def test_config_files_are_written(layout: Layout) -> None:
    """The kubelet follows mounted objects quickly and keeps to the bed's own control group."""
    config.write(layout, Settings())
    kubelet = json.loads((layout.config / "kubelet.json").read_text())
    assert kubelet["syncFrequency"] == "5s"
    assert kubelet["cgroupRoot"] == "/k8sgrade-unit"
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert (layout.config / "cni" / "10-pods.conflist").exists()


def test_containerd_config_names_its_root(layout: Layout) -> None:
    """Every bed's containerd works on a root of its own."""
    text = config.containerd(layout, pause="pause:1", runc=Path("/x/runc"), plugins=Path("/x/cni"))
    assert f'root = "{layout.containerd}"' in text
    assert 'sandbox_image = "pause:1"' in text
    assert "restrict_oom_score_adj = true" in text


def test_dns_selects_its_own_pods() -> None:
    """The DNS Service has the address that pods are told, and selects the Deployment's pods."""
    things = {path.rpartition("/")[2]: thing for path, thing in dns.documents("coredns:1")}
    service, deployment = things["services"]["spec"], things["deployments"]["spec"]
    assert service["clusterIP"] == network.DNS_IP
    assert service["selector"] == deployment["template"]["metadata"]["labels"]


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("openssl"), reason="beds are Linux only and need openssl 3"
)
def test_certificates(layout: Layout) -> None:
    """Every certificate is signed by its authority, and keys are for their owner only."""
    certs.make(layout.pki, node="node-1", address="198.18.0.1", service="10.96.0.1")
    for want in certs.wanted("node-1", "198.18.0.1", "10.96.0.1"):
        files = [str(layout.pki / f"{stem}.crt") for stem in (want.authority, want.stem)]
        subprocess.run(["openssl", "verify", "-CAfile", *files], check=True, capture_output=True)
        assert stat.S_IMODE((layout.pki / f"{want.stem}.key").stat().st_mode) == 0o600
    admin = json.loads((layout.pki / "admin.kubeconfig").read_text())
    assert admin["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
