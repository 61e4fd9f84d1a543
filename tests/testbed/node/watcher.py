"""Waits outside a bed until it has ended, however it ended, and sweeps what is left of it.

A separate, tiny process in a session of its own: a bed may be killed together with the command
that started it.  Should the watcher be killed too, the next testbed command sweeps.
"""

from __future__ import annotations

import argparse
import select
from pathlib import Path

from .state import Place, clean, holding, load


def main() -> None:
    """Wait for the processes whose pidfds are given, then sweep the bed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=Path)
    parser.add_argument("name")
    parser.add_argument("handles", type=int, nargs="+")
    options = parser.parse_args()
    place = Place(options.runs, options.name)
    mine = load(place)
    for handle in options.handles:
        select.select([handle], [], [])
    with holding(place, timeout=5) as held:
        now = load(place)
        if held and mine is not None and now is not None and now.init == mine.init:
            clean(place)


if __name__ == "__main__":
    main()
