"""`k8sgrade prove`: whether a rubric's proofs hold, graded again from their recordings."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from pytest_k8sgrade.command.options import PLACE, language, settings
from pytest_k8sgrade.locale.messages import Language


@click.command("prove")
@click.argument("lab", metavar="LAB")
@click.option(
    "--proofs",
    type=PLACE,
    metavar="FILE",
    help="The proof file.  [default: proofs/NAME.yaml beside the rubric NAME.yaml]",
)
@click.option(
    "--json", "json_path", type=PLACE, metavar="FILE", help="Write the result as JSON; - for stdout."
)
@settings
@language
def command(
    lab: str, proofs: Path | None, json_path: Path | None, overrides: tuple[str, ...], language: Language
) -> int:
    """Prove a rubric with recorded clusters; no cluster is needed.

    LAB is the name of a lab or the path of a rubric file. An empty cluster must get
    nothing, the reference full marks, and each mutation must lose exactly the items that
    the proof file names, for those reasons, with a first hint that names the fault.

    Exit codes: 0 all proofs hold, 1 some do not, 4 wrong use.
    """
    from pytest_k8sgrade.prove.run import prove  # noqa: PLC0415 - help needs none of it
    from pytest_k8sgrade.prove.table import render  # noqa: PLC0415
    from pytest_k8sgrade.reports.write import refuse_unwritable, write_atomically  # noqa: PLC0415

    to_stdout = json_path == Path("-")
    if json_path is not None and not to_stdout:
        refuse_unwritable(json_path, "the JSON report")
    report = prove(lab, proofs=proofs, overrides=overrides, language=language)
    if to_stdout:
        click.echo(report.as_json(), nl=False)
    else:
        width = shutil.get_terminal_size().columns
        click.echo(render(report, width=width, colour=sys.stdout.isatty()), nl=False)
    if json_path is not None and not to_stdout:
        write_atomically(json_path, report.as_json().encode())
    return 0 if report.proven else 1
