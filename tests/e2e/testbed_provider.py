"""The testbed as a provider of pytest-kubernetes, for tests of a course's own CI.

A copy of the course's folder gets a conftest that takes `k8s_manager` from here, so that its test
file runs as it stands. The library has no way to register a provider, hence the fixture. The
manager gives out a copy of the administrator's kubeconfig and leaves the bed as it is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from pytest_kubernetes.options import ClusterOptions
from pytest_kubernetes.providers import AClusterManager

BED = "K8SGRADE_BED_KUBECONFIG"
"""Names the administrator's kubeconfig of the bed inside of which the tests run."""


class TestbedManager(AClusterManager):  # type: ignore[misc]  # the library is untyped
    """One running bed."""

    __test__ = False

    @classmethod
    def get_binary_name(cls) -> str:
        """Any program that is there: the library insists on one."""
        return "kubectl"

    def _on_create(self, cluster_options: ClusterOptions, **_options: Any) -> None:
        """Give out the kubeconfig."""
        shutil.copyfile(os.environ[BED], cluster_options.kubeconfig_path)

    def _on_delete(self) -> None:
        """The bed is the test's, not the library's."""

    def load_image(self, image: str) -> None:
        """The images are there already."""


@pytest.fixture(scope="session")
def k8s_manager() -> Callable[[], type[AClusterManager]]:
    """In place of the library's own: its default provider is the testbed."""
    return lambda: TestbedManager
