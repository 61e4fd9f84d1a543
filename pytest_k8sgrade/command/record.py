"""`k8sgrade record`: grade a cluster and write the evidence that the grade rests on.

The same run as `pytest --k8s-grade=LAB --k8s-grade-record=FILE`, for people who hand
evidence in: short output, and an exit code about the recording, not about the mark.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_k8sgrade.command import options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_k8sgrade.grade.model import Grade
    from pytest_k8sgrade.locale.messages import Language
    from pytest_k8sgrade.run.session import GradeSession


@click.command("record")
@click.argument("lab", required=False)
@click.option("--out", type=options.PLACE, required=True, metavar="FILE", help="Where the evidence goes.")
@options.connection("of the cluster")
@options.settings
@click.option(
    "--active",
    multiple=True,
    metavar="NAME",
    help="Also run the active checks of this name, which change the cluster for a while; repeatable.",
)
@click.option("--wait", metavar="DURATION", help="How long to wait at most, e.g. 90s or 5m; 0 looks once.")
@options.language
def command(
    lab: str | None,
    *,
    out: Path,
    kubeconfig: Path | None,
    context: str | None,
    overrides: tuple[str, ...],
    active: tuple[str, ...],
    wait: str | None,
    language: Language,
) -> int:
    """Grade a cluster and write evidence of it, without secrets.

    LAB is the name of a lab or the path of a rubric file; it may be left out where there
    is only one lab. The cluster is only read, unless active checks are asked for.

    Exit codes: 0 the evidence is written, whatever the mark; 8 it is written, but
    something could not be graded; 4 wrong use; 2 interrupted.
    """
    from pytest_k8sgrade.reports.write import refuse_unwritable  # noqa: PLC0415 - after the arguments
    from pytest_k8sgrade.run.session import GradeSession  # noqa: PLC0415
    from pytest_k8sgrade.run.settings import Settings, wait_of  # noqa: PLC0415

    place = out.expanduser()
    refuse_unwritable(place, "the evidence")
    settings = Settings(
        lab=lab or only_lab(),
        kubeconfig=kubeconfig.expanduser() if kubeconfig else None,
        context=context,
        record=place,
        overrides=overrides,
        active=active,
        wait=wait_of(wait, "--wait"),
        language=language,
    )
    grade = _record(GradeSession.prepare(settings))
    return 8 if any(item.verdict == "ungraded" for item in grade.items) else 0


def only_lab() -> str:
    """The lab that is meant when none is named; raises `UsageFault` where there are several."""
    from pytest_k8sgrade.errors import UsageFault  # noqa: PLC0415
    from pytest_k8sgrade.rubric.packs import all_packs  # noqa: PLC0415

    names = [pack.name for pack in all_packs()]
    if len(names) != 1:
        raise UsageFault(f"which lab? labs: {', '.join(names)}; or give the path of a rubric file")
    return names[0]


def _record(session: GradeSession) -> Grade:
    from pytest_k8sgrade.command.screen import Stderr, console, show, show_whole  # noqa: PLC0415
    from pytest_k8sgrade.engine import grade_with  # noqa: PLC0415
    from pytest_k8sgrade.reports.labels import labels  # noqa: PLC0415
    from pytest_k8sgrade.reports.summary import summary  # noqa: PLC0415
    from pytest_k8sgrade.run.progress import TerminalProgress  # noqa: PLC0415

    screen, progress = console(), Stderr()
    show(screen, *session.header(), "")
    try:
        grade = grade_with(session, TerminalProgress(progress, session.catalogue, tty=progress.tty))
    except KeyboardInterrupt:
        progress.wipe()
        if session.written:
            show_whole(screen, session.catalogue.label("interrupted"), *session.written)
        raise
    show(screen, summary(grade, labels(session.settings.language)), "")
    show_whole(screen, *_written(session))
    return grade


def _written(session: GradeSession) -> Iterator[str]:
    """What was written, read back: a file that could not be graded would be no evidence."""
    from pytest_k8sgrade.cluster import open_evidence  # noqa: PLC0415

    settings, label = session.settings, session.catalogue.label
    assert settings.record is not None
    answers = len(open_evidence(settings.record).evidence.exchanges)
    size = f"{max(1, round(settings.record.stat().st_size / 1024))} KiB"
    yield label("record-written", path=settings.record, answers=answers, size=size)
    again = ["pytest", f"--k8s-grade={settings.lab}", f"--k8s-grade-from={settings.record}"]
    yield label("record-again", command=shlex.join(again))
