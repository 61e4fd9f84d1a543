"""Proves a rubric: every recorded cluster of its proof file is graded and compared.

Each file is graded in every language through the ordinary path (`engine`); nothing is
sent anywhere. The result says for each proof whether it holds and, if not, in which ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.grade.model import Grade, Points, RubricRef
from pytest_k8sgrade.locale.messages import LANGUAGES, Language
from pytest_k8sgrade.prove.judge import Difference, compare, missing, not_empty, not_full, unsaid
from pytest_k8sgrade.prove.load import LoadedProofs, load_proofs
from pytest_k8sgrade.prove.model import Mutation
from pytest_k8sgrade.rubric.fields import LocalizedText
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack

Kind: TypeAlias = Literal["empty", "reference", "mutation"]
Grades: TypeAlias = Mapping[str, Grade]

REFERENCE = LocalizedText(en="The reference, with full marks", ko="만점 기준 클러스터")
EMPTY = LocalizedText(en="An empty cluster", ko="빈 클러스터")


class Proof(BaseModel):
    """One recorded cluster: its score, what is not passed on it, and what is not as it should be."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Kind
    title: str
    evidence: str
    proven: bool
    score: Points
    max_score: Points
    lost: dict[str, str]
    differences: tuple[Difference, ...] = ()


class ProofReport(BaseModel):
    """All proofs of a rubric; its JSON form is public: keys may be added."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_id: Literal["k8sgrade/proofs/v1"] = Field(default="k8sgrade/proofs/v1", alias="schema")
    rubric: RubricRef
    source: str
    language: Language
    proven: bool
    proofs: tuple[Proof, ...]

    def as_json(self) -> str:
        """The report as a text with a line break at its end."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def prove(
    lab: str,
    *,
    proofs: Path | None = None,
    overrides: Sequence[str] = (),
    language: Language = "en",
    told: Callable[[Proof], None] = lambda _: None,
) -> ProofReport:
    """Grade and compare all proofs of a lab, a name or the path of a rubric file.

    `proofs` is another proof file than the one beside the rubric; `told` is called after
    each proof. Raises `UsageFault` for a rubric, a proof file or evidence that cannot be used.
    """
    loaded = load_proofs(load_rubric(find_pack(lab)), proofs)
    done: list[Proof] = []
    for proof in Prover(lab, loaded, overrides, language).steps().values():
        done.append(proof())
        told(done[-1])
    rubric = loaded.lab.rubric
    return ProofReport(
        rubric=RubricRef(
            id=rubric.id, version=rubric.version, digest=loaded.lab.digest, title=rubric.title.of(language)
        ),
        source=loaded.source,
        language=language,
        proven=all(one.proven for one in done),
        proofs=tuple(done),
    )


class Prover:
    """Grades the files of one proof file; `lab` is what the rubric was loaded from."""

    def __init__(
        self, lab: str, proofs: LoadedProofs, overrides: Sequence[str] = (), language: Language = "en"
    ) -> None:
        self._lab = lab
        self._proofs = proofs
        self._overrides = tuple(overrides)
        self._language = language

    def steps(self) -> dict[str, Callable[[], Proof]]:
        """All proofs by id, none of them made yet: the two whole clusters, then the mutations."""
        mutations = {one.id: partial(self._mutation, one) for one in self._proofs.file.mutations}
        return {"empty": self._empty, "reference": self._reference, **mutations}

    def _empty(self) -> Proof:
        """Nothing is earned where nothing is."""
        return self._whole("empty", EMPTY, self._proofs.file.empty, not_empty)

    def _reference(self) -> Proof:
        """What works has every point."""
        return self._whole("reference", REFERENCE, self._proofs.file.reference, not_full)

    def _mutation(self, mutation: Mutation) -> Proof:
        """A fault loses exactly its items, and the first hint names it."""
        grades = self._grades(mutation.evidence, LANGUAGES)
        differences = [*compare(grades["en"], mutation), *unsaid(grades, mutation)]
        return self._proof(mutation.id, "mutation", mutation.title, mutation.evidence, grades, differences)

    def _whole(
        self,
        kind: Literal["empty", "reference"],
        title: LocalizedText,
        evidence: str,
        judge: Callable[[Grade], list[Difference]],
    ) -> Proof:
        grades = self._grades(evidence, ("en",))
        return self._proof(kind, kind, title, evidence, grades, judge(grades["en"]))

    def _proof(
        self,
        proof: str,
        kind: Kind,
        title: LocalizedText,
        evidence: str,
        grades: Grades,
        differences: Sequence[Difference],
    ) -> Proof:
        grade = grades["en"]
        return Proof(
            id=proof,
            kind=kind,
            title=title.of(self._language),
            evidence=evidence,
            proven=not differences,
            score=grade.score,
            max_score=grade.max_score,
            lost=missing(grade),
            differences=tuple(differences),
        )

    def _grades(self, evidence: str, languages: Sequence[Language]) -> Grades:
        with TemporaryDirectory(prefix="k8sgrade-proof-") as folder:
            file = Path(folder) / Path(evidence).name
            file.write_bytes(self._proofs.evidence(evidence))
            return {
                language: grade_evidence(self._lab, file, overrides=self._overrides, language=language)
                for language in languages
            }
