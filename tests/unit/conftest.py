"""Settings of the unit tests: property tests have no deadline, for a busy machine is not a fault."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("k8sgrade", deadline=None)
settings.load_profile("k8sgrade")
