"""`k8sgrade lint`: what is wrong with rubrics before a student meets it.

On a terminal the findings are wrapped; in a log each begins with one line, however long.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pytest_k8sgrade.command import options
from pytest_k8sgrade.errors import UsageFault

if TYPE_CHECKING:
    from pytest_k8sgrade.lint import Linted
    from pytest_k8sgrade.locale.messages import Language

_STDOUT: Final = Path("-")


@click.command("lint")
@click.argument("rubrics", metavar="RUBRIC...", nargs=-1, required=True)
@click.option(
    "--json", "report", type=options.PLACE, metavar="FILE", help="Write the findings as JSON; - for stdout."
)
@click.option("--allow-warnings", is_flag=True, help="Exit with 0 when there are warnings only.")
@options.language
def command(
    rubrics: tuple[str, ...], *, report: Path | None, allow_warnings: bool, language: Language
) -> int:
    """Find what is wrong with rubrics: names of labs, or files.

    Looks at the file, at the texts in every language, and at each check on clusters that have
    nothing to find; the recorded clusters of the rubric's proofs are used where there are any.

    Exit codes: 0 clean; 1 something was found; 4 a rubric cannot be read.
    """
    from pytest_k8sgrade.lint.report import count  # noqa: PLC0415 - after the arguments
    from pytest_k8sgrade.reports.write import refuse_unwritable  # noqa: PLC0415

    if report is not None and report != _STDOUT:
        refuse_unwritable(report, "the JSON")
    results, unread = _linted(rubrics)
    if report != _STDOUT:
        _show(results, language)
    if report is not None:
        _write(results, report, language)
    if unread:
        return 4
    return int(bool(count(results, "error") or (count(results, "warning") and not allow_warnings)))


def _linted(rubrics: tuple[str, ...]) -> tuple[list[Linted], bool]:
    """The results of the rubrics that could be read, and whether one could not."""
    from pytest_k8sgrade.lint import lint_rubric  # noqa: PLC0415

    results, unread = [], False
    for rubric in rubrics:
        try:
            results.append(lint_rubric(rubric))
        except UsageFault as fault:
            click.echo(f"k8sgrade: {fault}", err=True)
            unread = True
    return results, unread


def _show(results: list[Linted], language: Language) -> None:
    from pytest_k8sgrade.command.screen import console, show  # noqa: PLC0415
    from pytest_k8sgrade.lint.report import as_lines, page  # noqa: PLC0415

    screen = console()
    if screen.is_terminal:
        show(screen, *page(results, language))
    else:
        click.echo(as_lines(results, language), nl=False)


def _write(results: list[Linted], path: Path, language: Language) -> None:
    from pytest_k8sgrade.lint.report import as_json  # noqa: PLC0415
    from pytest_k8sgrade.reports.write import write_atomically  # noqa: PLC0415

    text = json.dumps(as_json(results, language), ensure_ascii=False, indent=2) + "\n"
    if path == _STDOUT:
        click.echo(text, nl=False)
        return
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise UsageFault(
            f"the JSON cannot be written to {str(path)!r}: {error.strerror}; give another file"
        ) from error
