"""Making a folder empty again, for a second try."""

from __future__ import annotations

import shutil
from pathlib import Path


def clear(folder: Path) -> None:
    """Take everything out of a folder, following no link."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
