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
    for permission, reason in checked.unknown.items():
        yield visible(label("check-unknown", right=access(permission), why=reasons.text(reason)))
    if checked.writes is None and checked.why_unknown is not None:
        yield visible(label("check-writes-unknown", why=reasons.text(checked.why_unknown)))
    elif checked.writes:
        yield visible(label("check-writes", rights=_shortened([str(one) for one in checked.writes])))
    allowed = checked.count - len(checked.missing) - len(checked.unknown)
    yield visible(
        label(
            "check-all" if allowed == checked.count else "check-some",
            identity=checked.identity,
            rubric=lab.rubric.id,
            lab=lab.pack.name,
            count=checked.count,
            allowed=allowed,
        )
    )


def _shortened(rights: Sequence[str]) -> str:
    more = len(rights) - _SHOWN
    return ", ".join(rights[:_SHOWN]) + (f", … (+{more})" if more > 0 else "")
