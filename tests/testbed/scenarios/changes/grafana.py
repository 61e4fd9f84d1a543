"""Changes to Grafana."""

from __future__ import annotations

import base64

from tests.testbed.scenarios.change import Target, patched, register


def encoded(text: str) -> str:
    """A value as a Secret holds it."""
    return base64.b64encode(text.encode()).decode()


# Grafana reads the password at start only, so the Secret is wrong at once and nothing has to be waited for.
PASSWORD_WRONG = register(
    patched(
        "grafana-secret-wrong",
        "The Secret prometheus-grafana holds another password than Grafana was started with",
        Target("secret", "monitoring", "prometheus-grafana"),
        to={"data": {"admin-password": encoded("changed-later")}},
        back={"data": {"admin-password": encoded("admin123")}},
        effect=lambda bed: None,
        restored=lambda bed: None,
    )
)
