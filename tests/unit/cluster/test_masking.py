"""What counts as a credential, and what is left of it."""

from __future__ import annotations

import pytest
import yaml

from pytest_k8sgrade.cluster.masking import MASK, mask, mask_text, speaks_of_credential


@pytest.mark.parametrize(
    ("name", "speaks"),
    [
        ("password", True),
        ("adminPassword", True),
        ("smtp_auth_password", True),
        ("slack_api_url", True),
        ("bearerToken", True),
        ("client_secret", True),
        ("clientSecret", True),
        ("service_key", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("secretName", False),
        ("configSecret", False),
        ("passwordKey", False),
        ("tokenExpirationSeconds", False),
        ("key", False),
        ("url", False),
        ("bearerTokenFile", False),
    ],
)
def test_names_of_credentials(name: str, speaks: bool) -> None:
    """What holds a credential is told from what only points to one."""
    assert speaks_of_credential(name) is speaks


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("", ""),
        ("x", MASK),
        (MASK, MASK),
        ("<secret>", "<secret>"),
        ("https://u:p@hooks.example:8443/a/b?c", f"https://hooks.example:8443/{MASK}"),
        ("hooks.example/a", MASK),
        ("https:// not an address", MASK),
    ],
)
def test_masks(value: str, masked: str) -> None:
    """A masked address keeps its scheme and host: whether it has one is a verdict."""
    assert mask(value) == masked
    assert mask(masked) == masked


def test_masked_text_stays_yaml() -> None:
    """Lines keep their indentation and their neighbours."""
    text = "a:\n  db_password: x y # z\n  list:\n  - token: t\n  secret: name\n  password: {{ .x }}\n"
    assert yaml.safe_load(mask_text(text).replace("{{ .x }}", "q"))["a"]["list"] == [{"token": MASK}]
    assert "x y" not in mask_text(text)
    hidden = "slack_api_url: <secret>\npassword: true\n"
    assert mask_text(hidden) == hidden
