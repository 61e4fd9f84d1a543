"""What of the batch's environment a worker gets."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.batch.workers.isolated import clean_environment


@pytest.mark.parametrize(
    "name",
    [
        "PYTEST_ADDOPTS",
        "PYTEST_PLUGINS",
        "PY_COLORS",
        "PYTHONSTARTUP",
        "PYTHONWARNINGS",
        "KUBECONFIG",
        "KUBERNETES_SERVICE_HOST",
        "K8SGRADE_TESTBED_REUSE",
        "https_proxy",
        "HTTP_PROXY",
        "no_proxy",
        "SOCKS_PROXY",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "SSLKEYLOGFILE",
        "PROMETHEUS_URL",
    ],
)
def test_what_would_change_a_mark_is_dropped(name: str) -> None:
    """What pytest reads, the way to a cluster, and what is trusted on it."""
    assert clean_environment({name: "x"}) == {}


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "PYTHONPATH", "AWS_PROFILE"])
def test_what_programs_need_stays(name: str) -> None:
    """Credential plugins that a roster allows are programs, too."""
    assert clean_environment({name: "x"}) == {name: "x"}
