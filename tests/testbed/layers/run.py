"""Install layers side by side and wait for them, each after the layers it needs.

Nothing here sleeps: every layer waits on its own conditions in its own thread, so the whole takes
as long as its slowest chain. When a layer fails, or on Ctrl-C, the others stop waiting at once.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .base import Layer
from .look import CANCELLED, Cancelled

if TYPE_CHECKING:
    from tests.testbed.node import Bed

Report = Callable[[str], None]
Step = Callable[[Layer], None]
Futures = dict[str, Future[None]]


class LayerFailed(RuntimeError):
    """A layer could not be installed or does not work."""


def closure(names: Iterable[str], known: Mapping[str, Layer]) -> list[Layer]:
    """The named layers and all they need, needs first."""
    found: dict[str, Layer] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"layers need each other in a circle: {' -> '.join((*path, name))}")
        if name in found:
            return
        layer = known[name]
        for need in layer.needs:
            visit(need, (*path, name))
        found[name] = layer

    for name in names:
        visit(name, ())
    return list(found.values())


def install(bed: Bed, layers: list[Layer], *, report: Report) -> None:
    """Apply the objects of all layers."""
    with _threads(len(layers)) as pool:
        futures = _submit(pool, layers, lambda layer: layer.install(bed), "installed", report)
        wait(futures.values())
    _collect(futures)


def settle(bed: Bed, layers: list[Layer], *, report: Report) -> None:
    """Wait until all layers work."""
    with _threads(len(layers)) as pool:
        futures = _submit(pool, layers, lambda layer: layer.wait(bed), "works", report)
        wait(futures.values())
    _collect(futures)


def install_and_settle(bed: Bed, layers: list[Layer], *, report: Report) -> None:
    """Both steps: a layer that is installed is waited for while others are still being installed."""
    with _threads(2 * len(layers)) as pool:
        installs = _submit(pool, layers, lambda layer: layer.install(bed), "installed", report)
        waits = _submit(pool, layers, lambda layer: layer.wait(bed), "works", report, after=installs)
        wait([*installs.values(), *waits.values()])
    _collect(installs)
    _collect(waits)


@contextmanager
def _threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that stop waiting when one of them fails or the caller is interrupted."""
    stop = threading.Event()
    before = CANCELLED.set(stop)
    with ThreadPoolExecutor(max(number, 1), "layer") as pool:
        try:
            yield pool
        except BaseException:
            stop.set()
            raise
        finally:
            CANCELLED.reset(before)


def _submit(
    pool: ThreadPoolExecutor,
    layers: list[Layer],
    step: Step,
    word: str,
    report: Report,
    *,
    after: Mapping[str, Future[None]] | None = None,
) -> Futures:
    """Start a step of each layer: after the same step of its needs and its own entry of `after`."""
    futures: Futures = {}

    def work(layer: Layer, wanted: list[Future[None]]) -> None:
        if any(future.exception() is not None for future in wanted):
            raise Cancelled(layer.name)
        started = time.monotonic()
        try:
            step(layer)
        except Cancelled:
            raise
        except BaseException as error:
            CANCELLED.get().set()
            report(f"{layer.name}: failed after {time.monotonic() - started:.1f} s: {error}")
            raise
        report(f"{layer.name}: {word} ({time.monotonic() - started:.1f} s)")

    for layer in layers:
        wanted = [futures[need] for need in layer.needs]
        if after is not None:
            wanted.append(after[layer.name])
        context = contextvars.copy_context()
        futures[layer.name] = pool.submit(context.run, work, layer, wanted)
    return futures


def _collect(futures: Mapping[str, Future[None]]) -> None:
    """Raise one error that names every layer that failed by itself, not those that were stopped for it."""
    errors = {name: error for name, future in futures.items() if (error := future.exception()) is not None}
    failed = {name: error for name, error in errors.items() if not isinstance(error, Cancelled)}
    if failed:
        text = "\n".join(f"{name}: {error}" for name, error in failed.items())
        raise LayerFailed(text) from next(iter(failed.values()))
