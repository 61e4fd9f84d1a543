"""What the reader of a row must know before trusting its old mark.

An old mark is made today: with the rubric and the checks of today, which may not be
those that the student was graded with. `regrade.run` is the caller.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.regrade.model import Mark, Note, Recorded, RubricSide
from pytest_k8sgrade.reports.text import number, visible
from pytest_k8sgrade.rubric.model import Rubric

_DIGEST_SHOWN = len("sha256:") + 12


def short(digest: str) -> str:
    """A digest as people compare it."""
    return digest[:_DIGEST_SHOWN]


def notes_of(
    recorded: Recorded, old: RubricSide | None, mark: Mark | None, new: Rubric, catalogue: Catalogue
) -> tuple[Note, ...]:
    """The notes of one row."""
    found = [
        *_about_rubrics(recorded, old, new),
        *_about_marks(recorded, mark),
        *_about_variables(recorded, new),
    ]
    return tuple(
        Note(id=name, text=visible(catalogue.label(f"regrade-{name}", **told))) for name, told in found
    )


def _about_rubrics(
    recorded: Recorded, old: RubricSide | None, new: Rubric
) -> Iterator[tuple[str, dict[str, object]]]:
    rubric = recorded.rubric
    if old is None:
        yield "no-old-rubric", {"id": rubric.id}
    elif rubric.digest != old.digest:
        told = {"id": rubric.id, "version": rubric.version, "digest": short(rubric.digest)}
        yield "other-digest", {**told, "source": old.source, "old_digest": short(old.digest)}
    if rubric.id != new.id:
        yield "other-rubric", {"id": rubric.id, "new": new.id}


def _about_marks(recorded: Recorded, mark: Mark | None) -> Iterator[tuple[str, dict[str, object]]]:
    then = recorded.mark
    if then is None or mark is None or (then.score, then.max_score) == (mark.score, mark.max_score):
        return
    told: dict[str, object] = {
        "points": number(then.score),
        "max": number(then.max_score),
        "version": recorded.tool_version,
    }
    yield "other-mark", told


def _about_variables(recorded: Recorded, new: Rubric) -> Iterator[tuple[str, dict[str, object]]]:
    if recorded.variables:
        yield "variables", {"settings": recorded.variables}
    unknown = [name for name in recorded.variables if name not in new.vars]
    if unknown:
        yield "unknown-variables", {"names": unknown}
