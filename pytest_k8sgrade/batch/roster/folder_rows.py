"""A folder of evidence as a roster: every `ID.zip` is the hand-in of the student `ID`.

What else lies there is not graded, and the caller says so. Folders within are not entered,
and links are not followed: the folder may be one that students write to.
"""

from __future__ import annotations

from pathlib import Path

from pytest_k8sgrade.batch.roster.rows import Cell, Row
from pytest_k8sgrade.rubric.faults import Faults


def read_folder(folder: Path, faults: Faults) -> tuple[list[Row], list[str]]:
    """The rows of a folder, numbered in the order of its names, and the names of what is left out."""
    files: list[Path] = []
    left_out: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        zipped = path.suffix.lower() == ".zip" and not path.is_symlink() and path.is_file()
        (files.append(path) if zipped else left_out.append(path.name))
    if not files:
        faults.add(1, "the folder holds no hand-ins: files named by the student's id, such as s001.zip")
    rows = [
        Row(number, {"student": Cell(path.stem, number), "evidence": Cell(path.name, number)})
        for number, path in enumerate(files, start=1)
    ]
    return rows, left_out
