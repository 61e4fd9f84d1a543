"""Whose kubeconfig it is decides what it may do: texts, permissions, files, addresses."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from pytest_k8sgrade.cluster import FOREIGN, OWN, PERMISSIONS, Cluster, Inline, connect, foreign
from pytest_k8sgrade.cluster.addresses import refused_place
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.errors import KubeconfigFault, UsageFault
from tests.unit.cluster.fake import FakeApi


def test_a_text_is_a_kubeconfig(api: FakeApi) -> None:
    """With the name that messages call it by, and without its content in any of them."""
    text = yaml.safe_dump(api.document())
    source = connect(Inline(text, "line 3"), policy=foreign(["loopback"]))
    assert Cluster(source.view()).server_version == "v1.34.4"
    source.close()
    with pytest.raises(KubeconfigFault, match="kubeconfig line 3: no context 'none'"):
        choose(Inline(text, "line 3"), "none")
    assert "planted" not in repr(Inline(text, "line 3"))


def test_nobody_is_graded_with_ones_own_kubeconfig(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hand-in without a kubeconfig does not get the one of the environment."""
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig()))
    assert choose().context == "lab"
    with pytest.raises(KubeconfigFault, match="none was given"):
        choose(policy=FOREIGN)


def test_permissions_are_named() -> None:
    """One name for each thing, and an unknown one is told with those that there are."""
    assert foreign() == FOREIGN
    assert foreign(["loopback", "insecure-tls"]).insecure_tls
    everything = foreign(PERMISSIONS)
    assert everything != OWN
    assert not everything.unknown_keys
    with pytest.raises(UsageFault, match=r"allow 'all'.*plugins, files, insecure-tls"):
        foreign(["all", "files"])


def test_files_that_are_allowed_lie_beside_the_kubeconfig(api: FakeApi, tmp_path: Path) -> None:
    """As kubectl finds them, whatever the working folder is."""
    document = api.document({"client-certificate": "client.pem", "client-key": "client.key"})
    authority = document["clusters"][0]["cluster"].pop("certificate-authority-data")
    document["clusters"][0]["cluster"]["certificate-authority"] = "ca.pem"
    (tmp_path / "ca.pem").write_bytes(base64.b64decode(authority))
    (tmp_path / "client.pem").write_bytes(api.authority.client_pem)
    (tmp_path / "client.key").write_bytes(api.authority.client_key)
    place = tmp_path / "theirs"
    place.write_text(yaml.safe_dump(document), encoding="utf-8")
    source = connect(place, policy=foreign(["loopback", "files"]))
    assert source.facts.identity == "kim-minji"
    assert Cluster(source.view()).server_version == "v1.34.4"
    source.close()


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "203.0.113.7", "fd12::1", "2001:db8::1"])
def test_clusters_live_in_private_networks_too(address: str) -> None:
    """Only this machine and what answers on its link are out of reach."""
    assert refused_place(address, FOREIGN) is None


@pytest.mark.parametrize(("address", "place"), [("127.0.0.1", "loopback"), ("169.254.169.254", "link-local")])
def test_what_is_allowed_is_that_alone(address: str, place: str) -> None:
    """Loopback does not open the metadata service, nor the other way round."""
    other = ({"loopback", "link-local"} - {place}).pop()
    assert refused_place(address, foreign([other])) == place
    assert refused_place(address, foreign([place])) is None


@pytest.mark.parametrize("proxy", ["1e+308", "127.0.0.1:8080"])
def test_a_proxy_that_is_none_is_told(api: FakeApi, proxy: str) -> None:
    """The library would end in a traceback."""
    with pytest.raises(KubeconfigFault, match="the kubernetes library refuses it"):
        connect(api.kubeconfig(cluster={"proxy-url": proxy}))


def test_a_proxy_that_looks_up_names_is_not_for_others(api: FakeApi) -> None:
    """Where SOCKS leads nobody here can check."""
    with pytest.raises(KubeconfigFault, match="must begin with http"):
        connect(
            api.kubeconfig(cluster={"proxy-url": "socks5h://127.0.0.1:1"}),
            policy=foreign(["loopback", "proxy"]),
        )
