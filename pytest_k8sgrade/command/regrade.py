"""`k8sgrade regrade`: recorded evidence graded again with another rubric.

Old and new marks side by side, the items that changed and why. No cluster is needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_k8sgrade.command import options

if TYPE_CHECKING:
    from pytest_k8sgrade.locale.messages import Catalogue, Language
    from pytest_k8sgrade.regrade.model import Regrade


@click.command("regrade")
@click.argument("evidence", nargs=-1, required=True, type=options.PLACE)
@click.option("--rubric", required=True, metavar="NEW", help="The new rubric: a lab's name or a file.")
@click.option(
    "--against",
    metavar="OLD",
    help="The rubric of the old marks.  [default: the installed lab that the evidence names]",
)
@options.settings
@click.option("--json", "report", type=options.PLACE, metavar="FILE", help="Write the result as JSON too.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when any mark changes.")
@options.language
def command(
    evidence: tuple[Path, ...],
    *,
    rubric: str,
    against: str | None,
    overrides: tuple[str, ...],
    report: Path | None,
    exit_code: bool,
    language: Language,
) -> int:
    """Grade recorded EVIDENCE again with another rubric.

    EVIDENCE are files, or folders with files that end in .zip. Shows old and new marks,
    the items that changed and why. What the new rubric asks and nobody recorded is
    ungraded and named. Variables that were set when the evidence was recorded stay set.

    Exit codes: 0 every file is graded again; 8 some file could not be read or has
    ungraded items; 4 wrong use; with --exit-code also 1 when any mark changes.
    """
    from pytest_k8sgrade.command.screen import Stderr, console, show  # noqa: PLC0415 - after the arguments
    from pytest_k8sgrade.locale.messages import Catalogue  # noqa: PLC0415
    from pytest_k8sgrade.regrade.run import Regrading, Side, evidence_files  # noqa: PLC0415
    from pytest_k8sgrade.regrade.text import page  # noqa: PLC0415
    from pytest_k8sgrade.reports.write import refuse_unwritable  # noqa: PLC0415

    if report is not None:
        refuse_unwritable(report, "the JSON")
    catalogue = Catalogue(language)
    files = evidence_files(evidence)
    regrading = Regrading(Side.of(rubric), Side.of(against) if against else None, overrides, catalogue)
    progress = Stderr()

    def told(number: int) -> None:
        progress.count(catalogue.label("regrade-progress", number=number, total=len(files)), len(files))

    found = regrading.run(files, told)
    progress.wipe()
    show(console(), *page(found, catalogue))
    if report is not None:
        _write(found, report, catalogue)
    return _code(found, exit_code)


def _write(found: Regrade, path: Path, catalogue: Catalogue) -> None:
    from pytest_k8sgrade.errors import UsageFault  # noqa: PLC0415
    from pytest_k8sgrade.regrade.json import render_json  # noqa: PLC0415
    from pytest_k8sgrade.reports.write import write_atomically  # noqa: PLC0415

    try:
        write_atomically(path, render_json(found).encode())
    except OSError as error:
        raise UsageFault(f"the JSON cannot be written to {str(path)!r}: {error.strerror}") from error
    click.echo(catalogue.label("regrade-written", path=path))


def _code(found: Regrade, exit_code: bool) -> int:
    summary = found.summary
    if summary.unreadable or summary.incomplete:
        return 8
    return int(exit_code and summary.same != summary.files)
