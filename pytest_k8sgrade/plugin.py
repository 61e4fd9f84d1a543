"""The pytest plugin: a table of contents.

Options are declared here; everything that grades is imported only when
`--k8s-grade` is given, because every pytest run of the environment loads this
file. It imports pytest and the standard library, nothing else.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_k8sgrade.run.hooks import GradeRun

RUN_KEY: pytest.StashKey[GradeRun] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; all are dormant without `--k8s-grade`."""
    group = parser.getgroup("k8sgrade", "grading Kubernetes labs")
    group.addoption(
        "--k8s-grade",
        metavar="LAB",
        help="grade the cluster against a rubric: the name of a lab or the path of a rubric file",
    )
    group.addoption(
        "--k8s-grade-kubeconfig",
        metavar="FILE",
        help="kubeconfig of the cluster (default: $KUBECONFIG, then ~/.kube/config)",
    )
    group.addoption(
        "--k8s-grade-context",
        metavar="NAME",
        help="context of the kubeconfig (default: its current context)",
    )
    group.addoption(
        "--k8s-grade-from", metavar="EVIDENCE", help="grade recorded evidence instead of a cluster"
    )
    group.addoption(
        "--k8s-grade-record",
        metavar="EVIDENCE",
        help="write what the verdicts rest on to this file, without secrets",
    )
    group.addoption(
        "--k8s-grade-answers",
        metavar="FILE",
        help="grade the answers to a rubric's questions; `k8sgrade theory` writes the file to fill in",
    )
    group.addoption(
        "--k8s-grade-student",
        metavar="ID",
        help="whose answers they must be (default: those of the id that the file names)",
    )
    group.addoption(
        "--k8s-grade-set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="set a variable of the rubric; may be given several times",
    )
    group.addoption(
        "--k8s-grade-wait",
        metavar="DURATION",
        help="how long to wait at most for the cluster to settle, e.g. 90s or 5m; 0 looks once",
    )
    group.addoption(
        "--k8s-grade-active",
        metavar="NAME",
        action="append",
        default=[],
        help="also run the rubric's active checks of this name, which change the cluster for a while "
        "(load, alert, drift); may be given several times",
    )
    group.addoption(
        "--k8s-grade-report",
        metavar="FORMAT=PATH",
        action="append",
        default=[],
        help="write a report; FORMAT is html, json or junit; may be given several times",
    )
    group.addoption(
        "--k8s-grade-lang",
        choices=("ko", "en"),
        help="language of reasons, hints and reports (default: the locale's)",
    )
    group.addoption(
        "--k8s-grade-hints",
        choices=("beginner", "intermediate", "advanced"),
        default="beginner",
        help="how much help the hints give (default: beginner)",
    )
    group.addoption(
        "--k8s-grade-list",
        action="store_true",
        help="list the labs, or the items of the lab that --k8s-grade names, and stop",
    )


def refuse_without_lab(config: pytest.Config) -> None:
    """Whoever types such an option wants a grade; an ini file may set defaults for all runs."""
    typed = [str(argument).partition("=")[0] for argument in config.invocation_params.args]
    options = [
        option for option in typed if option.startswith("--k8s-grade-") and option != "--k8s-grade-list"
    ]
    if options:
        raise pytest.UsageError(f"{options[0]} grades nothing without --k8s-grade=LAB; name the lab, too")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Get ready without looking for garbage: what is made here lives as long as the process.

    pytest looks through all of it five times at its end, which would take longer than a
    round on a converged cluster.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Answer `--k8s-grade-list` without starting a session."""
    if not config.getoption("k8s_grade_list"):
        return None
    from pytest_k8sgrade.run.listing import print_listing  # noqa: PLC0415 - dormant until asked

    return print_listing(config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare the grading run, or do nothing at all."""
    if config.getoption("k8s_grade") is None:
        refuse_without_lab(config)
        return
    if hasattr(config, "workerinput"):
        return
    with undisturbed():
        from pytest_k8sgrade.run.hooks import start  # noqa: PLC0415 - dormant until asked

        run = start(config)
    config.stash[RUN_KEY] = run
    run.join(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what the grading run holds open."""
    run = config.stash.get(RUN_KEY, None)
    if run is not None:
        config.pluginmanager.unregister(run)
        run.close()
        gc.freeze()
