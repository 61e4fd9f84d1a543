"""Building the testbed's parts out of package registries: Go modules and Debian packages.

``build`` makes what is missing or out of date, families side by side, and prints where
the time went; ``artifacts`` hands out what is there. Nothing is written outside the
cache folder, apart from Debian packages that the machine itself lacks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial

from tests.testbed import host, preflight
from tests.testbed.errors import BuildError, CommandFailed, NotBuilt, NotPossible
from tests.testbed.paths import Cache

from . import debian, golang, manifests
from .artifacts import Artifacts, artifacts, missing, tell
from .children import Children
from .components import BASE, GROUPS, PROGRAMS, GoProgram, expand
from .golang import Report
from .images import components_of, image
from .prune import prune
from .stamps import Stamp
from .table import table

__all__ = [
    "GROUPS",
    "Artifacts",
    "BuildError",
    "CommandFailed",
    "NotBuilt",
    "NotPossible",
    "artifacts",
    "build",
    "components_of",
    "image",
    "missing",
    "prune",
]


def build(components: Iterable[str] = ("all",), *, report: Report = tell) -> Artifacts:
    """Build components and groups that are not up to date; return what there is.

    Takes about a second when nothing has changed. Raises ValueError for an unknown
    name, NotPossible if the machine lacks something, CommandFailed if a build fails.
    """
    wanted = expand(components)
    cache = Cache.default()
    _ready_machine(wanted, cache, report)
    started = time.monotonic()
    stamps = _build_all(wanted, cache, report)
    manifests.extract(wanted, cache, report)
    for line in table(stamps, time.monotonic() - started):
        report(line)
    return Artifacts(cache.root, report)


def _ready_machine(wanted: frozenset[str], cache: Cache, report: Report) -> None:
    """Install missing host packages if that is possible; raise NotPossible for the rest."""
    machine = preflight.inspect()
    if preflight.can_be_installed(machine):
        packages = list(machine.missing_packages)
        report(f"host: installing Debian packages: {', '.join(packages)}")
        host.install(packages)
        machine = preflight.inspect()
    found = preflight.problems(machine, to_build=bool(missing(wanted, cache)))
    if found:
        raise NotPossible(preflight.message(found))


def _build_all(wanted: frozenset[str], cache: Cache, report: Report) -> dict[str, Stamp]:
    chain, children = golang.toolchain(cache), Children()
    jobs: list[Callable[[], dict[str, Stamp]]] = [
        partial(golang.build_family, family, members, cache, report, chain=chain, children=children)
        for family, members in _families(wanted).items()
    ]
    if BASE in wanted:
        jobs.append(lambda: {BASE: debian.build(cache, report, children)})
    done: dict[str, Stamp] = {}
    failures: list[BaseException] = []
    with ThreadPoolExecutor(max(1, len(jobs))) as pool:
        futures: list[Future[dict[str, Stamp]]] = [pool.submit(job) for job in jobs]
        try:
            for future in as_completed(futures):
                if error := future.exception():
                    report(f"build: {error}")
                    failures.append(error)
                else:
                    done |= future.result()
        except BaseException:
            children.stop()
            raise
    if failures:
        raise failures[0]
    return done


def _families(wanted: frozenset[str]) -> dict[str, list[GoProgram]]:
    """Group the wanted programs by family, each in the order of the table."""
    families: dict[str, list[GoProgram]] = {}
    for program in PROGRAMS:
        if program.name in wanted:
            families.setdefault(program.family, []).append(program)
    return families
