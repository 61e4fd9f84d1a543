"""What came of asking a cluster about rights, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pytest_k8sgrade.locale.messages import Catalogue, Language
from pytest_k8sgrade.reports.labels import labels
from pytest_k8sgrade.reports.text import visible
from pytest_k8sgrade.rights.checking import Checked, access
from pytest_k8sgrade.rubric.load import LoadedRubric

_SHOWN: Final = 6


def told(checked: Checked, lab: LoadedRubric, language: Language) -> Iterator[str]:
    """One line for each thing to know, the sum of it last."""
    label, reasons = labels(language, "rights"), Catalogue(language)
    for permission, items in checked.missing.items():
        yield label("check-missing", right=access(permission), items=items or label("the-run"))
    for why, rights in _by_reason(checked, reasons).items():
        yield visible(label("check-unknown", rights=_shortened(rights), why=why))
    if checked.writes is None and checked.why_unknown is not None:
        yield visible(label("check-writes-unknown", why=reasons.text(checked.why_unknown)))
    elif checked.writes:
        yield visible(label("check-writes", rights=_shortened([str(one) for one in checked.writes])))
    name = "check-some" if checked.missing else "check-open" if checked.unknown else "check-all"
    allowed = checked.count - len(checked.missing) - len(checked.unknown)
    yield visible(
        label(
            name,
            identity=checked.identity,
            rubric=lab.rubric.id,
            lab=lab.pack.name,
            count=checked.count,
            allowed=allowed,
            unknown=len(checked.unknown),
        )
    )


def _by_reason(checked: Checked, reasons: Catalogue) -> dict[str, list[str]]:
    """What is not known, together where it is for the same reason: mostly nothing answers at all."""
    found: dict[str, list[str]] = {}
    for permission, reason in checked.unknown.items():
        found.setdefault(reasons.text(reason), []).append(str(access(permission)))
    return found


def _shortened(rights: Sequence[str]) -> str:
    more = len(rights) - _SHOWN
    return ", ".join(rights[:_SHOWN]) + (f", … (+{more})" if more > 0 else "")
