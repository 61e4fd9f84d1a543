"""Sends acts, and takes them back: the only place from which anything changes a cluster.

Made for the active checks that somebody asked for by name, and by the guard that cleans up
after them; a passive run has no such object. It shares the connection with the reader, but
not its permission: what is sent is on the list of `acting_rules` or is refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Final, NoReturn

from pytest_k8sgrade.cluster.acting_rules import Act, is_allowed
from pytest_k8sgrade.cluster.exchange import Response
from pytest_k8sgrade.cluster.transport import READ_S, Sending, Transport, WriteRefused
from pytest_k8sgrade.outcome import CannotTell, cannot_tell

_GONE: Final = frozenset({404, 409, 422})
"""To the taking back: not there, or no longer as we left it. Then nothing is ours to change."""
_TRIES: Final = 4
_PAUSE_S: Final = 1.5


class ActingTransport(Transport):
    """A transport that sends what `acting_rules` allows, and reads like any other."""

    def perform(self, act: Act, *, seconds: float = READ_S) -> Response:
        """Do it; CannotTell `act-refused` when the cluster does not let us."""
        response = self._send_act(act, seconds)
        if response.status >= 300:
            _refused(act, response.status)
        return response

    def take_back(self, act: Act, *, seconds: float = READ_S) -> bool:
        """Undo something, with patience; True when there was something to undo, CannotTell when it failed."""
        for _ in range(_TRIES - 1):
            try:
                return self._taken_back(act, seconds)
            except CannotTell:
                time.sleep(_PAUSE_S)
        return self._taken_back(act, seconds)

    def _taken_back(self, act: Act, seconds: float) -> bool:
        response = self._send_act(act, seconds)
        if response.status >= 300 and response.status not in _GONE:
            _refused(act, response.status)
        return response.status < 300

    def _send_act(self, act: Act, seconds: float) -> Response:
        if not is_allowed(act):
            raise WriteRefused(f"{act.method} {act.path}")
        headers: Mapping[str, str] = {"Accept": "application/json", "Content-Type": act.content_type}
        content = json.dumps(act.body).encode()
        ends = time.monotonic() + seconds
        try:
            return self._attempts(Sending(act.method, act.path, headers, content, seconds, ends))[0]
        except CannotTell as error:
            if error.reason.id == "forbidden":
                _refused(act, 403)
            raise


def _refused(act: Act, code: int) -> NoReturn:
    told = {"method": act.method, "path": act.path, "namespace": act.namespace, "code": code}
    cannot_tell("act-refused", seen=code, wanted=200, **told)
