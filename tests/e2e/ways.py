"""Beds as clusters of a class: each behind a port of this machine's loopback, with a kubeconfig for it."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from tests.testbed.node import Bed

_CHUNK = 256 * 1024


@contextmanager
def way(bed: Bed, file: Path) -> Iterator[Path]:
    """A kubeconfig of the administrator's that works outside of the bed, while the context lasts."""
    config = yaml.safe_load(bed.kubeconfig.read_text(encoding="utf-8"))
    cluster = config["clusters"][0]["cluster"]
    api = urlsplit(cluster["server"])
    assert api.hostname is not None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cluster["server"] = f"https://127.0.0.1:{listener.getsockname()[1]}"
        file.write_text(json.dumps(config), encoding="utf-8")
        address = (api.hostname, api.port or 443)
        thread = threading.Thread(target=_serve, args=(listener, bed, address), daemon=True)
        thread.start()
        try:
            yield file
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, bed: Bed, address: tuple[str, int]) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_connect, args=(client, bed, address), daemon=True).start()


def _connect(client: socket.socket, bed: Bed, address: tuple[str, int]) -> None:
    with client, contextlib.suppress(OSError), bed.connect(*address, timeout=None) as server:
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
