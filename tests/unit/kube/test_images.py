"""Image references as a runtime reads them."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.kube.images import program, same


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("nginx", "docker.io/library/nginx:latest", True),
        ("example/web:1.0", "index.docker.io/example/web:1.0", True),
        ("localhost:5000/web:1.0", "web:1.0", False),
        ("registry.example.org:5000/web", "registry.example.org:5000/web:latest", True),
        ("nginx:1.25@sha256:abc", "nginx:1.25", True),
        ("nginx@sha256:abc", "nginx@sha256:abd", False),
        ("nginx:1.25", "nginx:1.25-alpine", False),
    ],
)
def test_the_same_image_has_many_names(left: str, right: str, equal: bool) -> None:
    """Host, library, tag and digest are filled in; another tag is another image."""
    assert same(left, right) is equal


def test_a_program_is_known_by_the_last_part_of_its_image() -> None:
    """Wherever a mirror keeps it, with or without tag and digest."""
    for image in (
        "kedacore/keda",
        "ghcr.io/kedacore/keda:2.21.0",
        "mirror:5000/a/keda@sha256:0",
        "keda:1@sha256:0",
    ):
        assert program(image) == "keda"
