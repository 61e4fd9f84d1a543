"""What all tests share: pytest's own harness for plugins, and how property tests are drawn.

Property tests have no deadline, for a busy machine is not a fault, and in CI they draw the
same examples every time.
"""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["pytester"]

settings.register_profile("k8sgrade", deadline=None)
settings.register_profile("k8sgrade-ci", deadline=None, derandomize=True, database=None)
settings.load_profile("k8sgrade-ci" if os.environ.get("CI") else "k8sgrade")
