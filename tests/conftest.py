"""What all tests share: pytest's own harness for plugins, and how property tests are drawn.

Property tests have no deadline, for a busy machine is not a fault, and in CI they draw the
same examples every time. Where a shell started the tests in the background it has them ignore
Ctrl-C, and so would the processes that some tests interrupt.
"""

from __future__ import annotations

import os
import signal

from hypothesis import settings

pytest_plugins = ["pytester"]

settings.register_profile("k8sgrade", deadline=None)
settings.register_profile("k8sgrade-ci", deadline=None, derandomize=True, database=None)
settings.load_profile("k8sgrade-ci" if os.environ.get("CI") else "k8sgrade")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
