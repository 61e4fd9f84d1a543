"""`k8sgrade lint`: what is wrong with rubrics before a student meets it."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import click

from pytest_k8sgrade.command.options import language as lang
from pytest_k8sgrade.errors import UsageFault

if TYPE_CHECKING:
    from pytest_k8sgrade.lint import Linted
    from pytest_k8sgrade.locale.messages import Language


@click.command("lint")
@click.argument("rubrics", metavar="RUBRIC...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--allow-warnings", is_flag=True, help="Exit with 0 when there are warnings only.")
@lang
def command(rubrics: tuple[str, ...], as_json: bool, allow_warnings: bool, language: Language) -> int:
    """Find what is wrong with rubrics: names of labs, or files.

    Looks at the file, at the texts in every language, and at each check on clusters that have
    nothing to find; the recorded clusters of the rubric's proofs are used where there are any.

    Exit codes: 0 clean; 1 something was found; 4 a rubric cannot be read.
    """
    from pytest_k8sgrade.lint.report import count  # noqa: PLC0415 - help must not wait for it

    results, unread = _linted(rubrics)
    _print(results, language, as_json=as_json)
    if unread:
        return 4
    found = count(results, "error") or (count(results, "warning") and not allow_warnings)
    return 1 if found else 0


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


def _print(results: list[Linted], language: Language, *, as_json: bool) -> None:
    from pytest_k8sgrade.lint import report  # noqa: PLC0415

    if as_json:
        text = json.dumps(report.as_json(results, language), ensure_ascii=False, indent=2) + "\n"
    elif sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        text = report.as_page(results, language, width=width, colour=True)
    else:
        text = report.as_lines(results, language)
    click.echo(text, nl=False)
