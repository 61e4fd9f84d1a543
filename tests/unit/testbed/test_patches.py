"""What is left out of a module's copy before it is compiled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.testbed.build.components import PATCHES, Patch
from tests.testbed.build.golang import shorten
from tests.testbed.errors import BuildError

BUILDER = """\
switch kind {
\tcase "cron":
\t\treturn scalers.NewCronScaler(config)
\tcase "mongo":
\t\treturn scalers.NewMongoScaler(config)
\t// not yet
\tcase "cpu-of-a-cloud":
\t\treturn scalers.NewCloudScaler(config)
\tdefault:
\t\treturn nil
}
"""
KEDA = next(patch for patch in PATCHES if patch.family == "keda")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module like KEDA's, as far as the patch looks at it."""
    files = {
        "pkg/scaling/scalers_builder.go": BUILDER,
        **dict.fromkeys(
            ["pkg/scalers/cron_scaler.go", "pkg/scalers/mongo_scaler.go", "pkg/scalers/scaler.go"], ""
        ),
        "pkg/scalers/gcp/mongo_scaler.go": "",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def test_only_the_wanted_event_sources_are_left(module: Path) -> None:
    """Files of others go, and so does every case that would call them; the default stays."""
    shorten(module, KEDA)
    left = {str(file.relative_to(module)) for file in module.rglob("*.go")}
    assert left == {
        "pkg/scalers/cron_scaler.go",
        "pkg/scalers/gcp/mongo_scaler.go",
        "pkg/scalers/scaler.go",
        "pkg/scaling/scalers_builder.go",
    }
    text = (module / "pkg/scaling/scalers_builder.go").read_text(encoding="utf-8")
    assert re.findall(r"New(\w+)Scaler", text) == ["Cron"]
    assert text.endswith("\tdefault:\n\t\treturn nil\n}\n")


def test_a_module_that_has_changed_is_an_error(module: Path) -> None:
    """Otherwise a new version would silently be compiled whole."""
    patch = Patch("keda", "example.org/keda", "1", cut=(("pkg/scaling/scalers_builder.go", "case 'x'"),))
    with pytest.raises(BuildError, match=r"nothing to cut in pkg/scaling"):
        shorten(module, patch)
