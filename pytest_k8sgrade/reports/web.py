"""Web pages in one file each: templates, escaping, and a policy that lets a browser load nothing.

Everything that a page shows is escaped by the templates, and goes through `visible` before. Style and
script are in the page and named by their digest in its policy, so that nothing else takes effect
whatever a name of a cluster says.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from pytest_k8sgrade.grade.model import ScoreRange
from pytest_k8sgrade.reports.text import number, pieces, value_text, visible

_LONGEST = 2000
_LONGEST_NAME = 200


class Width(NamedTuple):
    """A bar, in per cent of its length; `mark` is where the pass mark stands."""

    earned: Decimal
    open: Decimal
    mark: Decimal | None = None


def range_width(points: ScoreRange, most: Decimal, *, mark: Decimal | None = None) -> Width:
    """The bar of a score: what is earned, and what is still open."""
    ends = percent(points.min, most), percent(points.max, most)
    return Width(ends[0], ends[1] - ends[0], None if mark is None else percent(mark, most))


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """How much of the whole it is, to two decimals and never more than all of it; nothing of nothing."""
    share = Decimal(100) * part / whole if whole else Decimal(0)
    return min(max(share, Decimal(0)), Decimal(100)).quantize(Decimal("0.01"))


def shown(text: str, most: int = _LONGEST) -> str:
    """Text of anybody's, made harmless to readers and shortened; line breaks stay."""
    plain = visible(text, keep="\n")
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def brief(text: str) -> str:
    """A name of anybody's: one line, and not a long one."""
    return shown(visible(text), _LONGEST_NAME)


def utc(moment: datetime) -> str:
    """A time to the second, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def seconds(duration: float) -> str:
    """To a tenth, without a needless zero."""
    return f"{round(duration, 1):.15g}"


def _prose(text: str) -> Markup:
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(piece) if command else piece for piece, command in pieces(shown(text)))


def _read(name: str) -> str:
    package, _, file = name.partition("/")
    return files(f"pytest_k8sgrade.{package}").joinpath("templates", file).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    made = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(brief=brief, prose=_prose, shown=shown, value=value_text)
    made.filters.update(number=number, seconds=seconds, utc=utc)
    return made


class WebPage:
    """A template with its style and script; names are `PACKAGE/FILE`, of `templates` in that package."""

    def __init__(self, template: str, *, styles: tuple[str, ...], script: str | None = None) -> None:
        self._template: Template = _environment().get_template(template)
        self._style = "\n".join(_read(name) for name in styles)
        self._script = None if script is None else _read(script)
        digests = {"style-src": self._style, "script-src": self._script}
        allowed = [f"{name} {_digest(text)}" for name, text in digests.items() if text is not None]
        self._policy = "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])

    def render(self, language: str, content: Mapping[str, object]) -> str:
        """The page as HTML."""
        fixed = {
            "language": language,
            "policy": self._policy,
            "style": Markup(self._style),  # noqa: S704 - a file of ours
            "script": None if self._script is None else Markup(self._script),  # noqa: S704
        }
        return self._template.render(fixed | dict(content))


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
