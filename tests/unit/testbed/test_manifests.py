"""Upstream manifests lose their registry hosts and never pull."""

from __future__ import annotations

import pytest

from tests.testbed.build.images import IMAGES
from tests.testbed.build.manifests import MANIFESTS, localised, without_host

DEPLOYMENT = """\
      containers:
      - image: registry.example.org/team/server:v1
        imagePullPolicy: Always
        name: server
      - name: side
        image: side:v2
    properties:
      image:
        description: 'image: kept as it is'
"""


def test_images_lose_their_host_and_are_not_pulled() -> None:
    """Container images are the local ones; schemas that merely speak of images stay."""
    changed = localised(DEPLOYMENT)
    assert "- image: team/server:v1\n" in changed
    assert "imagePullPolicy: IfNotPresent\n" in changed
    assert "image: side:v2\n" in changed
    assert "image:\n        description: 'image: kept as it is'\n" in changed


def test_one_image_can_replace_all() -> None:
    """A development manifest gets the image that is built here."""
    assert localised(DEPLOYMENT, "server:v9").count("image: server:v9\n") == 2


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("registry.example.org/team/server:v1", "team/server:v1"),
        ("localhost/server", "server"),
        ("localhost:5000/server", "server"),
        ("registry:5000/a/b@sha256:00", "a/b@sha256:00"),
        ("team/server:v1.2", "team/server:v1.2"),
        ("server:v1.2", "server:v1.2"),
    ],
)
def test_only_hosts_are_cut_off(reference: str, expected: str) -> None:
    """A dot in a tag or a plain owner is not a host."""
    assert without_host(reference) == expected


def test_every_manifest_belongs_to_a_program_with_an_image() -> None:
    """Whoever applies a manifest has the image that it names."""
    programs = {image.program for image in IMAGES} | {"kwok"}
    assert {manifest.component for manifest in MANIFESTS} <= programs
