"""Report files: what `FORMAT=PATH` means, and writing them whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pytest_k8sgrade.errors import UsageFault

if TYPE_CHECKING:
    from pytest_k8sgrade.grade.model import Grade


def _json(grade: Grade) -> str:
    from pytest_k8sgrade.reports.json import render_json  # noqa: PLC0415 - only when asked for

    return render_json(grade)


def _junit(grade: Grade) -> str:
    from pytest_k8sgrade.reports.junit import render_junit  # noqa: PLC0415 - only when asked for

    return render_junit(grade)


def _html(grade: Grade) -> str:
    from pytest_k8sgrade.reports.html import render_html  # noqa: PLC0415 - only when asked for

    return render_html(grade)


FORMATS: Mapping[str, Callable[[Grade], str]] = {"html": _html, "json": _json, "junit": _junit}


@dataclass(frozen=True, slots=True)
class Target:
    """One report to write: a key of `FORMATS` and where it goes."""

    format: str
    path: Path


def parse_target(text: str) -> Target:
    """The target of `FORMAT=PATH`; raises `UsageFault`, also when the file could not be written there.

    Told before the run, because a report that cannot be written after minutes of
    waiting is lost.
    """
    name, equals, place = text.partition("=")
    choices = ", ".join(FORMATS)
    if not equals or not place:
        raise UsageFault(f"{text!r} names no report; write FORMAT=PATH with a format of: {choices}")
    if name not in FORMATS:
        raise UsageFault(f"no report format {name!r} in {text!r}; formats: {choices}")
    path = Path(place).expanduser()
    refuse_unwritable(path, f"the {name} report")
    return Target(format=name, path=path)


def refuse_unwritable(path: Path, what: str) -> None:
    """Raise `UsageFault` where a file could not be written, before the run has cost minutes."""
    fault = _fault_of_place(path)
    if fault is not None:
        raise UsageFault(f"{what} cannot be written to {str(path)!r}: {fault}; name another file")


def _fault_of_place(path: Path) -> str | None:
    if path.is_dir():
        return "it is a folder"
    folder = path.parent if not path.is_symlink() else path.resolve().parent
    if not folder.is_dir():
        return f"the folder {str(folder)!r} does not exist"
    if path.exists() and not path.is_file():
        return None if os.access(path, os.W_OK) else "it may not be written to"
    return (
        None if os.access(folder, os.W_OK | os.X_OK) else f"the folder {str(folder)!r} may not be written to"
    )


def write_report(target: Target, grade: Grade) -> None:
    """Write the report; raises `UsageFault` when the file system refuses."""
    content = FORMATS[target.format](grade).encode("utf-8")
    try:
        write_atomically(target.path, content)
    except OSError as error:
        raise UsageFault(
            f"the {target.format} report cannot be written to {str(target.path)!r}: {error.strerror}"
        ) from error


UNFINISHED_PREFIX = ".k8sgrade-"
"""How the names of files begin that a killed process may have left half written."""


def write_atomically(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Replace a file in one step: a reader sees the old or the new one, never a part.

    `mode` is who may use the new one, as far as the umask lets them. What is not a regular
    file (a device, a pipe) is written to as it is.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    with replacing(path, mode) as stream:
        stream.write(content)


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` in one step when the block ends, and not when it fails."""
    final = path.resolve()
    draft = final.with_name(f"{UNFINISHED_PREFIX}{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "xb", opener=lambda place, flags: os.open(place, flags, mode)) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(final)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
