"""The engines that are compared: how each is started on a topic, and where its decisions go."""

import json
import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient, NewTopic
from ruamel.yaml import YAML

from benchmarks import machine, process
from benchmarks.cluster import REFERENCE
from benchmarks.engines import environment
from benchmarks.engines.source import PARTITIONS
from pipeline import __version__
from pipeline.config.topology import LOGICAL_TOPICS

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Job:
    """One run of one engine. name: unique on these brokers. source: topic of calls. folder: for state and logs."""

    name: str
    brokers: str
    source: str
    folder: Path


class Engine(ABC):
    """name: as in results. events: how many it is given, relative to what Afterclick gets. workers: process groups, all
    on one core if it is one, else one a core."""

    name: str
    events: float
    workers = 1

    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def topics(self, job: Job) -> list[str]:
        """Where its decisions appear."""

    @abstractmethod
    def start(self, job: Job) -> list["subprocess.Popen[bytes]"]:
        """Begin to work from the earliest call of `job.source`, with no state."""


class Afterclick(Engine):
    """`afterclick worker`. without: blocks of the reference topology that are left out."""

    def __init__(self, name: str, workers: int = 1, without: Sequence[str] = ()) -> None:
        self.name, self.events, self.workers, self._without = name, 1.0, workers, without

    def version(self) -> str:
        return __version__

    def topics(self, job: Job) -> list[str]:
        return [f"{job.name}.segment-changes", f"{job.name}.loyalty-tiers"]

    def start(self, job: Job) -> list["subprocess.Popen[bytes]"]:
        topology = job.folder / "topology.yaml"
        topology.write_text(json.dumps(self._topology(job)))
        flags = ["--topology", str(topology), "--brokers", job.brokers]
        subprocess.run([*process.AFTERCLICK, "topics", *flags], check=True, capture_output=True)
        started = []
        for number in range(self.workers):
            data = ["--data-dir", str(job.folder / f"data-{number}"), "--http", "off"]
            core = [machine.CORES[number % len(machine.CORES)]]
            log = job.folder / f"worker-{number}.log"
            started.append(process.start([*process.AFTERCLICK, "worker", *flags, *data], log, cores=core))
        return started

    def _topology(self, job: Job) -> dict[str, Any]:
        topology = dict(YAML(typ="safe").load(REFERENCE))
        for block in self._without:
            del topology[block]
        names = {logical: f"{job.name}.{logical}" for logical in LOGICAL_TOPICS}
        # Time as the input tells it: a history of hours passes in a minute, with its timers.
        time = {"received": "field", "tick": "off"}
        return {**topology, "name": job.name, "topics": {**names, "clickstream": job.source}, "time": time}


class Python(Engine):
    """An engine with an app.py and an environment of its own, in the folder of its name.

    distribution: on PyPI. command: after the interpreter. before: a command that has to run first. {state} is the
    folder for its state.
    """

    def __init__(
        self,
        name: str,
        distribution: str,
        events: float,
        command: Sequence[str],
        before: Sequence[str] = (),
        settings: dict[str, str] | None = None,
    ) -> None:
        self.name, self.events = name, events
        self._distribution, self._command, self._before, self._settings = distribution, command, before, settings or {}
        self._folder = _FOLDER / name.partition(":")[0]

    @property
    def python(self) -> Path:
        return environment.python_of(self._folder.name, self._folder / "requirements.lock")

    def version(self) -> str:
        return environment.version_of(self.python, self._distribution)

    def topics(self, job: Job) -> list[str]:
        return [f"{job.name}.decisions"]

    def start(self, job: Job) -> list["subprocess.Popen[bytes]"]:
        admin = AdminClient({"bootstrap.servers": job.brokers})
        for made in admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in self.topics(job)]).values():
            made.result()
        state = job.folder / "state"
        state.mkdir()
        variables = {
            "BROKERS": job.brokers, "SOURCE": job.source, "SINK": self.topics(job)[0], "NAME": job.name,
            "STATE": str(state), "PYTHONPATH": str(_FOLDER / "rules"), **self._settings,
        }  # fmt: skip
        if self._before:
            subprocess.run(self._arguments(self._before, state), check=True, cwd=self._folder)
        log = job.folder / "worker.log"
        command = self._arguments(self._command, state)
        return [process.start(command, log, variables, cwd=self._folder)]

    def _arguments(self, command: Sequence[str], state: Path) -> list[str]:
        return [str(self.python), *(part.format(state=state) for part in command)]


_FAUST = ("app.py", "worker", "-l", "warn", "--without-web")

ENGINES: tuple[Engine, ...] = (
    Afterclick("afterclick"),
    Afterclick("afterclick:2-workers", workers=2),
    Afterclick("afterclick:their-rules", without=("abandonment",)),
    Python("faust", "faust-streaming", 0.06, _FAUST),
    Python("faust:at-least-once", "faust-streaming", 0.06, _FAUST, settings={"GUARANTEE": "at_least_once"}),
    Python("quix", "quixstreams", 0.3, ("app.py",)),
    Python(
        "bytewax",
        "bytewax",
        0.4,
        ("-m", "bytewax.run", "-r", "{state}", "-s", "10", "-b", "0", "app:flow"),
        before=("-m", "bytewax.recovery", "{state}", "1"),
    ),
)
"""Shares of the events are chosen for 20 to 60 s each."""


def named(names: Sequence[str]) -> list[Engine]:
    """Those wanted, Afterclick first, as all others are compared with it; all if none is named. A name without `:`
    stands for its variants too."""
    first = ENGINES[0]
    wanted = [one for one in ENGINES if not names or one.name in names or one.name.partition(":")[0] in names]
    return wanted if first in wanted else [first, *wanted]


class Failed(Exception):
    """The engine did not do its work; with the beginning and the end of what it logged."""

    def __init__(self, which: "Engine", job: Job, why: str) -> None:
        logs = [path.read_text() for path in sorted(job.folder.glob("*.log"))]
        shown = [text if len(text) < 6_000 else f"{text[:3_000]}\n[...]\n{text[-3_000:]}" for text in logs]
        super().__init__(f"{which.name} {why}. Its log:\n" + "\n".join(shown))


def stop(started: Sequence["subprocess.Popen[bytes]"], patience: float = 20) -> None:
    """End in order; by force whatever has not ended within `patience` seconds."""
    for one in started:
        one.terminate()
    for one in started:
        try:
            one.wait(patience)
        except subprocess.TimeoutExpired:
            for child in process.family(one.pid):
                os.kill(child, 9)
            one.wait()
