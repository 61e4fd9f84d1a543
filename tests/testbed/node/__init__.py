"""The running part of the testbed: a real cluster in private namespaces of this machine.

Mount, network and process namespaces hold everything a cluster makes, so that several beds run
beside each other on the same addresses and one kill removes all of it.  Names are loaded when
first used: a bed's first process and its watcher are modules of this package and stay small.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import ApiError
    from .bed import Bed, CommandFailed
    from .settings import Settings
    from .start import attach, up
    from .state import BedError

__all__ = ["ApiError", "Bed", "BedError", "CommandFailed", "Settings", "attach", "up"]

_HOMES = {
    "ApiError": "api",
    "Bed": "bed",
    "BedError": "state",
    "CommandFailed": "bed",
    "Settings": "settings",
    "attach": "start",
    "up": "start",
}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that holds it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
