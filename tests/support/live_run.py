"""One topology, one history, one set of brokers: live workers on one side, `afterclick replay` on the other."""

import json
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from pipeline.config.topology import load
from tests.support.kafka_reader import LOGICAL, decisions, read_committed, send
from tests.support.shop_history import write_topology
from tests.support.worker_process import WorkerProcess, afterclick, eventually

History = list[tuple[bytes, bytes]]


class LiveRun:
    """flags: further ones of the worker, as `--embedded`. session: see WorkerProcess."""

    def __init__(
        self, folder: Path, brokers: str, flags: tuple[str, ...] = (), session: int = 6_000, **topology: str
    ) -> None:
        self.folder = folder
        self.brokers = brokers
        self.topology = write_topology(folder / "topology.yaml", **topology)
        self._flags = flags
        self._session = session
        self._workers: list[WorkerProcess] = []

    def worker(self, name: str, agent: str | None = None, prelude: str = "", **settings: str) -> WorkerProcess:
        """See WorkerProcess; BROKERS among the settings wins over ours."""
        settings = {"BROKERS": self.brokers} | settings
        arguments = ["--topology", str(self.topology), *self._flags]
        if agent is not None:
            arguments += ["--agent", agent]
        worker = WorkerProcess(self.folder, name, *arguments, session=self._session, prelude=prelude, **settings)
        self._workers.append(worker)
        return worker

    def send(self, records: History) -> None:
        send(self.brokers, "clickstream", records)

    def replayed(self, records: History) -> list[dict[str, Any]]:
        """What replay decides of the same records, in the form of `decisions`."""
        source, output = self.folder / "history.ndjson", self.folder / "replayed"
        source.write_bytes(b"".join(value + b"\n" for _, value in records))
        run = afterclick("replay", source, "--topology", self.topology, "--output", output, "--quiet")
        assert run.returncode == 0, run.stderr
        found = [
            {"topic": topic} | json.loads(line)
            for topic in LOGICAL
            if (output / f"{topic}.ndjson").exists()
            for line in (output / f"{topic}.ndjson").read_text().splitlines()
        ]
        return sorted(found, key=lambda decision: str(decision["id"]))

    def assert_decides_as(self, expected: list[dict[str, Any]], patience: float = 60) -> None:
        """The published decisions come to be exactly these, each once, and stay so."""
        assert expected, "a history that decides nothing proves nothing"
        try:
            eventually(
                "as many decisions as replay makes", lambda: len(decisions(self.brokers)) >= len(expected), patience
            )
        except AssertionError:
            raise AssertionError(f"{self._difference(expected)}; logs:\n{self.logs()}") from None
        assert decisions(self.brokers) == expected, self._difference(expected)

    def _difference(self, expected: list[dict[str, Any]]) -> str:
        """Whether decisions are not there yet or others are there in their stead, and how far the agents came."""
        wanted, found = ({str(each["id"]): each for each in some} for some in (expected, decisions(self.brokers)))
        missing, extra = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
        taken = {agent: self.group_offsets(agent) for agent in ("intake", "shopper")}
        return (
            f"{len(missing)} of {len(wanted)} decisions never came, {len(extra)} others did; taken: {taken}; "
            f"first missing: {[wanted[each] for each in missing[:2]]}; others: {[found[each] for each in extra[:2]]}"
        )

    def dead_letters(self) -> int:
        return len(read_committed(self.brokers, ["clickstream-dlq"]))

    def group_offsets(self, agent: str) -> dict[int, int]:
        """Committed by the agent's group, by source partition."""
        topology = load(self.topology, {})
        source = topology.topic("clickstream" if agent == "intake" else "shopper-events")
        group = {"bootstrap.servers": self.brokers, "group.id": f"{topology.name}.{agent}", "log_level": 0}
        consumer = Consumer(group)
        try:
            places = [TopicPartition(source, partition) for partition in range(topology.kafka.partitions)]
            return {each.partition: each.offset for each in consumer.committed(places, 10) if each.offset >= 0}
        except KafkaException:
            # A broker that just started has no coordinator yet.
            return {}
        finally:
            consumer.close()

    def logs(self) -> str:
        return "\n".join(f"--- {worker.log.name}\n{worker.text()[-4_000:]}" for worker in self._workers)

    def end(self) -> None:
        """Whatever is still running."""
        for worker in self._workers:
            if worker.process.poll() is None:
                worker.kill()
