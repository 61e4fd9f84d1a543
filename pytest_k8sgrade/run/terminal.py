"""What a grading run shows on the terminal, around the report of the grade itself.

pytest's own letters, tracebacks and short summary say less than the grade and would
stand before it; they come back when `-v`, `--tb` or `-r` ask for them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from pytest_k8sgrade.reports.streams import be_tolerant
from pytest_k8sgrade.reports.text import visible
from pytest_k8sgrade.run.progress import NoProgress, TerminalProgress
from pytest_k8sgrade.run.results import reports

if TYPE_CHECKING:
    from pytest_k8sgrade.grade.model import Grade
    from pytest_k8sgrade.locale.messages import Catalogue
    from pytest_k8sgrade.run.collect import CheckItem
    from pytest_k8sgrade.run.rounds import Progress
    from pytest_k8sgrade.run.session import GradeSession

_DEFAULTS = {"tbstyle": ("auto", "no"), "reportchars": ("fE", "")}
"""pytest's defaults, and what stands in their place."""


def quieten(config: pytest.Config) -> None:
    """Leave the floor to the grade, and keep the run in one process."""
    be_tolerant(sys.stdout)
    for option, (default, ours) in _DEFAULTS.items():
        if getattr(config.option, option, None) == default:
            setattr(config.option, option, ours)
    if config.getoption("dist", "no") != "no":
        config.option.dist = "no"


def progress(config: pytest.Config, catalogue: Catalogue) -> Progress:
    """How this run shows that it is waiting."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None or config.get_verbosity() < 0:
        return NoProgress(reporter)
    return TerminalProgress(reporter, catalogue, tty=bool(reporter.isatty))


def status(
    report: pytest.TestReport | pytest.CollectReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Count the item under pytest's own category, without a letter."""
    if config.get_verbosity() > 0 or not isinstance(report, pytest.TestReport):
        return None
    if report.passed:
        return ("passed", "", "") if report.when == "call" else ("", "", "")
    if report.skipped:
        return "skipped", "", ""
    return ("failed" if report.when == "call" else "error"), "", ""


def log_reports(nodes: Iterable[CheckItem], grade: Grade) -> None:
    """Give pytest one settled set of reports per item, in the rubric's order."""
    graded = {item.id: item for item in grade.items}
    for node in nodes:
        verbose = node.config.get_verbosity() > 0
        if verbose:
            node.ihook.pytest_runtest_logstart(nodeid=node.nodeid, location=node.location)
        for report in reports(node, graded[node.rubric_item.id]):
            node.ihook.pytest_runtest_logreport(report=report)
        if verbose:
            node.ihook.pytest_runtest_logfinish(nodeid=node.nodeid, location=node.location)


def summarize(reporter: pytest.TerminalReporter, grade: Grade, session: GradeSession) -> None:
    """The report of the grade, and where the files are."""
    from rich.cells import cell_len  # noqa: PLC0415 - rich, only for a terminal

    from pytest_k8sgrade.reports.terminal import render  # noqa: PLC0415

    writer = reporter.config.get_terminal_writer()
    title = visible(session.title())
    wider = cell_len(title) - len(title)  # pytest counts characters, and Korean ones take two cells
    writer.sep("=", title, fullwidth=writer.fullwidth - wider, bold=True)
    text = render(
        grade, width=min(writer.fullwidth, 100), colour=writer.hasmarkup, language=session.settings.language
    )
    for line in text.splitlines():
        reporter.write_line(line)
    for line in session.written:
        reporter.write_line(line)
