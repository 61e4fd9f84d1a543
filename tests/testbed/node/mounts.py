"""What a bed hides of the machine: folders that cluster programs write to whatever they are told.

Called by the bed's first process in its private mount namespace, so nothing here is seen outside
or survives the bed.  All else - this project, its interpreter, the cache, /tmp - stays visible.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

EMPTY = ("/run", "/var/log")  # sockets, network namespaces, locks; logs of pods
SHARED = Path("/var/lib")  # all of it stays, but for the container network's and the kubelet's own
OWN = ("cni", "kubelet")
HIDDEN = (*EMPTY, *(str(SHARED / name) for name in OWN))
ASIDE = Path("/run/bed")

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
    (ASIDE / "sysctl").mkdir(parents=True)
    _share()
    for name, value in KERNEL.items():
        target = Path("/proc/sys", name)
        if target.exists() and target.read_text(encoding="ascii").strip() != value:
            told = ASIDE / "sysctl" / name.replace("/", ".")
            told.write_text(value + "\n", encoding="ascii")
            _mount("--bind", str(told), str(target))


def _share() -> None:
    """Put a folder of ours in the place of SHARED, with every old entry where it was.

    The entries to hide may not exist; making them would leave them behind on the machine.
    """
    (ASIDE / "shared").mkdir()
    _mount("--rbind", str(SHARED), str(ASIDE / "shared"))
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(SHARED))
    lines = []
    for old in (ASIDE / "shared").iterdir():
        new = SHARED / old.name
        if old.is_symlink():
            new.symlink_to(old.readlink())
            continue
        if old.is_dir():
            new.mkdir()
        else:
            new.touch()
        if old.name not in OWN:
            lines.append(" ".join([*(_escaped(path) for path in (old, new)), "none", "rbind", "0", "0"]))
    table = ASIDE / "fstab"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _mount("--all", "--fstab", str(table))  # one process for all of them


def _escaped(path: Path) -> str:
    """A path as a table of mounts has it."""
    return str(path).replace("\\", r"\134").replace(" ", r"\040").replace("\t", r"\011")
