"""Reading a cluster, or its recorded evidence, and nothing but reading.

`connect` gives a source of views; a `Cluster` is the face of one view that checks
get. Layers, from below: kubeconfig and connection, transport, reader (which redacts),
view (one round's memory), facade. The package knows nothing of pytest, and importing
it imports neither kubernetes nor requests.
"""

from pytest_k8sgrade.cluster.exchange import Exchange, Request, Response
from pytest_k8sgrade.cluster.facade import Cluster
from pytest_k8sgrade.cluster.kubeconfig import Inline
from pytest_k8sgrade.cluster.policy import FOREIGN, OWN, PERMISSIONS, Policy, foreign
from pytest_k8sgrade.cluster.reader import SecretValue
from pytest_k8sgrade.cluster.replay import RecordedSource, evidence_of, open_evidence
from pytest_k8sgrade.cluster.source import Facts, LiveSource, connect, read_ahead
from pytest_k8sgrade.cluster.view import View

__all__ = [
    "FOREIGN",
    "OWN",
    "PERMISSIONS",
    "Cluster",
    "Exchange",
    "Facts",
    "Inline",
    "LiveSource",
    "Policy",
    "RecordedSource",
    "Request",
    "Response",
    "SecretValue",
    "View",
    "connect",
    "evidence_of",
    "foreign",
    "open_evidence",
    "read_ahead",
]
