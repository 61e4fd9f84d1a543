"""A proof file from its bytes to checked proofs of a loaded rubric, with every fault told at once.

The proof file of a rubric `NAME.yaml` is `proofs/NAME.yaml` beside it, unless another is
named; its evidence lies below it. `prove.run` and the recorder of the bundled proofs call this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.prove.model import BLOCKED, ProofFile
from pytest_k8sgrade.prove.sharing import whole
from pytest_k8sgrade.rubric.document import MAX_BYTES, Document, decode, read_document
from pytest_k8sgrade.rubric.document import Path as Location
from pytest_k8sgrade.rubric.faults import Faults
from pytest_k8sgrade.rubric.load import LoadedRubric
from pytest_k8sgrade.rubric.packs import Pack
from pytest_k8sgrade.rubric.suggest import choices
from pytest_k8sgrade.rubric.validation import place, validate

FOLDER = "proofs"


@dataclass(frozen=True, slots=True)
class LoadedProofs:
    """The proofs of a rubric; `folder` is where the paths of the evidence begin."""

    lab: LoadedRubric
    file: ProofFile
    source: str
    folder: Traversable

    def evidence(self, path: str) -> bytes:
        """An evidence file that the proof file names, made whole; raises `EvidenceFault`."""
        content = _below(self.folder, path).read_bytes()
        shared = self.file.shared
        return content if shared is None else whole(content, _below(self.folder, shared).read_bytes())


def load_proofs(lab: LoadedRubric, chosen: Path | None = None) -> LoadedProofs:
    """The proofs of a rubric, from its own proof file or a chosen one; raises `UsageFault`."""
    if chosen is not None:
        return parse_proofs(_read(chosen, str(chosen), lab), str(chosen), lab, chosen.resolve().parent)
    folder, name = _beside(lab.pack), f"{lab.pack.name}.yaml"
    source = f"{FOLDER}/{name}"
    return parse_proofs(_read(folder.joinpath(name), source, lab), source, lab, folder)


def parse_proofs(content: bytes, source: str, lab: LoadedRubric, folder: Traversable) -> LoadedProofs:
    """Proofs from a file's bytes; raises `RubricFault` with all faults and their lines."""
    faults = Faults(source, "proof file")
    text = decode(content, faults)
    document = read_document(text, faults) if text is not None else Document()
    if document.data is None:
        raise faults.error()
    file = validate(ProofFile, document.data, document, faults)
    faults.raise_any()
    assert file is not None
    for line, message in _inconsistencies(file, document, lab, folder):
        faults.add(line, message)
    faults.raise_any()
    return LoadedProofs(lab, file, source, folder)


def _beside(pack: Pack) -> Traversable:
    if pack.folder is None:
        raise UsageFault(f"the rubric {pack.source} has no folder to look for proofs in; name the proof file")
    return pack.folder.joinpath(FOLDER)


def _read(file: Traversable, source: str, lab: LoadedRubric) -> bytes:
    try:
        with file.open("rb") as stream:
            return bytes(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise UsageFault(
            f"the proof file {source} of the rubric {lab.pack.source} cannot be read: {error.strerror}; "
            f"put it into a folder {FOLDER!r} beside the rubric, under the rubric's file name, or name it"
        ) from error


def _inconsistencies(
    file: ProofFile, document: Document, lab: LoadedRubric, folder: Traversable
) -> Iterator[tuple[int, str]]:
    """What the file says that does not fit the rubric, its texts or the files below it."""
    if file.rubric != lab.rubric.id:
        yield (
            document.line(("rubric",)),
            f"the rubric is {file.rubric!r}, but {lab.rubric.id!r} is to be proven",
        )
    for key in ("reference", "empty", "shared"):
        if getattr(file, key) is not None:
            yield from _missing(folder, getattr(file, key), document, (key,))
    reasons = Catalogue("en", [lab.pack.locale] if lab.pack.locale else []).ids() | {BLOCKED}
    seen: dict[str, int] = {}
    for index, mutation in enumerate(file.mutations):
        at: Location = ("mutations", index)
        line = document.line((*at, "id"))
        if mutation.id in seen:
            yield line, f"mutation {mutation.id} is already given in line {seen[mutation.id]}"
        seen.setdefault(mutation.id, line)
        yield from _missing(folder, mutation.evidence, document, (*at, "evidence"))
        for key in ("loses", "ungraded"):
            yield from _wrong_items(getattr(mutation, key), document, (*at, key), lab, reasons)


def _missing(folder: Traversable, path: str, document: Document, at: Location) -> Iterator[tuple[int, str]]:
    if not _below(folder, path).is_file():
        where = place(document.data, at)
        yield (
            document.line(at),
            f"{where}: there is no evidence {path!r} below the proof file's folder; record it",
        )


def _wrong_items(
    expected: Mapping[str, Sequence[str]],
    document: Document,
    at: Location,
    lab: LoadedRubric,
    reasons: frozenset[str],
) -> Iterator[tuple[int, str]]:
    items = lab.rubric.by_id
    for item, told in expected.items():
        line, where = document.line((*at, item)), place(document.data, (*at, item))
        if item not in items:
            yield line, f"{where}: the rubric has no item {item!r}; {choices(item, items, 'items')}"
            continue
        if BLOCKED in told and not items[item].needs:
            yield line, f"{where}: item {item} needs no other, so it cannot be {BLOCKED}; give a reason's id"
        for unknown in (reason for reason in told if reason not in reasons):
            yield line, f"{where}: no text has the id {unknown!r}; {choices(unknown, reasons, 'ids')}"


def _below(folder: Traversable, path: str) -> Traversable:
    for part in path.split("/"):
        folder = folder.joinpath(part)
    return folder
