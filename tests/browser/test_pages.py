"""The web pages in a real browser: nothing is fetched or refused, all can be read, and the script works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_k8sgrade.gradebook.page import render_class
from pytest_k8sgrade.locale.messages import LANGUAGES, Language
from pytest_k8sgrade.reports.html import render_html
from tests.browser.chromium import Browser, Page
from tests.unit.grade.grades import grade
from tests.unit.gradebook.class_books import class_book
from tests.unit.gradebook.test_page import named as named_class
from tests.unit.reports.test_html import HOSTILE, MIXED
from tests.unit.reports.test_html import named as named_grade

pytestmark = pytest.mark.browser

READABLE = Path(__file__).with_name("readable.js").read_text(encoding="utf-8")
SHOWN = "[...document.querySelectorAll('#marks-table tbody tr')].filter((row) => !row.hidden)"
IDS = f"{SHOWN}.map((row) => row.cells[0].dataset.value)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all pages, each in a tab of its own."""
    with Browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


def pages(language: Language) -> dict[str, str]:
    """A page of each kind."""
    return {
        "grade": render_html(grade(*MIXED, language=language)),
        "class": render_class(class_book(40), language),
    }


def opened(browser: Browser, folder: Path, text: str, *, width: int = 1280, dark: bool = False) -> Page:
    """The page as a file in the browser."""
    file = folder / "page.html"
    file.write_text(text, encoding="utf-8")
    return browser.open(file, width=width, dark=dark)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["grade", "class"])
def test_a_page_can_be_read(
    kind: str, language: Language, width: int, dark: bool, browser: Browser, tmp_path: Path
) -> None:
    """On a phone and a screen, by day and night: enough contrast, nothing beside the edge, nothing loaded."""
    page = opened(browser, tmp_path, pages(language)[kind], width=width, dark=dark)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate(READABLE) == {"faint": [], "wider": 0}
    assert page.requested() == [(tmp_path / "page.html").as_uri()]
    assert page.complaints() == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_does_nothing(text: str, browser: Browser, tmp_path: Path) -> None:
    """No script runs, nothing is asked for, and the page is as wide as before."""
    for made in (render_html(named_grade(text)), render_class(named_class(text), "en")):
        page = opened(browser, tmp_path, made, width=390)
        assert page.complaints() == []
        assert page.requested() == [(tmp_path / "page.html").as_uri()]
        assert page.evaluate(READABLE)["wider"] == 0


def test_the_policy_stops_a_script_that_is_not_ours(browser: Browser, tmp_path: Path) -> None:
    """Even if a text ever got into the page as markup."""
    text = render_html(grade()).replace("</main>", "<script>window.bad = 1</script><img src='x'></main>")
    page = opened(browser, tmp_path, text)
    assert page.evaluate("window.bad") is None
    assert len(page.complaints()) == 2


def test_marks_are_sorted_by_the_heading_that_is_pressed(browser: Browser, tmp_path: Path) -> None:
    """Marks from the best, and back; ids as numbers count; the heading says so."""
    page = opened(browser, tmp_path, render_class(class_book(40), "en"))
    marks = f"{SHOWN}.map((row) => Number(row.cells[2].dataset.value))"
    press = "document.querySelectorAll('#marks-table th button')[{}].click()"
    page.evaluate(press.format(2))
    assert page.evaluate(marks) == sorted(page.evaluate(marks), reverse=True)
    assert page.evaluate("document.querySelector('#marks-table th[aria-sort]').cellIndex") == 2
    page.evaluate(press.format(2))
    assert page.evaluate(marks) == sorted(page.evaluate(marks))
    page.evaluate(press.format(0))
    assert page.evaluate(IDS) == [f"s{at:03}" for at in range(1, 41)]


def test_marks_can_be_searched_and_chosen(browser: Browser, tmp_path: Path) -> None:
    """By id or name and by result; a link to a student who is hidden shows all again."""
    page = opened(browser, tmp_path, render_class(class_book(40), "en"))
    page.evaluate("document.getElementById('filter-text').value = 'STUDENT 4'")
    page.evaluate("document.getElementById('filter-text').dispatchEvent(new Event('input'))")
    assert page.evaluate(IDS) == ["s004", "s040"]
    assert page.evaluate("document.getElementById('filter-shown').textContent") == "2/40"
    page.evaluate("document.getElementById('filter-text').value = ''")
    page.evaluate("document.getElementById('filter-which').value = 'late'")
    page.evaluate("document.getElementById('filter-which').dispatchEvent(new Event('change'))")
    assert page.evaluate(IDS) == [f"s{at:03}" for at in range(7, 41, 7)]
    changed = "new Promise((done) => { addEventListener('hashchange', () => setTimeout(done)); {} })"
    page.evaluate(changed.replace("{}", "location.hash = 'student-1'"))
    assert len(page.evaluate(IDS)) == 40
