"""The way to a Dask cluster: its scheduler, whether anybody works there, and whether as we do.

What is wrong is one clean message; the client's own log, which tells the same in tracebacks,
is silent meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from distributed import Client, Security
from distributed.comm.addressing import normalize_address
from distributed.comm.core import connect

from pytest_k8sgrade.batch.distributed.station import About, about
from pytest_k8sgrade.errors import UsageFault

CONNECT_S: Final = 10.0
WORKERS_S: Final = 30.0
"""Seconds until a scheduler must have answered, and until it must have a worker."""

_LABELS: Final = {
    "tool": "pytest-k8sgrade",
    "python": "Python",
    "dask": "distributed",
    "digest": "rubric",
}


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of the scheduler, which has at least one worker; raises `UsageFault`."""
    with _quiet():
        try:
            asyncio.run(_answer(address))
            client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except Exception as error:  # of another version may be anything that the library stumbles over
            raise UsageFault(
                f"no Dask scheduler answers at {address!r} as version {version('distributed')} does "
                f"({_first_line(error)}); start one with `dask scheduler`, or leave out "
                "--engine and --scheduler"
            ) from error
        try:
            _require_worker(client, address)
            yield client
        finally:
            client.close(timeout=CONNECT_S)


def require_same(client: Client, address: str, wanted: About, lab: str | None) -> None:
    """Every worker must grade as this machine does; raises `UsageFault` with those that would not.

    `lab` is the name of the rubric where it is one that is installed.
    """
    found = client.run(about, lab, on_error="return")
    faults = [
        f"{worker}: {_difference(answer, wanted)}"
        for worker, answer in sorted(found.items())
        if answer != wanted
    ]
    if faults:
        raise UsageFault(
            f"not all workers of {address!r} would grade as this machine does:\n  "
            + "\n  ".join(faults)
            + "\ninstall the same versions there, or leave --engine and --scheduler out"
        )


async def _answer(address: str) -> None:
    """Shake hands with the scheduler; a client that cannot leaves threads that stay for half a minute."""
    connection = await connect(
        normalize_address(address), timeout=CONNECT_S, **Security().get_connection_args("client")
    )
    connection.abort()


def _require_worker(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        raise UsageFault(
            f"the Dask scheduler {address!r} has no workers; "
            f"start some with `dask worker {address}`, or leave --engine and --scheduler out"
        ) from None


def _difference(found: object, wanted: About) -> str:
    if not isinstance(found, About):
        return f"it has no such pytest-k8sgrade ({type(found).__name__}: {found})"
    differing = [name for name in _LABELS if getattr(found, name) != getattr(wanted, name)]
    return "; ".join(
        f"{_LABELS[name]} {getattr(found, name)}, here {getattr(wanted, name)}" for name in differing
    )


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if _of_dask(name)]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _of_dask(name: str) -> bool:
    return name.partition(".")[0] in ("distributed", "tornado")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
