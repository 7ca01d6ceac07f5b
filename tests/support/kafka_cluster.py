"""Three real Apache Kafka nodes on loopback, each broker and controller, that can be killed and started again."""

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.support.apache_kafka import IDENTITY, free_port, libraries

# A node counts as dead after 6 s without a heartbeat, and a replica as lagging after 8 s; Kafka's defaults, 9 and 30 s,
# would have every partition stand still for longer than tests of failure can wait.
_PROPERTIES = """\
process.roles=broker,controller
node.id={node}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/logs
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=6000
replica.lag.time.max.ms=8000
log.cleaner.dedupe.buffer.size=16777216
"""


class KafkaNode:
    """One node, its data and log in `folder`. heap: the most of it, MiB."""

    def __init__(self, number: int, folder: Path, port: int, properties: str, heap: int) -> None:
        self.number = number
        self.port = port
        self._folder = folder
        self._heap = heap
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        self._configuration = folder / "server.properties"
        self._configuration.write_text(properties)
        self._classpath = f"{libraries()}/*"

    def format(self) -> None:
        command = ["java", "-cp", self._classpath, "kafka.tools.StorageTool", "format", "-t", IDENTITY]
        done = subprocess.run([*command, "-c", self._configuration], cwd=self._folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"Kafka's storage was not formatted: {done.stdout}{done.stderr}")

    def start(self) -> None:
        """Returns at once."""
        tuned = [f"-Xmx{self._heap}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
        command = ["java", *tuned, "-cp", self._classpath, "kafka.Kafka", str(self._configuration)]
        with (self._folder / "broker.log").open("ab") as log:
            # In a process group of its own, so that Ctrl-C reaches whoever started it, and not the node.
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, process_group=0)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """As a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class KafkaCluster:
    """Three nodes: every topic replicated to all, and written while two are in step. Started at once; end with `stop`.

    heap: of each node, MiB. Raises TimeoutError if it does not come up within 240 s, RuntimeError if a node ends.
    """

    def __init__(self, folder: Path, heap: int = 320) -> None:
        ports = [(free_port(), free_port()) for _ in range(3)]
        voters = ",".join(f"{number}@127.0.0.1:{controller}" for number, (_, controller) in enumerate(ports, 1))
        self.brokers = ",".join(f"127.0.0.1:{port}" for port, _ in ports)
        self.nodes = []
        for number, (port, controller) in enumerate(ports, 1):
            home = folder / f"node-{number}"
            properties = _PROPERTIES.format(node=number, port=port, controller=controller, voters=voters, folder=home)
            self.nodes.append(KafkaNode(number, home, port, properties, heap))
        self._admin = AdminClient({"bootstrap.servers": self.brokers, "log_level": 0})
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(KafkaNode.format, self.nodes))
        try:
            for node in self.nodes:
                node.start()
            self._wait("all nodes to be members", lambda: self._members() == len(self.nodes))
        except BaseException:
            self.stop()
            raise

    def out_of_step(self) -> int | None:
        """Partitions that miss a replica or have no leader; None if the cluster does not answer just now."""
        try:
            found = self._admin.list_topics(timeout=2)
        except KafkaException:
            return None
        partitions = [one for topic in found.topics.values() for one in topic.partitions.values()]
        return sum(1 for one in partitions if len(one.isrs) < len(one.replicas) or one.leader < 0)

    def stop(self) -> None:
        # One after the other would have the last ones wait for a quorum that is gone.
        for node in self.nodes:
            node.kill()

    def _members(self) -> int:
        try:
            return len(self._admin.list_topics(timeout=2).brokers)
        except KafkaException:
            return 0

    def _wait(self, what: str, holds: Callable[[], bool], patience: float = 240) -> None:
        deadline = time.monotonic() + patience
        while not holds():
            ended = [node.number for node in self.nodes if not node.running]
            if ended:
                raise RuntimeError(f"Kafka node {ended[0]} ended at its start, see its broker.log")
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {patience:.0f} s for {what}")
            time.sleep(0.3)
