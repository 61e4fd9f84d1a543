"""Where rubrics come from: the bundled ones, packs of others, files.

A pack of somebody else's is an entry point of the group `pytest_k8sgrade.rubrics`
that names a package; every YAML file in it is a lab of that name. `checks` and
`locale` folders beside a rubric add to the bundled checks and texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.rubric.document import MAX_BYTES
from pytest_k8sgrade.rubric.suggest import choices

BUNDLED = "pytest_k8sgrade.rubrics"
ENTRY_POINTS = "pytest_k8sgrade.rubrics"
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Pack:
    """A rubric file that can be loaded.

    `source` is how messages name the file. `checks` and `locale` are the folders beside
    it, where there are any; `folder` is the one it lies in.
    """

    name: str
    source: str
    file: Traversable
    checks: Path | None = None
    locale: Traversable | None = None
    folder: Traversable | None = None

    def read(self) -> bytes:
        """The bytes of the file, at most one more than a rubric may have; raises `UsageFault`."""
        try:
            with self.file.open("rb") as stream:
                return bytes(stream.read(MAX_BYTES + 1))
        except OSError as error:
            raise UsageFault(f"the rubric {self.source} cannot be read: {error.strerror}") from error


def find_pack(lab: str) -> Pack:
    """The pack of a lab's name or of a path to a rubric file; raises `UsageFault`."""
    if "/" in lab or "\\" in lab or lab.endswith(_SUFFIXES):
        return _pack_of_path(lab)
    names = []
    for pack in all_packs():
        if pack.name == lab:
            return pack
        names.append(pack.name)
    if Path(lab).is_file():
        return _pack_of_path(lab)
    there_is = choices(lab, names, "labs")
    raise UsageFault(f"no lab {lab!r}; {there_is}; or give the path of a rubric file")


def all_packs() -> Iterator[Pack]:
    """Every lab that can be named: the bundled ones, which win, then those of others.

    Lazily: a bundled lab is found although a pack of others is broken. Raises
    `UsageFault` at a pack that cannot be imported.
    """
    yield from _packs_in(BUNDLED)
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        yield from _packs_in(entry.value)


def _packs_in(package: str) -> Iterator[Pack]:
    try:
        folder = files(package)
    except Exception as error:  # the package is code of somebody else
        raise UsageFault(
            f"the rubric pack {package!r} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(_SUFFIXES):
            yield Pack(
                name=file.name.rpartition(".")[0],
                source=f"{package}/{file.name}",
                file=file,
                checks=_checks_of(package),
                locale=folder.joinpath("locale") if package != BUNDLED else None,
                folder=folder,
            )


def _checks_of(package: str) -> Path | None:
    if package == BUNDLED:
        return None
    path = getattr(import_module(package), "__file__", None)
    return Path(path).parent / "checks" if path else None


def _pack_of_path(lab: str) -> Pack:
    path = Path(lab)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UsageFault(f"the rubric {lab} {what}; give the path of a YAML file or the name of a lab")
    folder = path.resolve().parent
    return Pack(
        name=path.stem,
        source=lab,
        file=path,
        checks=folder / "checks",
        locale=folder / "locale",
        folder=folder,
    )
