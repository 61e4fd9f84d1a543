"""A way to an API server: what it is to whoever sends requests, by whichever means it is made.

`plain_way` makes it of a kubeconfig that says all itself, `library_way` of any other, with the
kubernetes library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import urllib3


@dataclass(frozen=True, slots=True)
class Way:
    """A pool that has not connected yet, and who we are on it. Holds credentials: never show it.

    `authorization` gives the value of the header, None without one; it may ask again for
    credentials that have an end. `certificate` is the client's own, in PEM.
    """

    pool: urllib3.PoolManager
    authorization: Callable[[], str | None]
    certificate: bytes | None
    insecure: bool
    anonymous: bool
