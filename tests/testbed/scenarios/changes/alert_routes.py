"""Changes to the alerting configuration of hands-on 1: what is written, what Alertmanager takes of it.

What is changed in the Secret runs some 10 s later (operator, the kubelet's 5 s, the reloader).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import yaml

from tests.testbed.layers import look
from tests.testbed.layers.alerting import NAMESPACE as OUTSIDE
from tests.testbed.layers.alerting import RECEIVERS, SECRET, WEBHOOK, delivered, receivers
from tests.testbed.layers.monitoring import ALERTMANAGER as ADDRESS
from tests.testbed.layers.monitoring import NAMESPACE
from tests.testbed.scenarios.change import Change, Seen, Target, patched, register, replace
from tests.testbed.scenarios.edits import edited, keep, put_back

from .alertmanager import ALERTMANAGER, STATEFUL_SET
from .alertmanager import back as alerts_back
from .grafana import encoded
from .monitoring import reconciled
from .targets import OPERATOR, back, scaled_down

if TYPE_CHECKING:
    from tests.testbed.node import Bed

Config = dict[str, Any]
CONFIG = Target("secret", NAMESPACE, SECRET)
KEY = "alertmanager.yaml"
WORKER = Target("deployment", NAMESPACE, OPERATOR)
PLACEHOLDER = [{"api_url": "YOUR_SLACK_WEBHOOK_URL", "channel": "#warnings"}]
STALE = "alert-config-stale"
RECEIVER = Target("deployment", OUTSIDE, WEBHOOK)
FAILED = "alertmanager_notification_requests_failed_total"


def written(bed: Bed) -> Config:
    """The configuration in the Secret."""
    found = CONFIG.read(bed) or {"data": {}}
    config: Config = yaml.safe_load(base64.b64decode(found["data"][KEY]))
    return config


def essence(config: Config) -> dict[str, Any]:
    """What of a configuration the changes here are about, however Alertmanager writes the rest."""
    route = config["route"]
    return {
        "times": (route["receiver"], route.get("repeat_interval")),
        "routes": [
            (one["receiver"], one.get("match"), one.get("match_re"), bool(one.get("continue")))
            for one in route.get("routes") or []
        ],
        "receivers": {one["name"]: [key for key in one if "_configs" in key] for one in config["receivers"]},
        "inhibitions": [one["equal"] for one in config.get("inhibit_rules") or []],
    }


def runs(bed: Bed) -> str | None:
    """Whether Alertmanager runs what is written."""
    answer = look.get(bed, f"{ADDRESS}/api/v2/status")
    if answer is None:
        return "Alertmanager does not answer"
    wanted, found = essence(written(bed)), essence(yaml.safe_load(answer["config"]["original"]))
    return None if wanted == found else f"runs with {found}"


def refused(bed: Bed) -> str | None:
    """Whether the operator refuses the configuration."""
    return reconciled(bed, ALERTMANAGER, "False")


def taken(bed: Bed) -> str | None:
    """Whether the operator has taken the configuration, and it runs."""
    return reconciled(bed, ALERTMANAGER, "True") or runs(bed)


def rewritten(edit: Callable[[Config], None]) -> Callable[[dict[str, Any]], None]:
    """The change of the Secret that changes the configuration in it."""

    def change(found: dict[str, Any]) -> None:
        config = yaml.safe_load(base64.b64decode(found["data"][KEY]))
        edit(config)
        found["data"][KEY] = encoded(yaml.safe_dump(config, sort_keys=False))

    return change


def of_config(name: str, title: str, edit: Callable[[Config], None], *, effect: Seen = runs) -> Change:
    """A change of what is written in the Secret that Alertmanager reads."""
    return edited(name, title, CONFIG, rewritten(edit), effect=effect, restored=taken)


def with_placeholder(config: Config) -> None:
    """Let the receiver slack have the address of the lab's text."""
    config["receivers"][1] = {"name": "slack", "slack_configs": PLACEHOLDER}


def with_unknown_receiver(config: Config) -> None:
    """Let a route lead to a receiver that nobody defines."""
    config["route"]["routes"].append({"match": {"team": "web"}, "receiver": "chat"})


def with_second_receiver(config: Config) -> None:
    """Define one receiver twice."""
    config["receivers"].append({"name": "slack"})


def with_root_condition(config: Config) -> None:
    """Give the outermost route a condition."""
    config["route"]["match"] = {"severity": "warning"}


def with_broad_route(config: Config) -> None:
    """Let a first route take whatever has a severity."""
    config["route"]["routes"].insert(0, {"match_re": {"severity": ".+"}, "receiver": "slack"})


def with_other_severity(config: Config) -> None:
    """Let the route of critical alerts match a severity that no alert has."""
    config["route"]["routes"][0]["match"] = {"severity": "crit"}


def without_email(config: Config) -> None:
    """Leave out the receiver email and its route."""
    config["receivers"] = [one for one in config["receivers"] if one["name"] != "email"]
    config["route"]["routes"] = [one for one in config["route"]["routes"] if one["receiver"] != "email"]


def without_inhibition(config: Config) -> None:
    """Leave out the inhibition."""
    del config["inhibit_rules"]


def with_narrow_inhibition(config: Config) -> None:
    """Let the inhibition compare the name of the alert only."""
    config["inhibit_rules"][0]["equal"] = ["alertname"]


def without_integrations(config: Config) -> None:
    """Let the receivers notify nobody."""
    config["receivers"] = [{"name": one["name"]} for one in config["receivers"]]


def with_other_key(found: dict[str, Any]) -> None:
    """Keep the configuration under a key that nobody reads."""
    found["data"]["config.yaml"] = found["data"].pop(KEY)


def write_unheard(bed: Bed) -> None:
    """Write once the operator is gone: it reaches nobody."""
    look.until("operator gone", lambda: scaled_down(bed, OPERATOR))
    found, config = keep(bed, STALE, CONFIG), written(bed)
    config["route"]["repeat_interval"] = "4h"
    replace(bed, {**found, "data": {KEY: encoded(yaml.safe_dump(config, sort_keys=False))}})


def heard(bed: Bed) -> None:
    """Put the Secret and the operator back."""
    put_back(bed, STALE)
    WORKER.patch(bed, {"spec": {"replicas": 1}})
    look.until("operator back", lambda: back(bed, "deployment", OPERATOR, OPERATOR) or taken(bed))


def failing(bed: Bed) -> str | None:
    """Whether Alertmanager, started anew, has tried to notify in vain."""
    _, text = bed.api.raw("GET", f"{ADDRESS}/metrics")
    found = [line for line in text.splitlines() if line.startswith(f'{FAILED}{{integration="webhook"')]
    return None if any(float(line.split()[-1]) > 0 for line in found) else f"no failed request: {found}"


def unanswered(bed: Bed) -> None:
    """End Alertmanager once nobody answers it: its counters begin with the process."""
    look.until("webhook gone", lambda: no_replicas(bed))
    bed.kubectl("delete", "pod", f"{STATEFUL_SET}-0", "-n", NAMESPACE, "--grace-period=1")
    look.until("requests fail", lambda: failing(bed))


def no_replicas(bed: Bed) -> str | None:
    """Whether nothing of the webhook runs any more."""
    status = (look.read(bed, "deployment", RECEIVER.namespace, RECEIVER.name) or {}).get("status", {})
    return f"{status['replicas']} pods" if status.get("replicas") else None


def answered(bed: Bed) -> None:
    """Let the webhook run again and wait until it was told of an alert."""
    RECEIVER.patch(bed, {"spec": {"replicas": 1}})
    look.until("alerts delivered", lambda: delivered(bed, "slack", "AlertTest") or alerts_back(bed))


register(
    Change(
        name="alert-webhook-absent",
        title="Nobody answers at the address of the receivers",
        apply=lambda bed: RECEIVER.patch(bed, {"spec": {"replicas": 0}}),
        settle=unanswered,
        undo=answered,
    )
)
register(
    patched(
        "alert-config-unread",
        "Alertmanager is not told of the Secret that the lab's text writes",
        ALERTMANAGER,
        to={"spec": {"configSecret": None}},
        back={"spec": {"configSecret": SECRET}},
        effect=lambda bed: receivers(bed, {"null"}),
        restored=lambda bed: receivers(bed, RECEIVERS) or taken(bed),
    )
)
register(
    Change(
        name=STALE,
        title="The configuration was changed while the operator did not run",
        apply=lambda bed: WORKER.patch(bed, {"spec": {"replicas": 0}}),
        settle=write_unheard,
        undo=heard,
    )
)
edited(
    "alert-config-other-key",
    "The Secret has the configuration under another key",
    CONFIG,
    with_other_key,
    effect=lambda bed: receivers(bed, {"null"}),
    restored=taken,
)
for _name, _title, _edit in (
    ("alert-url-placeholder", "The Slack address is the placeholder of the lab's text", with_placeholder),
    ("alert-receiver-undefined", "A route leads to a receiver that is not defined", with_unknown_receiver),
    ("alert-receiver-twice", "One receiver is defined twice", with_second_receiver),
    ("alert-root-conditions", "The outermost route has a condition", with_root_condition),
):
    of_config(_name, _title, _edit, effect=refused)
for _name, _title, _edit in (
    ("alert-route-swallowed", "A broad route takes every alert before the others", with_broad_route),
    ("alert-route-other-severity", "The route of critical alerts asks for crit", with_other_severity),
    ("alert-receiver-missing", "The receiver email and its route are missing", without_email),
    ("alert-inhibition-absent", "There is no inhibition", without_inhibition),
    ("alert-inhibition-narrow", "The inhibition compares the alert's name only", with_narrow_inhibition),
    ("alert-receivers-silent", "The receivers have no way to notify", without_integrations),
):
    of_config(_name, _title, _edit)
