"""The table at the end of a build: what is there, how large, how long it once took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .stamps import Stamp


def table(built: Mapping[str, Stamp], seconds: float) -> Iterator[str]:
    """Yield the lines of the table, largest effort first, with the time of this call last."""
    if not built:
        return
    width = max(len(name) for name in built)
    yield f"{'component':<{width}}  {'version':<10}  {'built in':>9}  {'size':>8}"
    for name, stamp in sorted(built.items(), key=lambda item: (-item[1].seconds, item[0])):
        yield f"{name:<{width}}  {stamp.version:<10}  {stamp.seconds:>7.1f} s  {stamp.size / 1e6:>5.0f} MB"
    total = sum(stamp.seconds for stamp in built.values())
    yield f"{len(built)} components, {total:.0f} s of building summed, this call {seconds:.1f} s"
