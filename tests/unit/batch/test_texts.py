"""What a batch says of a hand-in has its texts in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_k8sgrade import batch
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.problems import refusal
from pytest_k8sgrade.cluster import FOREIGN
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.errors import KubeconfigFault
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.locale.messages import HINT_LEVELS, LANGUAGES, Catalogue, placeholders
from pytest_k8sgrade.outcome import Reason


def reason_ids() -> Iterator[str]:
    """The reasons that the package gives: what `Reason` is called with, and the kinds of refusals."""
    for folder in batch.__path__:
        for source in sorted(Path(folder).rglob("*.py")):
            for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id == "Reason"
                ):
                    texts = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
                    yield from (text for text in texts if isinstance(text, str))
    yield from ("kubeconfig-refused", "evidence-refused", "hand-in-refused")


IDS = sorted(set(reason_ids()))


def test_ids_are_found() -> None:
    """The search above must not become empty unnoticed."""
    assert {"time-limit", "memory-limit", "worker-crashed", "worker-broken", "evidence-not-kept"} <= set(IDS)


@pytest.mark.parametrize("reason", IDS)
def test_a_reason_has_text_and_hints_in_both_languages(reason: str) -> None:
    """With the same parameters in both."""
    needed = []
    for language in LANGUAGES:
        catalogue = Catalogue(language)
        text = catalogue.text(Reason(reason))
        hints = [catalogue.hint(Reason(reason), level) or "" for level in HINT_LEVELS]
        assert not text.startswith(f"{reason}:"), f"{reason} has no text in {language}"
        assert all(hints), f"{reason}: a hint is missing in {language}"
        needed.append(set().union(*map(placeholders, [text, *hints])))
    assert needed[0] == needed[1]


def test_a_refusal_is_told_in_the_language_of_the_page(tmp_path: Path) -> None:
    """What is wrong with a kubeconfig as well, and in no language with a path of this machine."""
    place = tmp_path / "config"
    place.write_text("[]", encoding="utf-8")
    with pytest.raises(KubeconfigFault) as fault:
        choose(place, policy=FOREIGN)
    problem = refusal(Entry(student=Student(id="s1"), kubeconfig=place), fault.value, tmp_path)
    told = {language: Catalogue(language).text(problem.reason) for language in LANGUAGES}
    assert "it is no YAML mapping" in told["en"]
    assert "YAML 매핑이 아닙니다" in told["ko"]
    assert "it is no" not in told["ko"]
    assert str(tmp_path) not in "".join(told.values())
