"""Load for one address: a steady number of requests a second, for as long as the pod lives.

The lab's single busybox loop does not hold two static nginx pods above their CPU target, so the
reference scenario uses this generator against an address that costs the server a known amount of
CPU. Usage: generate.py URL RATE.
"""

from __future__ import annotations

import sys
import threading
import time
import urllib.error
import urllib.request


def loop(url: str, pause: float) -> None:
    """One request every `pause` seconds; errors are expected while pods come and go."""
    due = time.monotonic()
    while True:
        request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                answer.read()
        except (OSError, urllib.error.URLError):
            pass
        due = max(due + pause, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


def main() -> None:
    """Eight loops that share the rate; each request opens its own connection, so the Service spreads them."""
    url, rate, workers = sys.argv[1], float(sys.argv[2]), 8
    for _ in range(workers):
        threading.Thread(target=loop, args=(url, workers / rate), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
