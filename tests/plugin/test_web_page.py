"""`--k8s-grade-report=html=FILE`: the page of a run, in its language, beside the other reports."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import Lab
from tests.unit.reports.web_pages import WebDocument, assert_self_contained


@pytest.mark.parametrize(("language", "word"), [("en", "Not passed"), ("ko", "불합격")])
def test_the_page_tells_what_the_json_does(lab: Lab, language: str, word: str) -> None:
    """The score, the result and the reason of what was lost."""
    lab.write("good: demo.ok", "bad: demo.unmet | points: 30")
    path = lab.folder / "grade.html"
    lab.run("--k8s-grade-wait=0", f"--k8s-grade-lang={language}", f"--k8s-grade-report=html={path}")
    page = WebDocument(path.read_text(encoding="utf-8"))
    assert_self_contained(page)
    lost = lab.grade()["items"][1]
    assert page.all("html")[0].attributes["lang"] == language
    assert f"{lab.grade()['score']}" in page.all("p", class_="score")[0].text
    assert word in page.text
    assert lost["reason"]["text"] in page.by_id("item-bad").text
