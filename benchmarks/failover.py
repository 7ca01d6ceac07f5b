"""How soon the partitions of a dead worker decide again, with another worker that followed them and without.

Usage: python -m benchmarks.failover [--shoppers 200000] [--repeats 3]
"""

import argparse
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import process
from benchmarks.cluster import Cluster, cluster, get
from benchmarks.decisions import DecisionReader
from benchmarks.result import Figure, record, spread
from benchmarks.workload import order

# So many new shoppers are in every partition, all but certainly.
PROBES = 24
HEIR_HTTP = "127.0.0.1:18081"

_OWNED = re.compile(r"Owns 2 partitions")
_RESTORED = re.compile(r"State is restored\..*?records=(\d+)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shoppers", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    figures: dict[str, Figure] = {"shoppers": given.shoppers, "repeats": given.repeats}
    for standbys, name in ((1, "with_standby"), (0, "without_standby")):
        runs = [_run(given.shoppers, standbys) for _ in range(given.repeats)]
        figures |= {f"{figure}_{name}": spread([run[figure] for run in runs], 2) for figure in runs[0]}
    record(
        "failover",
        "Two shopper agents share four partitions of shoppers, all of whom have a record; one of them is killed (-9). "
        "Seconds from then until a read-committed consumer has seen decisions on new orders in all partitions, "
        "session.timeout.ms being 6 s; and the changelog records that the heir read. Workers on one core.",
        "<= session timeout + 3 s with a standby",
        figures,
    )


def _run(shoppers: int, standbys: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), time_block="") as beside:
        pair = _Pair(beside, Path(folder), standbys)
        try:
            return pair.fail_over(shoppers)
        finally:
            pair.close()


class _Pair:
    """An intake agent and two shopper agents: one to die, one to inherit."""

    def __init__(self, beside: Cluster, folder: Path, standbys: int) -> None:
        self._beside = beside
        self._standbys = standbys
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._start("intake", "intake", "off")
        self._start("dying", "shopper", "off")
        self._start("heir", "shopper", HEIR_HTTP)

    def fail_over(self, shoppers: int) -> dict[str, float]:
        self._wait("both own two", lambda: all(_OWNED.search(self._log(name)) for name in ("dying", "heir")))
        self._beside.fill(order(f"u{number}") for number in range(shoppers))
        reader = DecisionReader(self._beside.brokers)
        self._decided(reader, "before")
        if self._standbys:
            self._wait("the heir has caught up", self._caught_up)
        begun = len(self._log("heir"))
        self._processes["dying"].kill()
        killed = time.perf_counter()
        last = self._decided(reader, "after")
        reader.close()
        restored = [int(number) for number in _RESTORED.findall(self._log("heir")[begun:])]
        return {"seconds": last - killed, "restored_records": float(sum(restored))}

    def close(self) -> None:
        for each in self._processes.values():
            each.terminate()
        for each in self._processes.values():
            each.wait(30)

    def _start(self, name: str, agent: str, http: str) -> None:
        flags = ["--topology", str(self._beside.topology), "--brokers", self._beside.brokers, "--http", http]
        command = [*process.AFTERCLICK, "worker", "--agent", agent, *flags, "--data-dir", str(self._folder / name)]
        settings = {"AFTERCLICK_KAFKA_SESSION_TIMEOUT_MS": "6000", "AFTERCLICK_STANDBYS": str(self._standbys)}
        self._processes[name] = process.start(command, self._folder / f"{name}.log", settings)

    def _log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()

    def _decided(self, reader: DecisionReader, name: str) -> float:
        """Send orders of new shoppers; when the last decision on them was seen."""
        probes = [f"{name}-{number}" for number in range(PROBES)]
        self._beside.fill(order(probe) for probe in probes)
        return max(reader.wait(probe, 300) for probe in probes)

    def _caught_up(self) -> bool:
        lags = re.findall(r"^afterclick_standby_lag_records\{.*\} (\S+)$", get("/metrics", HEIR_HTTP) or "", re.M)
        return len(lags) == 2 and all(float(lag) == 0 for lag in lags)

    def _wait(self, what: str, holds: Callable[[], object], patience: float = 120) -> None:
        deadline = time.perf_counter() + patience
        while not holds():
            if time.perf_counter() > deadline:
                raise TimeoutError(f"not within {patience:.0f} s: {what}\n{self._log('heir')[-2_000:]}")
            time.sleep(0.1)


if __name__ == "__main__":
    main()
