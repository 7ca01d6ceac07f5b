"""The machine a benchmark ran on: what kind it is, without its name, and how its cores are shared out."""

import os
import platform
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
WORK_CORE = CORES[0]
"""What is measured runs on this core alone; brokers and generators on the others."""
OTHER_CORES = CORES[1:] or CORES


def describe() -> dict[str, object]:
    """For the head of a result: processor, cores, memory, versions."""
    return {
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": len(CORES),
        "memory_gib": round(int(_field("/proc/meminfo", "MemTotal").split()[0]) / 2**20),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def load() -> float:
    """Runnable processes, averaged over the last minute, ours included: how quiet the machine was."""
    return round(os.getloadavg()[0], 2)


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"
