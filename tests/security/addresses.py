"""Where a student's kubeconfig might lead the grader, by the id of its row in `bad_inputs.yaml`.

`SERVERS` are written as they are. `NAMES` are names with what they resolve to: each time they
are asked for, the next answer, and the last for ever.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

PORT = 6443
SERVERS: Mapping[str, str] = {
    "loopback": "127.0.0.1",
    "loopback-name": "localhost",
    "loopback-other": "127.9.9.9",
    "loopback-short": "127.1",
    "loopback-number": "2130706433",
    "loopback-hexadecimal": "0x7f000001",
    "loopback-octal": "0177.0.0.1",
    "loopback-ipv6": "[::1]",
    "loopback-mapped": "[::ffff:127.0.0.1]",
    "loopback-translated": "[64:ff9b::7f00:1]",
    "loopback-6to4": "[2002:7f00:1::]",
    "unspecified": "0.0.0.0",
    "unspecified-short": "0",
    "unspecified-ipv6": "[::]",
    "link-local": "169.254.1.1",
    "link-local-ipv6": "[fe80::1]",
    "metadata": "169.254.169.254",
    "metadata-mapped": "[::ffff:169.254.169.254]",
    "metadata-ipv6": "[fd00:ec2::254]",
    "metadata-alibaba": "100.100.100.200",
    "metadata-azure": "168.63.129.16",
    "metadata-oracle": "192.0.0.192",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
}
NAMES: Mapping[str, Sequence[Sequence[str]]] = {
    "name-of-loopback": [["127.0.0.1"]],
    "name-of-metadata": [["169.254.169.254"]],
    "name-of-both": [["203.0.113.1", "127.0.0.1"]],
    "name-rebound-to-loopback": [["203.0.113.1"], ["127.0.0.1"]],
    "name-rebound-to-metadata": [["203.0.113.1"], ["169.254.169.254"]],
}


def own_address() -> str | None:
    """An address of this machine that is not loopback; None where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])
