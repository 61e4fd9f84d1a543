"""What lies beside a hand-in, in the working folder or in the environment does not reach the grading."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pytest_k8sgrade.gradebook.attempt import Attempt
from tests.security.hostile import REFERENCE, serving
from tests.security.judging import expected
from tests.unit.cluster.certificates import Authority

_TOUCH = "import pathlib; pathlib.Path({trace!r}).touch()\n"
_FILES: Mapping[str, str] = {
    "conftest": "conftest.py",
    "sitecustomize": "sitecustomize.py",
    "usercustomize": "usercustomize.py",
    "module-yaml": "yaml.py",
    "module-kubernetes": "kubernetes/__init__.py",
    "module-ours": "pytest_k8sgrade/__init__.py",
    "module-of-pytest": "_pytest/__init__.py",
    "checks": "checks/hpa.py",
    "plugin": "planted_plugin.py",
    "startup": "planted_startup.py",
}
"""Python that leaves a trace when it is run, by the row of the table."""
_SETTINGS: Mapping[str, tuple[str, str]] = {
    "pytest-ini": ("pytest.ini", "[pytest]\naddopts = -p planted_plugin\n"),
    "pyproject": ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "-p planted_plugin"\n'),
    "tox-ini": ("tox.ini", "[pytest]\naddopts = -p planted_plugin\n"),
    "dot-env": (".env", "PYTEST_ADDOPTS=-p planted_plugin\nPYTHONSTARTUP=planted_startup.py\n"),
    "rubric-of-the-same-name": ("lab1", "k8sgrade: 1\n"),
}
_LISTENS = ("https-proxy", "all-proxy")
_VARIABLES = (
    "pytest-addopts",
    "pytest-plugins",
    "python-startup",
    "kubeconfig-variable",
    "certificate-bundle",
)
_KEYS = "tls-key-log"
TRAPS = (*_FILES, *_SETTINGS, *_VARIABLES, *_LISTENS, _KEYS)
"""Their rows of the table."""


@dataclass(frozen=True)
class Ended:
    """A batch that ran among traps: what was said, who was graded, what was touched, who was called."""

    said: str
    attempts: Mapping[str, Attempt]
    traces: frozenset[str]
    called: bool


@pytest.fixture(scope="module")
def ended(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The whole command, run in the folder of the hand-ins with everything planted at once."""
    folder, traces, out = (tmp_path_factory.mktemp(name) for name in ("hand-ins", "traces", "out"))
    for name, file in _FILES.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(_TOUCH.format(trace=str(traces / name)), encoding="utf-8")
    for file, content in _SETTINGS.values():
        (folder / file).write_text(content, encoding="utf-8")
    (folder / "s002.zip").write_bytes(REFERENCE.read_bytes())
    with serving(authority) as server, socket.create_server(("127.0.0.1", 0)) as proxy:
        entry = {"student": "s001", "kubeconfig": server.kubeconfig(), "allow": ["loopback"]}
        roster = {"students": [entry, {"student": "s002", "evidence": "s002.zip"}]}
        (folder / "roster.yaml").write_text(yaml.safe_dump(roster), encoding="utf-8")
        command = [Path(sys.executable).with_name("k8sgrade"), "batch", "roster.yaml", "--rubric", "lab1"]
        ran = subprocess.run(
            [*map(str, command), "--out", str(out / "results"), "--wait", "0", "--lang", "en"],
            cwd=folder,
            env={**os.environ, **_environment(folder, traces, proxy.getsockname()[1])},
            capture_output=True,
            text=True,
            check=False,
        )
        proxy.setblocking(False)
        called = _was_called(proxy)
    attempts = {
        path.parts[-3]: Attempt.model_validate_json(path.read_bytes())
        for path in (out / "results" / "students").glob("*/1/attempt.json")
    }
    left = frozenset(path.name for path in traces.iterdir())
    return Ended(ran.stdout + ran.stderr, attempts, left, called)


def _environment(folder: Path, traces: Path, port: int) -> dict[str, str]:
    proxy = f"http://127.0.0.1:{port}"
    return {
        "PYTEST_ADDOPTS": "-p planted_plugin",
        "PYTEST_PLUGINS": "planted_plugin",
        "PYTHONSTARTUP": str(folder / _FILES["startup"]),
        "KUBECONFIG": str(folder / "roster.yaml"),
        "REQUESTS_CA_BUNDLE": str(folder / "lab1"),
        "SSL_CERT_FILE": str(folder / "lab1"),
        "SSLKEYLOGFILE": str(traces / _KEYS),
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "ALL_PROXY": proxy,
    }


def _was_called(proxy: socket.socket) -> bool:
    try:
        proxy.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap(name: str, ended: Ended) -> None:
    """No trace of it, and the marks are those of the clusters."""
    assert expected("surroundings", name) == "no-effect"
    assert name not in ended.traces
    assert not ended.traces, ended.said
    assert not ended.called
    assert {student: attempt.score for student, attempt in ended.attempts.items()} == {
        "s001": 100,
        "s002": 100,
    }


def test_nothing_is_read_back(ended: Ended) -> None:
    """Nothing of the planted files is in what was said."""
    assert "planted" not in json.dumps(ended.said)
