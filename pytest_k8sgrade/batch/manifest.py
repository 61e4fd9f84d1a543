"""What a batch was begun with: the marks of one folder must be of one kind."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import HintLevel, Language, show

FILE: Final = "batch.json"


class Manifest(BaseModel):
    """All that decides marks and texts. Limits and the number of workers may change on the way."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_id: Literal["k8sgrade/batch/v1"] = Field(default="k8sgrade/batch/v1", alias="schema")
    tool_version: str
    rubric: str
    rubric_version: str
    rubric_digest: str
    language: Language
    hints: HintLevel
    overrides: tuple[str, ...] = ()
    wait: float | None = None

    @classmethod
    def of(cls, options: WorkOptions) -> Manifest:
        """The manifest of a batch with these options; raises `UsageFault` for a rubric that is none."""
        lab = options.lab
        return cls(
            tool_version=version("pytest-k8sgrade"),
            rubric=lab.rubric.id,
            rubric_version=lab.rubric.version,
            rubric_digest=lab.digest,
            language=options.language,
            hints=options.hints,
            overrides=tuple(sorted(options.overrides)),
            wait=options.wait,
        )

    def told(self) -> bytes:
        """As the file holds it."""
        return (self.model_dump_json(by_alias=True, indent=2) + "\n").encode()

    def differences(self, begun: Manifest) -> list[str]:
        """A line for each value that is not as it was when the batch was begun."""
        then, now = begun.model_dump(by_alias=True), self.model_dump(by_alias=True)
        return [
            f"{key}: {show(then[key])} then, {show(now[key])} now" for key in now if then[key] != now[key]
        ]


def read_manifest(file: Path) -> Manifest:
    """The manifest of a folder; raises `UsageFault`."""
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageFault(
            f"{str(file)!r} is not as a batch of this version writes it "
            f"({type(error).__name__}); grade into another folder with --out"
        ) from error
