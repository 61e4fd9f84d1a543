"""An autoscaler under a load that the check makes: up while it lasts, down when it is gone.

The load comes from a Job whose pods are doubled until the autoscaler's own metric is above
its target: then a rise is its duty. A load that does not move the metric far enough proves
nothing, nor does an autoscaler that is not at rest when the check begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pytest_k8sgrade.cluster.acting_rules import parallelism
from pytest_k8sgrade.kube import autoscalers
from pytest_k8sgrade.outcome import Findings, cannot_tell, unmet
from pytest_k8sgrade.services.autoscalers import autoscaling
from pytest_k8sgrade.services.autoscalers.autoscaling import API_VERSION, KIND, details

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.cluster.acting import Actor

Object = Mapping[str, Any]

REST_S: Final = 20.0
STEP_S: Final = 45.0
LAST_STEP_S: Final = 180.0
"""A rate is over a window, mostly of a minute or two: it shows a step in part at once, in full only then."""
REACTION_S: Final = 75.0
SLACK_S: Final = 180.0
"""What may pass beside windows and policies, until the metric has fallen and the status is written."""
TTL_S: Final = 60

WORKERS: Final = 5
SCRIPT: Final = """\
set --
while [ "$#" -lt "$EACH" ]; do set -- "$@" "$URL"; done
while :; do
  i=0
  while [ "$i" -lt "$WORKERS" ]; do wget -q -T 3 -O /dev/null "$@" & i=$((i + 1)); done
  wait
  sleep 1
done
"""
"""WORKERS times EACH requests a second at most: they are waited for. One wget for many, since a process
costs more than a request."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a rubric says of the load: `rate` requests a second of each of at most `pods` pods."""

    url: str
    image: str
    rate: int
    pods: int


@dataclass
class Trial:
    """One autoscaler, watched; `start` is the count before the load."""

    actor: Actor
    name: str
    namespace: str
    start: int = 0
    peak: int = 0
    ratio: float = 0.0
    pods: int = 0
    hpa: Object = field(default_factory=dict)

    def read(self, cluster: Cluster) -> Object:
        """The autoscaler now; what was highest is remembered."""
        self.hpa = cluster.get(API_VERSION, KIND, self.name, self.namespace)
        self.peak = max(self.peak, self.replicas)
        self.ratio = max([self.ratio, *autoscalers.ratios(self.hpa).values()])
        return self.hpa

    @property
    def replicas(self) -> int:
        """How many there are, as the autoscaler sees it."""
        return int((self.hpa.get("status") or {}).get("currentReplicas", 0))

    @property
    def told(self) -> dict[str, Any]:
        """What every message of the trial may name."""
        numbers = {"start": self.start, "peak": self.peak, "replicas": self.replicas, "pods": self.pods}
        return {**details(self.hpa), **numbers, "percent": round(self.ratio * 100)}


def require_reaction(actor: Actor, name: str, namespace: str, load: Load, *, down: bool) -> None:
    """Put on the load, see the autoscaler react, take the load away; say what did not happen."""
    trial = Trial(actor, name, namespace)
    _require_rest(trial)
    job = actor.create(_job(actor, namespace, load))
    found = Findings()
    raised = _raised(trial, load)
    most = trial.hpa["spec"]["maxReplicas"]
    found.require(
        raised,
        "load-not-raised",
        part="raised",
        weight=2,
        seen=trial.peak,
        wanted=most,
        most=most,
        **trial.told,
    )
    actor.take_back(job)
    if raised and down:
        _require_fall(trial, found)
    actor.seen = {"replicas": [trial.start, trial.peak, trial.replicas], "pods": trial.pods}
    found.close()


def _require_rest(trial: Trial) -> None:
    """Unmet when it does not work; CannotTell when something else moves it."""
    cluster = trial.actor.look()
    hpa = trial.read(cluster)
    autoscaling.require_working(cluster, hpa)
    least, most = max(1, autoscalers.min_replicas(hpa)), hpa["spec"]["maxReplicas"]
    if most <= least:
        unmet("load-without-room", seen=most, wanted=least + 1, least=least, most=most, **trial.told)
    at_rest = trial.actor.until(REST_S, lambda fresh: _is_at_rest(trial.read(fresh), least) or None)
    trial.start, trial.peak = trial.replicas, trial.replicas
    if not at_rest:
        cannot_tell("load-not-at-rest", seen=trial.replicas, wanted=least, least=least, **trial.told)
    trial.ratio = 0.0


def _is_at_rest(hpa: Object, least: int) -> bool:
    status = hpa.get("status") or {}
    counts = {status.get("currentReplicas"), status.get("desiredReplicas")}
    return counts == {least} and not autoscalers.raising_metrics(hpa)


def _raised(trial: Trial, load: Load) -> bool:
    """Whether it rose, with more and more pods; CannotTell when the load never reached its target."""
    while True:
        trial.pods = min(load.pods, max(1, trial.pods * 2))
        if trial.pods > 1:
            job = trial.actor.name("load")
            trial.actor.adjust(parallelism(trial.namespace, job, trial.pods))
        seconds = STEP_S if trial.pods < load.pods else LAST_STEP_S
        seen = trial.actor.until(seconds, lambda cluster: _reaction(trial, cluster))
        if seen == "raised":
            return True
        if seen == "above":
            return _raised_in_time(trial)
        running = _running(trial)
        if not running or trial.pods >= load.pods or trial.actor.left <= 0:
            _explain_weak(trial, load, running)


def _reaction(trial: Trial, cluster: Cluster) -> str | None:
    hpa = trial.read(cluster)
    if trial.replicas > trial.start:
        return "raised"
    return "above" if autoscalers.raising_metrics(hpa) else None


def _raised_in_time(trial: Trial) -> bool:
    """Whether it rises within the time that its rules and the controller may take."""
    rules = autoscalers.behavior(trial.hpa, "scaleUp")
    seconds = REACTION_S + rules.window_s + max((one.period_s for one in rules.policies), default=0)
    rose = trial.actor.until(seconds, lambda cluster: _reaction(trial, cluster) == "raised" or None)
    if not rose and trial.actor.left <= 0:
        cannot_tell("act-out-of-time", lasts=round(trial.actor.lasts))
    return bool(rose)


def _running(trial: Trial) -> int:
    """How many pods of the load run."""
    labels = {"job-name": trial.actor.name("load")}
    pods = trial.actor.look().list("v1", "Pod", trial.namespace, labels=labels)
    return sum((pod.get("status") or {}).get("phase") == "Running" for pod in pods)


def _explain_weak(trial: Trial, load: Load, running: int) -> NoReturn:
    """Without load there is no duty: either its pods do not run, or they do not reach far enough."""
    reason = "load-too-weak" if running else "load-pods-not-running"
    told = {**trial.told, "running": running, "rate": load.rate, "url": load.url, "image": load.image}
    above = 1 + autoscalers.tolerance(trial.hpa, "scaleUp")
    cannot_tell(reason, seen=round(trial.ratio, 2), wanted=above, **told)


def _require_fall(trial: Trial, found: Findings) -> None:
    least = max(1, autoscalers.min_replicas(trial.hpa))
    seconds = fall_takes(trial.hpa, trial.peak, least)
    fell = trial.actor.until(seconds, lambda cluster: _count(trial, cluster) <= least or None)
    if not fell and trial.actor.left <= 0:
        cannot_tell("act-out-of-time", lasts=round(trial.actor.lasts))
    holding = [metric.name for metric in autoscalers.holding_metrics(trial.hpa)]
    told = {"least": least, "seconds": round(seconds), "holding": holding, **trial.told}
    found.require(bool(fell), "load-not-lowered", part="lowered", seen=trial.replicas, wanted=least, **told)


def _count(trial: Trial, cluster: Cluster) -> int:
    trial.read(cluster)
    return trial.replicas


def fall_takes(hpa: Object, peak: int, least: int) -> float:
    """Seconds that its rules may take from the peak to the least, and some slack."""
    rules = autoscalers.behavior(hpa, "scaleDown")
    seconds, count = rules.window_s + SLACK_S, peak
    choose = min if rules.select == "Min" else max
    while count > least and rules.policies and rules.select != "Disabled":
        steps = [(_removed(one, count), one.period_s) for one in rules.policies]
        removed, period = choose(steps)
        if removed <= 0:
            break
        count -= removed
        seconds += period
    return seconds


def _removed(policy: autoscalers.Policy, count: int) -> int:
    return policy.value if policy.kind == "Pods" else max(1, count * policy.value // 100)


def _job(actor: Actor, namespace: str, load: Load) -> dict[str, Any]:
    """The load: it meets the restricted Pod Security Standard, and ends by itself."""
    numbers = {"WORKERS": WORKERS, "EACH": max(1, load.rate // WORKERS)}
    container = {
        "name": "load",
        "image": load.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", SCRIPT],
        "env": [{"name": name, "value": str(value)} for name, value in {"URL": load.url, **numbers}.items()],
        "resources": {
            "requests": {"cpu": "50m", "memory": "32Mi"},
            "limits": {"cpu": "500m", "memory": "256Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    pod = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    manifest = actor.manifest("Job", "load", namespace)
    labels = manifest["metadata"]["labels"]
    manifest["spec"] = {
        "parallelism": 1,
        "backoffLimit": load.pods,
        "activeDeadlineSeconds": max(1, round(actor.left)),
        "ttlSecondsAfterFinished": TTL_S,
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return manifest
