"""What a bed hides of the machine: folders that cluster programs write to whatever they are told.

Called by the bed's first process in its private mount namespace, so nothing here is seen outside
or survives the bed.  All else - this project, its interpreter, the cache, /tmp - stays visible.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

EMPTY = ("/run", "/var/log")  # sockets, network namespaces, locks; logs of pods
LAYERED = "/var/lib"  # the container network's records, the kubelet's device plugins
HIDDEN = (*EMPTY, LAYERED)

# The kubelet insists on these and sets them for the whole machine where they differ.
KERNEL = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def hide() -> None:
    """Cover what the cluster's programs would otherwise write to on the machine."""
    _mount("--make-rprivate", "/")
    for folder in EMPTY:
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
    for name in ("upper", "work", "sysctl"):
        Path("/run/bed", name).mkdir(parents=True)
    layers = f"lowerdir={LAYERED},upperdir=/run/bed/upper,workdir=/run/bed/work"
    _mount("-t", "overlay", "-o", layers, "overlay", LAYERED)
    for name, value in KERNEL.items():
        target = Path("/proc/sys", name)
        if target.exists() and target.read_text(encoding="ascii").strip() != value:
            told = Path("/run/bed/sysctl", name.replace("/", "."))
            told.write_text(value + "\n", encoding="ascii")
            _mount("--bind", str(told), str(target))
