"""What a worker does about brokers that answer, but not now."""

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from pipeline.commands import worker
from pipeline.config.settings import resolve
from pipeline.config.topology import load
from pipeline.kafka import admin
from pipeline.kafka.admin import AdminError, TopicAdmin, Unanswered
from pipeline.kafka.client import Client
from pipeline.topics import plans_of
from tests.support.shop_history import write_topology


class Brokers:
    """An AdminClient whose brokers answer every question with `code`."""

    def __init__(self, code: int) -> None:
        self._code = code

    def describe_topics(self, names: Any, **_: Any) -> dict[str, "Future[Any]"]:
        answer: Future[Any] = Future()
        answer.set_exception(KafkaException(KafkaError(self._code)))
        return {"clickstream": answer}


@pytest.fixture
def topology(tmp_path: Path) -> Path:
    return write_topology(tmp_path / "topology.yaml")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError._TIMED_OUT, Unanswered),
        (KafkaError.NOT_CONTROLLER, Unanswered),
        (KafkaError.CLUSTER_AUTHORIZATION_FAILED, AdminError),
    ],
)
def test_what_passes_is_told_from_what_does_not(
    topology: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[AdminError]
) -> None:
    monkeypatch.setattr(admin, "AdminClient", lambda properties: Brokers(code))
    brokers = TopicAdmin(Client("nowhere:1", {}).librdkafka("test"))
    with pytest.raises(AdminError) as raised:
        brokers.verify(plans_of(load(topology, {})))
    assert type(raised.value) is kind


def test_a_worker_waits_while_the_brokers_choose_a_controller(topology: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Exception | list[Any]] = [Unanswered("not now"), Unanswered("not now"), []]

    class Admin:
        def __init__(self, properties: Any) -> None:
            """Reaches nobody."""

        def wait_for_brokers(self, patience: float, told: Any) -> None:
            """They are there."""

        def verify(self, plans: Any, needed: Any) -> Any:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    monkeypatch.setattr(worker, "TopicAdmin", Admin)
    monkeypatch.setattr(worker.time, "sleep", lambda seconds: None)
    worker.check_brokers(load(topology, {}), resolve({}, topology=topology), ["intake", "shopper"])
    assert answers == []
