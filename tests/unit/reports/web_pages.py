"""A web page as its tests look at it: a tree that must be well nested, and what a browser may load of it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

_VOID = frozenset({"meta", "br", "input", "rect", "line", "link", "img"})
_INLINE = frozenset({"a", "b", "bdi", "code", "samp", "small", "span", "strong", "time"})
_LOADING = ("src", "srcset", "poster", "data", "background", "formaction", "action", "ping", "xlink:href")


@dataclass
class Element:
    """A tag with its attributes and all the text in it."""

    tag: str
    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text with single spaces."""
        return " ".join("".join(self.texts).split())


class WebDocument(HTMLParser):
    """Parsed at once; a tag that is not closed where it should be is an assertion."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = text
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert not self._open, [element.tag for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open it, unless it has no end."""
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self._space(tag)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<rect/>`."""
        assert tag in _VOID, tag
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last."""
        assert self._open, tag
        assert self._open.pop().tag == tag, (tag, self.getpos())
        self._space(tag)

    def _space(self, tag: str) -> None:
        """A block stands apart from what is around it."""
        if tag not in _INLINE:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        """Text belongs to all that it is in."""
        for element in self._open:
            element.texts.append(data)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements with a tag, and with these attributes (`class_` for one of its classes)."""
        return [element for element in self.elements if element.tag == tag and _has(element, attributes)]

    def by_id(self, name: str) -> Element:
        """The one element of that id."""
        (found,) = [element for element in self.elements if element.attributes.get("id") == name]
        return found

    @property
    def text(self) -> str:
        """All text of the body."""
        return self.all("body")[0].text


def _has(element: Element, attributes: dict[str, str]) -> bool:
    given = element.attributes
    classes = given.get("class", "").split()
    return all(
        value in classes if name == "class_" else given.get(name) == value
        for name, value in attributes.items()
    )


def assert_self_contained(page: WebDocument) -> None:
    """Nothing is loaded, nothing runs but what the policy names, links stay where the page is."""
    for element in page.elements:
        names = element.attributes
        assert not [name for name in names if name.startswith("on") or name == "style"], element
        assert not [name for name in names if name in _LOADING], element
        assert element.tag not in ("iframe", "object", "embed", "link", "base", "form", "img"), element
        assert re.match(r"(#|\./)", names.get("href", "#")), element
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0].attributes["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    styles, scripts = page.all("style"), page.all("script")
    wanted = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}
    wanted["style-src"] = _digest(styles)
    if scripts:
        wanted["script-src"] = _digest(scripts)
    assert rules == wanted


def assert_readable_by_everybody(page: WebDocument) -> None:
    """What a screen reader needs: a language, headings in steps, table headers, links that lead somewhere."""
    assert page.all("html")[0].attributes["lang"] in ("en", "ko")
    levels = [int(element.tag[1]) for element in page.elements if re.fullmatch("h[1-6]", element.tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    assert all("scope" in heading.attributes for heading in page.all("th"))
    assert all(
        drawing.attributes.get("aria-hidden") or drawing.attributes["aria-label"]
        for drawing in page.all("svg")
    )
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    links = [link.attributes["href"] for link in page.all("a")]
    targets = {link[1:] for link in links if link.startswith("#")}
    assert targets <= set(ids), targets - set(ids)
    assert all(link.text for link in page.all("a"))


def _digest(elements: list[Element]) -> str:
    (element,) = elements
    raw = hashlib.sha256("".join(element.texts).encode()).digest()
    return f"'sha256-{base64.b64encode(raw).decode()}'"
