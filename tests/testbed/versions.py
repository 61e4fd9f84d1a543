"""Pinned versions of everything the testbed is made of: one table, read by the build.

The Go versions repeat what the go.mod files beside this module require, because a
version also names images and is stamped into the programs; a unit test keeps the two
equal. Debian's packages are not pinned: the distribution's own are taken.
"""

from __future__ import annotations

from typing import Final

KUBERNETES: Final = "1.34.4"
METRICS_SERVER: Final = "0.8.0"
PROMETHEUS_OPERATOR: Final = "0.85.0"
ARGOCD: Final = "3.2.11"
PROMETHEUS_ADAPTER: Final = "0.12.0"

COREDNS: Final = "1.15.0"
HELM: Final = "3.22.0"
KWOK: Final = "0.8.0"
NODE_EXPORTER: Final = "1.12.1"
PROMETHEUS: Final = "3.16.0"
ALERTMANAGER: Final = "0.34.2"

KEDA: Final = "2.21.0"
VPA: Final = "1.8.1"

CHAINSAW: Final = "0.2.12"
PAUSE: Final = "3.10"
# The tag that the course's metrics-app asks for; the program inside is a stand-in.
EXAMPLE_APP: Final = "0.3.0"

# The tag Argo CD's manifest asks for; the program inside is the distribution's.
REDIS_TAG: Final = "8.2.2-alpine"
# The tag the course's manifests ask for; the program inside is the distribution's.
NGINX_TAG: Final = "1.25"

GO_MINIMUM: Final = (1, 26)


def prometheus_module() -> str:
    """Return the Go module version of Prometheus: 3.16.0 is published as 0.316.0."""
    major, minor, patch = PROMETHEUS.split(".")
    return f"0.{major}{int(minor):02d}.{patch}"
