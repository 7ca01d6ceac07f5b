"""A real Apache Kafka beside a worker, each on cores of its own, with the reference topology and its input."""

import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer

from benchmarks import machine, process
from pipeline.config.topology import LOGICAL_TOPICS
from tests.support.apache_kafka import ApacheKafka, free_port

REFERENCE = Path(__file__).parent / "reference.topology.yaml"
HTTP = f"127.0.0.1:{free_port()}"

_ENVIRONMENT = {"AFTERCLICK_KAFKA_SESSION_TIMEOUT_MS": "6000"}

FIELD_TIME = "time: {received: field, tick: off}\n"
"""Time as the input tells it, so that a history of hours passes in seconds, with its timers."""


def reference(partitions: int = 4) -> str:
    """Text of the reference topology."""
    return REFERENCE.read_text().replace("partitions: 4", f"partitions: {partitions}")


class Cluster:
    """A broker with the topics of the reference topology, and its workers. folder: for all its files."""

    def __init__(self, folder: Path, time_block: str, partitions: int = 4) -> None:
        self.folder = folder
        self.topology = folder / "topology.yaml"
        self._text = reference(partitions) + time_block
        self.topology.write_text(self._text)
        self.data = folder / "worker-data"
        """The first worker's data directory."""
        os.sched_setaffinity(0, set(machine.OTHER_CORES))
        self._kafka = ApacheKafka(folder)
        self.brokers = self._kafka.brokers
        self._afterclick("topics")
        self._workers: list[subprocess.Popen[bytes]] = []

    def fill(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Produce (key, value) to the clickstream, lz4, partitioned as Java clients do."""
        producer = self.producer()
        for key, value in records:
            while True:
                try:
                    producer.produce("clickstream", value, key)
                    break
                except BufferError:
                    producer.poll(0.1)
        if producer.flush(60):
            raise RuntimeError("the broker did not take the whole input")

    def producer(self, linger: int = 20) -> Producer:
        """linger: ms."""
        return Producer(
            {
                "bootstrap.servers": self.brokers,
                "partitioner": "murmur2_random",
                # A batch that is sent again must not come behind those that follow it.
                "enable.idempotence": True,
                "compression.type": "lz4",
                "linger.ms": linger,
                "log_level": 0,
            }
        )

    def start_worker(self, environment: Mapping[str, str] | None = None, number: int = 0) -> "Worker":
        """environment: more of it, for the worker and its agents. number: 0 works alone, on the work core; further
        ones beside it, on all cores."""
        http = HTTP if number == 0 else f"127.0.0.1:{free_port()}"
        data = self.data if number == 0 else self.data.with_name(f"{self.data.name}-{number}")
        command = [*process.AFTERCLICK, "worker", *self._flags(), "--http", http, "--data-dir", str(data)]
        log = self.folder / (f"worker-{number}.log" if number else "worker.log")
        cores = machine.CORES if number else (machine.WORK_CORE,)
        started = process.start(command, log, {**_ENVIRONMENT, **(environment or {})}, cores=cores)
        self._workers.append(started)
        return Worker(started, http)

    def prelude(self, text: str) -> dict[str, str]:
        """Environment of a worker in which, in all its processes, this Python runs before anything of ours. It has to
        say something, so that its run can be seen in the log: Python goes on if it fails."""
        folder = self.folder / "prelude"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(text)
        return {"PYTHONPATH": os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))}

    def begin_anew(self, name: str) -> None:
        """Read the same clickstream once more, as a shop of another name: its other topics and its state are empty."""
        topics = ", ".join(f"{topic}: {name}.{topic}" for topic in LOGICAL_TOPICS if topic != "clickstream")
        self.topology = self.folder / f"{name}.topology.yaml"
        self.topology.write_text(self._text.replace("name: reference", f"name: {name}") + f"topics: {{{topics}}}\n")
        self.data = self.folder / name
        self._afterclick("topics")

    def log(self) -> str:
        return (self.folder / "worker.log").read_text()

    def close(self) -> None:
        running = [worker for worker in self._workers if worker.poll() is None]
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.wait(30)
        self._kafka.stop()
        os.sched_setaffinity(0, set(machine.CORES))

    def _flags(self) -> list[str]:
        return ["--topology", str(self.topology), "--brokers", self.brokers]

    def _afterclick(self, *arguments: str) -> None:
        subprocess.run([*process.AFTERCLICK, *arguments, *self._flags()], check=True, capture_output=True)


class Worker:
    """`afterclick worker`: a supervisor and a process for each agent."""

    def __init__(self, supervisor: "subprocess.Popen[bytes]", http: str = HTTP) -> None:
        self.process = supervisor
        self._http = http
        self.begun = time.perf_counter()

    def agents(self) -> dict[str, int]:
        """Process ids by agent."""
        return process.children(self.process.pid)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def kill(self) -> None:
        """As a machine that dies: the agents notice that their supervisor is gone, too late to end in order."""
        for pid in self.agents().values():
            os.kill(pid, 9)
        self.process.kill()
        self.process.wait()

    def ready(self) -> bool:
        return get("/readyz", self._http) is not None

    def events(self, agent: str) -> int:
        """Events that the agent has taken in and committed since it started."""
        return int(self.metric("events_total", agent))

    def metric(self, name: str, agent: str) -> float:
        """Of an agent, added up over its other labels; 0 if it is not there. name: without `afterclick_`."""
        lines = (get("/metrics", self._http) or "").splitlines()
        found = [line for line in lines if line.startswith(f"afterclick_{name}{{") and f'agent="{agent}"' in line]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)

    def wait(self, what: str, holds: Callable[[], bool], patience: float = 300, pause: float = 0.1) -> float:
        """Wait until `holds`; seconds since the worker was started. Raises TimeoutError."""
        while not holds():
            if self.process.poll() is not None:
                raise RuntimeError("the worker ended, see its log")
            if time.perf_counter() - self.begun > patience:
                raise TimeoutError(f"not within {patience:.0f} s: {what}")
            time.sleep(pause)
        return time.perf_counter() - self.begun


@contextmanager
def cluster(folder: Path, time_block: str = FIELD_TIME, partitions: int = 4) -> Iterator[Cluster]:
    """A cluster for as long as the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Cluster(folder, time_block, partitions)
    try:
        yield made
    except BaseException:
        print(made.log()[-4_000:] if (folder / "worker.log").exists() else "no worker was started")
        raise
    finally:
        made.close()


def get(path: str, http: str = HTTP) -> str | None:
    """Body of a 200 answer of the worker, None for any other. http: where it serves."""
    try:
        with urllib.request.urlopen(f"http://{http}{path}", timeout=2) as answer:
            text: str = answer.read().decode()
            return text
    except OSError:
        return None
