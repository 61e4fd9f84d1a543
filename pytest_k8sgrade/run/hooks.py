"""The hooks of a grading run: each hands over to the piece that does the work.

Registered only when `--k8s-grade` is given, or by `engine` in a pytest of its own.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import default_language
from pytest_k8sgrade.run import fixtures, terminal
from pytest_k8sgrade.run.collect import CheckItem, collect
from pytest_k8sgrade.run.looks import observe
from pytest_k8sgrade.run.session import GradeSession
from pytest_k8sgrade.run.settings import settings_of

if TYPE_CHECKING:
    from pytest_k8sgrade.grade.model import Grade
    from pytest_k8sgrade.run.rounds import Progress


_GRADED = frozenset({pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED})
"""How pytest ends a run that was not disturbed; the last where all items were deselected."""


def start(config: pytest.Config) -> GradeRun:
    """Prepare a run: rubric, cluster or evidence, texts. A fault of the user ends pytest with 4."""
    try:
        session = GradeSession.prepare(settings_of(config))
    except UsageFault as fault:
        language = config.getoption("k8s_grade_lang") or default_language()
        raise pytest.UsageError(fault.text(language)) from None
    terminal.quieten(config)
    return GradeRun(session)


class GradeRun:
    """One grading run as a pytest plugin.

    `progress` shows what is awaited, None for the way of pytest's terminal. `fault` is
    what kept a file from being written.
    """

    def __init__(self, session: GradeSession, progress: Progress | None = None) -> None:
        self.session = session
        self.progress = progress
        self.grade: Grade | None = None
        self.fault: UsageFault | None = None

    def join(self, config: pytest.Config) -> None:
        """Become part of a pytest that is being configured."""
        config.stash[fixtures.LOOKER_KEY] = self.session.looker
        config.pluginmanager.register(fixtures, "k8sgrade-fixtures")
        config.pluginmanager.register(self, "k8sgrade-run")

    def close(self) -> None:
        """Close the connection to the cluster."""
        self.session.source.close()

    def pytest_report_header(self) -> list[str]:
        """Which rubric, and which cluster it is that is being graded."""
        return self.session.header()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """The items of the rubric, instead of what pytest would find in the folder."""
        lab = self.session.lab
        session.items = list(collect(session, lab.rubric, lab.checks))
        session.config.hook.pytest_collection_modifyitems(
            session=session, config=session.config, items=session.items
        )
        session.config.hook.pytest_collection_finish(session=session)
        session.testscollected = len(session.items)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Grade in rounds, then log one settled report per item."""
        if session.config.option.collectonly:
            return True
        nodes = [item for item in session.items if isinstance(item, CheckItem)]
        progress = self.progress or terminal.progress(session.config, self.session.catalogue)
        try:
            self.session.run(nodes, progress)
        finally:
            self.grade = self.session.finish()
            terminal.log_reports(nodes, self.grade)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what a look found before anyone turns it into a report."""
        if isinstance(item, CheckItem):
            observe(item, call)
        return (yield)

    def pytest_report_teststatus(
        self, report: pytest.TestReport | pytest.CollectReport, config: pytest.Config
    ) -> tuple[str, str, str] | None:
        """No letters between the header and the grade, unless `-v` asks for them."""
        return terminal.status(report, config)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports, and let the grade decide the exit code."""
        if self.grade is None:
            return
        try:
            self.session.write(self.grade)
        except UsageFault as fault:
            self.fault = fault
            self.session.written.append(str(fault))
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        if session.exitstatus in _GRADED:
            session.exitstatus = self.grade.exit_code

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The grade, for a person."""
        if self.grade is not None:
            terminal.summarize(terminalreporter, self.grade, self.session)
