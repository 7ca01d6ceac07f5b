"""A process that is measured: on which core it runs, the CPU time and the memory that it takes."""

import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import machine

AFTERCLICK = (sys.executable, "-c", "from pipeline.cli import main; main()")
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Cost(NamedTuple):
    """Seconds of wall clock and of CPU (user and system, all threads), and the most resident memory, bytes."""

    wall: float
    cpu: float
    peak: int


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end on the work core. Raises CalledProcessError if it fails."""
    begun = time.perf_counter()
    process = start(command)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def start(
    command: Sequence[str],
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    cores: Collection[int] = (machine.WORK_CORE,),
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a command on the work core, or on `cores`; its children and threads stay there too. log: takes what it
    prints."""
    output = log.open("wb") if log is not None else None
    return subprocess.Popen(
        command,
        stdout=output,
        stderr=output,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        # Ctrl-C ends the benchmark, which ends it in order.
        start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )


def children(pid: int) -> dict[str, int]:
    """The agents of a worker, by name: process ids."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = {}
    for child in map(int, listed):
        arguments = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        if "--agent" in arguments:
            found[arguments[arguments.index("--agent") + 1]] = child
    return found


def family(pid: int) -> list[int]:
    """A process and all that came of it and still runs; empty if it has ended."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(one for child in listed for one in family(int(child)))]


def proportional(pid: int) -> int:
    """Memory that the process takes, bytes: pages shared with others in equal parts (PSS). 0 if it has ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def cpu_seconds(pid: int) -> float:
    """CPU time of a running process so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident(pid: int) -> int:
    """Resident memory now, bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def peak_resident(pid: int) -> int:
    """The most resident memory so far, bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0
