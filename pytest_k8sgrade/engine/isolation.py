"""A pytest run inside this process that neither sees its surroundings nor leaves a trace.

`grading` runs one per grade. What pytest changes for the whole process is either
switched off (fault handler, exception hooks, capture, logging) or put back (environment,
working folder, warning filters). One at a time: that state is the process's.
"""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

SWITCHED_OFF = (
    "cacheprovider",
    "capture",
    "debugging",
    "doctest",
    "faulthandler",
    "junitxml",
    "legacypath",
    "logging",
    "pastebin",
    "setuponly",
    "setupplan",
    "subtests",
    "terminal",
    "threadexception",
    "unittest",
    "unraisableexception",
    "warnings",
)
"""Parts of pytest that look for tests of other kinds, write somewhere, or change the process."""

_PLACE = Path(__file__).parent
_OPTIONS = [
    "-c",
    os.devnull,
    f"--rootdir={_PLACE}",
    "--noconftest",
    "--disable-plugin-autoload",
    "--assert=plain",
    *(option for name in SWITCHED_OFF for option in ("-p", f"no:{name}")),
    str(_PLACE),
]
_ALONE = threading.RLock()


def run_pytest(plugin: object) -> int:
    """Run pytest with this plugin only and return its exit code; what it printed is thrown away."""
    with _ALONE, _environment(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return int(pytest.main([*_OPTIONS], plugins=[plugin]))


@contextmanager
def _environment() -> Iterator[None]:
    """Without pytest's variables, and afterwards with all of them as before."""
    names = [name for name in os.environ if name.startswith(("PYTEST_", "PY_COLORS"))]
    kept = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("PYTEST_")]:
            del os.environ[name]
        os.environ.update(kept)
