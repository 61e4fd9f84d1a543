"""The network of a bed: addresses, and the commands that make it inside a fresh namespace.

One bridge carries the pods and the node.  Its addresses come from the range set aside for
benchmarks (RFC 2544), which no home or campus network uses.  Nothing of it leaves the namespace.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

BRIDGE = "bed0"
NODE_IP = "198.18.0.1"
PODS = "198.18.0.0/24"
SERVICES = "10.96.0.0/16"
API_SERVICE_IP = "10.96.0.1"
DNS_IP = "10.96.0.10"
NODE = "node-1"

# The veth pair gives the bridge a carrier before the first pod; the route makes the addresses of
# Services reachable from the node itself, which has no default route.
LINKS = f"""\
link set lo up
link add {BRIDGE} type bridge
addr add {NODE_IP}/24 dev {BRIDGE}
link set {BRIDGE} up
link add carrier0 type veth peer name carrier1
link set carrier0 master {BRIDGE}
link set carrier0 up
link set carrier1 up
route add {SERVICES} dev {BRIDGE}
"""
SWITCHES = {
    "ipv4/ip_forward": "1",
    "bridge/bridge-nf-call-iptables": "1",
}


def make() -> None:
    """Set up links, addresses and switches; called inside the namespace."""
    subprocess.run(["ip", "-batch", "-"], input=LINKS, text=True, check=True)
    for name, value in SWITCHES.items():
        Path("/proc/sys/net", name).write_text(value, encoding="ascii")
