"""Waits outside a bed until it has ended, however it ended, and sweeps what is left of it.

A separate, tiny process in a session of its own: a bed may be killed together with the command
that started it.  It starts before anything that has to be swept, and waits for the bed's lock,
which the command holds while it starts the bed and the bed's first process afterwards.  Should the
watcher be killed too, the next testbed command sweeps.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .state import Place, clean, inherit, load


def main() -> None:
    """Wait for the end of the bed with the given control group, then sweep it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=Path)
    parser.add_argument("name")
    parser.add_argument("cgroup")
    options = parser.parse_args()
    place = Place(options.runs, options.name)
    with inherit(place) as mine:
        state = load(place) if mine else None
        if state is not None and state.cgroup == options.cgroup:
            clean(place)


if __name__ == "__main__":
    main()
