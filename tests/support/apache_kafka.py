"""A real Apache Kafka, single node, from Maven: for the tests in tests/broker. Needs Java 17 and Maven."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from confluent_kafka.admin import AdminClient

POM = Path(__file__).parent / "kafka" / "pom.xml"
# In the virtual environment's folder: not committed, kept between runs, gone with `make clean`.
LIBRARIES = Path(__file__).parents[2] / ".venv" / "kafka-libs"

RUNNING = "AFTERCLICK_TEST_KAFKA"
"""Environment variable: address of a broker that the tests are to use instead of starting one."""

# Of the cluster: any will do, and asking Kafka for one takes a second.
IDENTITY = "4L6g3nShT-eMCtK--X86sw"

# Seconds: 4 on an idle machine.
_START = 180

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{listeners}
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
log.dirs={folder}/logs
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


def require_java() -> None:
    """Skip the test where Java or Maven is missing; in CI that is a failure."""
    missing = [program for program in ("java", "mvn") if shutil.which(program) is None]
    if not missing:
        return
    reason = f"needs {' and '.join(missing)} to run a real Apache Kafka"
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI {reason}")
    pytest.skip(reason)


class ApacheKafka:
    """One broker on free loopback ports, its data in `folder`. Started at once; end it with `stop`.

    listeners: further ones, name -> (port, security protocol). properties: further lines of its configuration.
    """

    def __init__(
        self,
        folder: Path,
        listeners: Mapping[str, tuple[int, str]] | None = None,
        properties: str = "",
        format_flags: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        port, controller = free_port(), free_port()
        self.brokers = f"127.0.0.1:{port}"
        more = (listeners or {}).items()
        self._configuration = folder / "server.properties"
        self._configuration.write_text(
            _PROPERTIES.format(
                port=port,
                controller=controller,
                folder=folder,
                listeners="".join(f",{name}://127.0.0.1:{at}" for name, (at, _) in more),
                protocols="".join(f",{name}:{protocol}" for name, (_, protocol) in more),
            )
            + properties
        )
        self._classpath = f"{libraries()}/*"
        self._java(
            *("kafka.tools.StorageTool", "format", "-t", IDENTITY, "-c", str(self._configuration), "--standalone"),
            *format_flags,
        )
        self.start()

    def start(self) -> None:
        self._log = (self.folder / "broker.log").open("ab")
        command = ["java", "-Xmx768m", "-cp", self._classpath, "kafka.Kafka", str(self._configuration)]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, cwd=self.folder)
        deadline = time.monotonic() + _START
        host, port = self.brokers.split(":")
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"Kafka ended at its start, see {self.folder}/broker.log")
            try:
                socket.create_connection((host, int(port)), 0.5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"Kafka did not come up within {_START} s")

    def kill(self) -> None:
        """As a crash would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def _java(self, *arguments: str) -> str:
        done = subprocess.run(
            ["java", "-cp", self._classpath, *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout


class RunningKafka(NamedTuple):
    """One that others start and end."""

    brokers: str


def libraries() -> Path:
    LIBRARIES.mkdir(parents=True, exist_ok=True)
    with (LIBRARIES / "lock").open("w") as lock:
        # Tests run in several processes.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not any(LIBRARIES.glob("kafka_*.jar")):
            output = f"-DoutputDirectory={LIBRARIES}"
            command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", output]
            subprocess.run(command, check=True, timeout=300)
    return LIBRARIES


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def remove_topics(admin: AdminClient, patience: float = 60) -> None:
    """Delete all topics, and wait until the broker no longer lists them: it does for a while after the controller has
    deleted them, and `afterclick topics` of the next test would find them there and make none. patience: seconds."""
    deadline = time.monotonic() + patience
    asked: set[str] = set()
    while names := {name for name in admin.list_topics(timeout=10).topics if not name.startswith("__")}:
        assert time.monotonic() < deadline, f"still there after {patience:.0f} s: {', '.join(sorted(names))}"
        if fresh := sorted(names - asked):
            for deleted in admin.delete_topics(fresh, operation_timeout=15).values():
                deleted.result(15)
        asked |= names
        time.sleep(0.05)
