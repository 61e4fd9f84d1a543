"""The folder of results: whose hand-ins are finished, and that nothing is graded twice or lost.

    OUT/batch.json                       what is graded with (see `Manifest`)
    OUT/students/<student>/<attempt>/    the files of one hand-in, see `writing`
    OUT/.drafts/                         what is being graded

A hand-in's folder appears by one rename when it is whole: that it is there is that it is
finished, whatever ended the batch. One batch at a time holds the folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.handed_in import digest_of, read_handed_in
from pytest_k8sgrade.batch.manifest import FILE, Manifest, read_manifest
from pytest_k8sgrade.batch.places import place_of
from pytest_k8sgrade.batch.writing import REPORTS, read_attempt, roster_facts
from pytest_k8sgrade.cluster.evidence import MAX_FILE_BYTES
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.gradebook.attempt import Attempt
from pytest_k8sgrade.reports.write import FORMATS, UNFINISHED_PREFIX, write_atomically

DRAFTS: Final = ".drafts"
LOCK: Final = ".lock"
_PRIVATE: Final = 0o700
"""Marks are nobody else's business; a folder that is there already keeps its mode."""


class Results:
    """An open folder of results, held by this process. A context manager."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock

    @classmethod
    def open(cls, folder: Path, manifest: Manifest, *, resume: bool = False) -> Results:
        """Take hold of the folder, new or to go on with; raises `UsageFault`.

        To go on, it must have been begun with the same rubric and options. Hand-ins that the
        roster has got since then are simply not finished yet.
        """
        place = folder.expanduser().absolute()
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.mkdir(mode=_PRIVATE, exist_ok=True)
            _refuse_others(place)
            results = cls(place, _locked(place))
        except OSError as error:
            raise UsageFault(
                f"the results cannot go to {str(folder)!r}: {error.strerror}; give another folder with --out"
            ) from error
        try:
            results._begin(manifest, resume=resume)
        except BaseException:
            results.close()
            raise
        return results

    def __enter__(self) -> Results:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder; drafts are thrown away."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder / DRAFTS)
        os.close(self._lock)

    def unfinished(
        self, entries: Iterable[Entry], again: Callable[[Attempt], bool] = lambda attempt: False
    ) -> list[Entry]:
        """The hand-ins that are still to be graded; raises `UsageFault` where one was exchanged.

        A finished one stands, unless it is to be graded `again`: other bytes of the same attempt
        are another attempt.
        """
        waiting, exchanged = [], []
        for entry in entries:
            attempt = self._finished(entry)
            if attempt is None or again(attempt):
                waiting.append(entry)
            elif (difference := _exchanged(entry, attempt)) is not None:
                exchanged.append(f"{entry.student.id}, attempt {entry.number}: {difference}")
        if exchanged:
            raise UsageFault(
                "hand-ins that are graded already have changed since then:\n  "
                + "\n  ".join(exchanged)
                + "\ngive them as further attempts of these students, or grade those again with --only ID"
            )
        return waiting

    def draft(self) -> Path:
        """A new empty folder to grade into, on the file system of the results."""
        place = self.folder / DRAFTS / secrets.token_hex(8)
        place.mkdir(parents=True)
        return place

    def keep(self, entry: Entry, draft: Path) -> Attempt:
        """Put a whole draft in its place, at once; the attempt that it holds.

        What was graded before is kept beside it.
        """
        attempt = read_attempt(draft)
        place = self.folder / place_of(entry)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(place.with_name(f"{place.name}.before-{secrets.token_hex(4)}"))
        draft.rename(place)
        return attempt

    def store(self, entry: Entry, files: Mapping[str, bytes]) -> Attempt:
        """As `keep`, for files that were graded into elsewhere."""
        draft = self.draft()
        for name, content in files.items():
            (draft / Path(name).name).write_bytes(content)
        return self.keep(entry, draft)

    def attempts(self, entries: Iterable[Entry]) -> Iterator[Attempt]:
        """The finished ones of these hand-ins, one after the other, with what the roster says today."""
        for entry in entries:
            attempt = self._finished(entry)
            if attempt is not None:
                yield attempt.model_copy(update=roster_facts(entry))

    def _begin(self, manifest: Manifest, *, resume: bool) -> None:
        file = self.folder / FILE
        if not file.exists():
            write_atomically(file, manifest.told())
        else:
            self._go_on(read_manifest(file), manifest, resume=resume)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.folder / DRAFTS)

    def _go_on(self, begun: Manifest, manifest: Manifest, *, resume: bool) -> None:
        if not resume:
            raise UsageFault(
                f"the folder {str(self.folder)!r} holds the results of a batch; "
                "go on with it by --resume, or give another one with --out"
            )
        differences = manifest.differences(begun)
        if differences:
            raise UsageFault(
                f"the batch in {str(self.folder)!r} was begun with other settings, and marks of two kinds "
                "do not belong in one table:\n  "
                + "\n  ".join(differences)
                + "\nresume with the old ones, or grade into another folder with --out"
            )

    def _finished(self, entry: Entry) -> Attempt | None:
        """The attempt of a finished hand-in. A folder that lost files, as in a power cut, is none."""
        place = self.folder / place_of(entry)
        if not place.is_dir():
            return None
        try:
            attempt = read_attempt(place)
            whole = all((place / REPORTS[name]).stat().st_size for name in FORMATS if name in REPORTS)
        except (OSError, ValueError):
            whole = False
        if not whole:
            place.rename(place.with_name(f"{place.name}.damaged-{secrets.token_hex(4)}"))
            return None
        return attempt


def _refuse_others(folder: Path) -> None:
    """A folder that holds something, but no batch, is somebody's, and left as it is."""
    ours = (LOCK, DRAFTS, UNFINISHED_PREFIX)
    others = sorted(path.name for path in folder.iterdir() if not path.name.startswith(ours))
    if others and not (folder / FILE).exists():
        raise UsageFault(
            f"the folder {str(folder)!r} is not empty ({others[0]!r}) and holds no batch; "
            "give an empty or a new one with --out"
        )


def _locked(folder: Path) -> int:
    """The folder's lock, held until it is closed or the process ends, however it ends."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise UsageFault(
            f"another batch writes to {str(folder)!r}; wait for its end, or give another folder with --out"
        ) from None
    except OSError:
        os.close(lock)
        raise
    return lock


def _exchanged(entry: Entry, attempt: Attempt) -> str | None:
    """What is not as it was when it was graded, None for nothing that can be seen."""
    if entry.source != attempt.source:
        return f"it was {attempt.source}, and is {entry.source} now"
    handed_in = entry.evidence or entry.answers
    if handed_in is None or attempt.evidence_digest is None:
        return None
    try:
        digest = digest_of(read_handed_in(handed_in, MAX_FILE_BYTES))
    except UsageFault:
        return None
    return None if digest == attempt.evidence_digest else f"{handed_in.name} has other content now"
