"""The kinds that a variable's `holding` may name."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from pytest_k8sgrade.cluster.resources import KNOWN


@functools.cache
def known_kinds() -> Mapping[str, tuple[str, str]]:
    """API version and kind by the kind's name in lower case; of namesakes the first that is known."""
    return {kind.lower(): (api_version, kind) for api_version, kind in reversed(KNOWN)}
