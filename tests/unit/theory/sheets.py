"""Sheets of answers for tests: all right, and what is made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.packs import find_pack
from pytest_k8sgrade.theory.writing import questions

STUDENT = "2026-001"


@cache
def theory() -> LoadedRubric:
    """The bundled rubric."""
    return load_rubric(find_pack("theory"))


def right(student: str = STUDENT, lab: LoadedRubric | None = None) -> dict[str, dict[str, Any]]:
    """The right answers of a student."""
    return {
        asked.item.id: {blank.id: blank.form.right for blank in asked.question.blanks}
        for asked in questions(lab or theory(), student)
    }


def write(file: Path, answers: Mapping[str, Any], **top: Any) -> Path:
    """A sheet as a file; JSON is YAML."""
    head = {"k8sgrade_answers": 1, "rubric": "theory", "version": "1", "student": STUDENT}
    document = {**head, **top, "answers": answers}
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return file
