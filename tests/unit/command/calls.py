"""Calling the command inside the test process."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_k8sgrade.command import main


@dataclass(frozen=True)
class Ended:
    """How a call ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ended:
    """Run `k8sgrade` with these arguments."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return Ended(code, told.out, told.err)
