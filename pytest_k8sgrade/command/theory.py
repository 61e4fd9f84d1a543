"""`k8sgrade theory`: the questions of a rubric for one student, as a file to fill in."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_k8sgrade.command.options import PLACE, language
from pytest_k8sgrade.locale.messages import Language


@click.command("theory")
@click.argument("lab", metavar="[LAB]", default="theory")
@click.option("--student", required=True, metavar="ID", help="Whose questions; the id draws the numbers.")
@click.option("--out", type=PLACE, required=True, metavar="FILE", help="Where they go; - for stdout.")
@click.option("--overwrite", is_flag=True, help="Write over a file that is there, with its answers.")
@language
def command(lab: str, student: str, out: Path, *, overwrite: bool, language: Language) -> int:
    """Write the questions of theory for a student; no cluster is needed.

    LAB is the name of a lab or the path of a rubric file with questions.  [default: theory]
    The numbers are drawn from the student's id, the rubric's id and version: the same questions
    come out whenever they are written. The file is filled in and graded with
    `pytest --k8s-grade=LAB --k8s-grade-answers=FILE`.

    Exit codes: 0 written, 4 wrong use.
    """
    from pytest_k8sgrade.errors import UsageFault  # noqa: PLC0415 - help needs none of it
    from pytest_k8sgrade.reports.write import refuse_unwritable, write_atomically  # noqa: PLC0415
    from pytest_k8sgrade.rubric.load import load_rubric  # noqa: PLC0415
    from pytest_k8sgrade.rubric.packs import find_pack  # noqa: PLC0415
    from pytest_k8sgrade.theory.writing import sheet_text  # noqa: PLC0415

    text = sheet_text(load_rubric(find_pack(lab)), student, language)
    if out == Path("-"):
        click.echo(text, nl=False)
        return 0
    place = out.expanduser()
    if place.exists() and not overwrite:
        raise UsageFault(f"{str(out)!r} is there already: give --overwrite or another file")
    refuse_unwritable(place, "the questions")
    write_atomically(place, text.encode())
    return 0
