"""Install layers side by side and wait for them, each after the layers it needs.

Nothing here sleeps: every layer waits on its own conditions in its own thread, so the whole takes
as long as its slowest chain. A layer that fails does not stop its neighbours; those that need it
fail at once and say so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from .base import Layer

if TYPE_CHECKING:
    from tests.testbed.node import Bed

Report = Callable[[str], None]


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
    in_order(layers, lambda layer: layer.install(bed), "installed", report)


def settle(bed: Bed, layers: list[Layer], *, report: Report) -> None:
    """Wait until all layers work."""
    in_order(layers, lambda layer: layer.wait(bed), "works", report)


def install_and_settle(bed: Bed, layers: list[Layer], *, report: Report) -> None:
    """Both steps, where a layer that is installed is waited for while others are still being installed."""
    with ThreadPoolExecutor(2 * len(layers) or 1) as pool:
        installs = submit(pool, layers, lambda layer: layer.install(bed), "installed", report, {})
        waits = submit(pool, layers, lambda layer: layer.wait(bed), "works", report, installs)
    collect({**{f"{name} (install)": done for name, done in installs.items()}, **waits})


def in_order(layers: list[Layer], step: Callable[[Layer], None], word: str, report: Report) -> None:
    """One step of all layers, side by side."""
    with ThreadPoolExecutor(len(layers) or 1) as pool:
        futures = submit(pool, layers, step, word, report, {})
    collect(futures)


def submit(
    pool: ThreadPoolExecutor,
    layers: list[Layer],
    step: Callable[[Layer], None],
    word: str,
    report: Report,
    before: Mapping[str, Future[None]],
) -> dict[str, Future[None]]:
    """Start a step of each layer: after the same step of its needs and its own entry of `before`."""
    futures: dict[str, Future[None]] = {}

    def work(layer: Layer, wanted: list[Future[None]]) -> None:
        for future in wanted:
            if future.exception() is not None:
                raise LayerFailed(f"not tried, because what {layer.name} needs has failed")
        started = time.monotonic()
        try:
            step(layer)
        except BaseException as error:
            report(f"{layer.name}: failed after {time.monotonic() - started:.1f} s: {error}")
            raise
        report(f"{layer.name}: {word} ({time.monotonic() - started:.1f} s)")

    for layer in layers:
        wanted = [futures[need] for need in layer.needs]
        if layer.name in before:
            wanted.append(before[layer.name])
        futures[layer.name] = pool.submit(work, layer, wanted)
    return futures


def collect(futures: Mapping[str, Future[None]]) -> None:
    """Raise one error that names every layer that failed."""
    failed = {name: error for name, future in futures.items() if (error := future.exception()) is not None}
    if failed:
        text = "\n".join(f"{name}: {error}" for name, error in failed.items())
        raise LayerFailed(text) from next(iter(failed.values()))
