"""What is read loses its secrets at once, and keeps what verdicts need."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
import yaml

from pytest_k8sgrade.cluster import Request, Response
from pytest_k8sgrade.cluster.helm_record import redact_manifest, redact_record
from pytest_k8sgrade.cluster.masking import MASK, mask_yaml
from pytest_k8sgrade.cluster.redaction import Redactor

SECRETS = "/api/v1/namespaces/shop/secrets"


def _b64(content: str | bytes) -> str:
    return base64.b64encode(content.encode() if isinstance(content, str) else content).decode()


def _redacted(path: str, document: Any, redactor: Redactor | None = None) -> Any:
    response = Response(200, {"content-type": "application/json"}, json.dumps(document).encode(), path)
    result = (redactor or Redactor()).redact(Request.to(path), response)
    assert json.loads(result.content) == result.json()
    return result.json()


def _value(secret: dict[str, Any], key: str) -> str:
    return base64.b64decode(secret["data"][key]).decode()


@pytest.mark.parametrize("path", [SECRETS, f"{SECRETS}/one", "/api/v1/secrets"])
def test_values_of_secrets_are_gone(path: str) -> None:
    """Keys stay, empty stays empty, everything else is the mask."""
    secret = {
        "metadata": {
            "name": "one",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "planted", "kept": "yes"},
            "managedFields": [{"planted": 1}],
        },
        "data": {"password": _b64("planted"), "empty": "", "odd": "not base64, planted"},
        "stringData": {"x": "planted"},
    }
    document = secret if path.endswith("one") else {"items": [secret]}
    result = _redacted(path, document)
    kept = result if path.endswith("one") else result["items"][0]
    assert kept == {
        "metadata": {"name": "one", "annotations": {"kept": "yes"}},
        "data": {"password": _b64(MASK), "empty": "", "odd": _b64(MASK)},
    }


def test_redacting_twice_changes_nothing() -> None:
    """Evidence of evidence is the same evidence."""
    redactor = Redactor()
    documents = {
        SECRETS: {
            "items": [
                {"data": {"a": _b64("x"), "alertmanager.yaml": _b64("slack_api_url: https://h/x\n")}},
                {"type": "helm.sh/release.v1", "data": {"release": _release({"config": {"password": "x"}})}},
            ]
        },
        "/api/v1/pods": {"items": [{"spec": {"env": [{"name": "DB_PASSWORD", "value": "x"}]}}]},
    }
    for path, document in documents.items():
        once = _redacted(path, document, redactor)
        assert _redacted(path, json.loads(json.dumps(once)), redactor) == once


def test_an_alertmanager_configuration_keeps_its_structure() -> None:
    """Routes and receivers can be judged; the credentials in it cannot be read."""
    config: dict[str, Any] = {
        "global": {
            "slack_api_url": "https://hooks.slack.com/services/planted",
            "smtp_auth_password": "planted",
        },
        "route": {
            "receiver": "default",
            "routes": [{"matchers": ['severity="critical"'], "receiver": "pager"}],
        },
        "receivers": [
            {"name": "pager", "pagerduty_configs": [{"service_key": "planted"}]},
            {"name": "slack", "slack_configs": [{"api_url": "no-scheme/planted", "channel": "#ops"}]},
            {
                "name": "hook",
                "webhook_configs": [{"http_config": {"authorization": {"credentials": "planted"}}}],
            },
        ],
    }
    secret = {"data": {"alertmanager.yaml": _b64(yaml.safe_dump(config))}}
    kept = yaml.safe_load(_value(_redacted(f"{SECRETS}/am", secret), "alertmanager.yaml"))
    assert "planted" not in repr(kept)
    assert kept["route"] == config["route"]
    assert kept["global"]["slack_api_url"] == f"https://hooks.slack.com/{MASK}"
    assert kept["receivers"][1] == {"name": "slack", "slack_configs": [{"api_url": MASK, "channel": "#ops"}]}


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe", b"a: &a [*a]", b"!!python/object:os.system {}"])
def test_an_unreadable_configuration_is_masked_whole(content: bytes) -> None:
    """What cannot be parsed cannot be kept in part."""
    assert mask_yaml(content) == MASK.encode()


def test_argocds_cluster_secrets_keep_their_addresses() -> None:
    """Name and server tell which cluster it is; the credentials are gone, also those in a URL."""
    secret = {
        "metadata": {"labels": {"argocd.argoproj.io/secret-type": "cluster"}},
        "data": {
            "name": _b64("prod"),
            "server": _b64("https://10.0.0.1"),
            "config": _b64('{"bearerToken": "planted"}'),
            "url": _b64("https://user:planted@git.example/x"),
        },
    }
    kept = _redacted(f"{SECRETS}/c", secret)
    assert {key: _value(kept, key) for key in kept["data"]} == {
        "name": "prod",
        "server": "https://10.0.0.1",
        "config": MASK,
        "url": "https://git.example/x",
    }


def _release(record: dict[str, Any], *, packed: bool = True) -> str:
    text = json.dumps(record).encode()
    return _b64(_b64(gzip.compress(text) if packed else text))


def _record(stored: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(base64.b64decode(stored))))


MANIFEST = """---
# Source: chart/secret.yaml
apiVersion: v1
kind: Secret
metadata:
  name: grafana
data:
  admin-password: cGxhbnRlZA==
stringData: {other: planted, none: ""}
---
# Source: chart/deployment.yaml
kind: Deployment
spec:
  containers:
    - env:
        - name: ADMIN_TOKEN
          value: planted
        - name: PLAIN
          value: kept
      secretName: kept
      automountServiceAccountToken: true
---
kind: ConfigMap
data:
  adminPassword: "planted"
  admin_password = planted
---
kind: "List"
items: [{"kind": "Secret", "data": {"x": "planted"}}, {"kind": "ConfigMap", "data": {"y": "kept"}}]
"""


@pytest.mark.parametrize("packed", [True, False])
def test_a_helm_release_keeps_what_was_installed(packed: bool) -> None:
    """Chart, values and manifest stay readable; Secrets, credentials, notes and templates go."""
    record = {
        "name": "kps",
        "version": 3,
        "info": {"status": "deployed", "notes": "planted", "last_deployed": "2026-03-02T10:00:00Z"},
        "config": {"grafana": {"adminPassword": "planted", "replicas": 1}},
        "chart": {
            "metadata": {"name": "kube-prometheus-stack", "version": "88.5.3"},
            "lock": {"dependencies": [{"name": "grafana", "version": "9.3.2"}]},
            "values": {"auth": {"token": "planted", "existingSecret": "kept"}},
            "templates": [{"data": "planted"}],
            "files": [{"data": "planted"}],
        },
        "manifest": MANIFEST,
        "hooks": [{"name": "h", "manifest": "kind: Secret\ndata: {a: planted}\n"}],
    }
    secret = {"type": "helm.sh/release.v1", "data": {"release": _release(record, packed=packed)}}
    kept = _record(_redacted(f"{SECRETS}/r", secret)["data"]["release"])
    assert "planted" not in json.dumps(kept)
    assert "cGxhbnRlZA" not in json.dumps(kept)
    assert kept["info"] == {"status": "deployed", "last_deployed": "2026-03-02T10:00:00Z"}
    assert kept["config"] == {"grafana": {"adminPassword": MASK, "replicas": 1}}
    assert kept["chart"]["metadata"]["version"] == "88.5.3"
    assert kept["chart"]["lock"]["dependencies"] == [{"name": "grafana", "version": "9.3.2"}]
    assert kept["chart"]["values"]["auth"] == {"token": MASK, "existingSecret": "kept"}
    kinds = [document["kind"] for document in yaml.safe_load_all(kept["manifest"].replace(" = ", ": "))]
    assert kinds == ["Secret", "Deployment", "ConfigMap", "List"]
    assert kept["manifest"].count("kept") == 3


def test_a_helm_release_in_a_config_map_holds_no_secret_either() -> None:
    """HELM_DRIVER=configmap; a ConfigMap of somebody else stays as it is."""
    stored = base64.b64decode(_release({"config": {"password": "planted"}, "name": "kps"})).decode()
    labels = {"owner": "helm", "name": "kps"}
    helms = {"metadata": {"name": "kps.v1", "labels": labels}, "data": {"release": stored}}
    others = {"metadata": {"name": "settings"}, "data": {"release": stored}}
    kept = _redacted("/api/v1/namespaces/monitoring/configmaps", {"items": [helms, others]})["items"]
    assert kept[1]["data"]["release"] == stored
    record = _record(base64.b64encode(kept[0]["data"]["release"].encode()).decode())
    assert record == {"name": "kps", "config": {"password": MASK}}


def test_equal_releases_give_equal_bytes() -> None:
    """The record is packed without a time, so that evidence is reproducible."""
    stored = base64.b64decode(_release({"name": "x", "manifest": MANIFEST}))
    assert redact_record(stored) == redact_record(stored)


@pytest.mark.parametrize(
    "stored",
    [
        b"not base64!",
        base64.b64encode(b"\x1f\x8b\x08broken"),
        base64.b64encode(gzip.compress(b"[1]")),
        base64.b64encode(gzip.compress(b"{} planted")),
        base64.b64encode(gzip.compress(b" " * (64 * 1024 * 1024 + 2))),
    ],
    ids=["no base64", "no gzip", "no object", "no JSON", "too large"],
)
def test_an_unreadable_release_is_masked_whole(stored: bytes) -> None:
    """Damaged records and bombs leave nothing behind."""
    assert redact_record(stored) == MASK.encode()


def test_a_secret_that_cannot_be_parsed_is_dropped() -> None:
    """A document that says it is a Secret but is no YAML is not kept in part."""
    assert "planted" not in redact_manifest("kind: Secret\ndata: {x: planted\n")


def test_credentials_in_objects_are_masked() -> None:
    """Environment variables, parameters and fields; names, labels and expressions stay."""
    document: dict[str, Any] = {
        "metadata": {"labels": {"token": "kept"}},
        "spec": {
            "containers": [
                {"env": [{"name": "API_KEY", "value": "planted"}, {"name": "A", "value": "kept"}]}
            ],
            "configSecret": "kept",
            "secretName": "kept",
            "helm": {"parameters": [{"name": "grafana.adminPassword", "value": "planted"}]},
            "values": "grafana:\n  adminPassword: planted\n  existingSecret: kept\n",
            "expr": "sum(\n  token: x\n)",
            "remoteWrite": [{"basicAuth": {"password": {"name": "kept", "key": "kept"}}}],
            "password": "",
        },
    }
    kept = _redacted("/apis/argoproj.io/v1alpha1/applications", document)
    assert "planted" not in json.dumps(kept)
    assert json.dumps(kept).count("kept") == 7
    assert kept["spec"]["expr"] == document["spec"]["expr"]
    assert kept["spec"]["password"] == ""


def test_configmaps_and_events_stay_as_they_are() -> None:
    """They are compared by checks and are no place for secrets."""
    document = {"data": {"x.yaml": "password: 1\n", "token": "t"}}
    assert _redacted("/api/v1/namespaces/a/configmaps/b", document) == document


def test_services_answers_are_masked_but_labels_are_not() -> None:
    """Grafana's data sources lose passwords, Prometheus' series keep their labels."""
    path = "/api/v1/namespaces/m/services/http:x:80/proxy/api"
    assert _redacted(path, [{"basicAuthPassword": "planted", "url": "http://prometheus:9090"}]) == [
        {"basicAuthPassword": MASK, "url": "http://prometheus:9090"}
    ]
    series = {"data": {"result": [{"metric": {"secret": "kept", "token": "kept"}, "value": [1, "2"]}]}}
    assert _redacted(path, series) == series


def test_other_bodies_pass() -> None:
    """Text and metrics are not touched."""
    response = Response(200, {"content-type": "text/plain"}, b"up 1", "/x")
    assert Redactor().redact(Request.to("/x"), response) is response


@pytest.mark.parametrize("broken", [b'{"token": planted', b'{"a": NaN, "data": "planted"}', b"[" * 100_000])
def test_secrets_that_are_no_json_are_hidden(broken: bytes) -> None:
    """What no check can read is evidence all the same."""
    response = Response(200, {"content-type": "application/json"}, broken, "/api/v1/secrets")
    assert Redactor().redact(Request.to("/api/v1/secrets"), response).content == b"<redacted>"


def test_other_broken_json_is_masked_as_text() -> None:
    """It stays to be looked at, without its credentials."""
    response = Response(200, {"content-type": "application/json"}, b"{\n  token: planted", "/x")
    assert b"planted" not in Redactor().redact(Request.to("/x"), response).content
