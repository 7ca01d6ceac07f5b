"""`afterclick tail` on the embedded broker: what stands in topics, and what it says when it can't."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.topology import load
from pipeline.domain.decision import DECISION_TOPICS
from pipeline.kafka.changelog_lookup import partition_of
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.topics import plans_of
from schemas.codec import DecisionCodec
from tests.unit.schemas.sample import SOURCE, decision

TOPOLOGY = "version: 1\nname: shop\nkafka: {partitions: 4}\nsegment_calls: {}\ntopics: {messages: mail}\n"
MESSAGING = """\
messaging:
  layers: {prices: {offer: 100}}
  messages: {offer: {on: {event: Asked}, channel: on-site, variants: {control: 50, gift: 50}}}
"""


class Tailed:
    """A topology, an embedded broker with its topics, and a producer."""

    def __init__(self, folder: Path, text: str) -> None:
        self.topology = folder / "topology.yaml"
        self.topology.write_text(text)
        names = {plan.name: plan.partitions for plan in plans_of(load(self.topology, {}))}
        self.broker = EmbeddedBroker(names)
        self._producer = Producer({"bootstrap.servers": self.broker.brokers, "linger.ms": 0, "log_level": 0})

    def put(self, topic: str, value: bytes | None, key: str = "kim", headers: dict[str, bytes] | None = None) -> None:
        at = partition_of(key.encode(), 4)
        self._producer.produce(topic, value, key.encode(), partition=at, headers=list((headers or {}).items()))

    def tail(self, *arguments: str, brokers: str | None = None) -> Result:
        assert self._producer.flush(10) == 0
        where = ("--topology", str(self.topology), "--brokers", brokers or self.broker.brokers)
        return CliRunner().invoke(app, ["tail", *arguments, *where], env={"COLUMNS": "200"})


@pytest.fixture(scope="module", params=["json", "avro"])
def tailed(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Tailed]:
    """One for all tests of a format, as its start takes seconds: each adds to other topics."""
    text = TOPOLOGY.replace("{partitions: 4}", f"{{partitions: 4, format: {request.param}}}") + MESSAGING
    made = Tailed(tmp_path_factory.mktemp("tail"), text)
    codec = DecisionCodec(request.param, "shop")
    for topic in DECISION_TOPICS:
        name = {"messages": "mail"}.get(topic, topic)
        made.put(name, *_encoded(codec, topic))
    yield made
    made.broker.close()


def _encoded(codec: DecisionCodec, topic: str) -> tuple[bytes, str, dict[str, bytes]]:
    value, headers = codec.encode(decision(topic), SOURCE)
    return value, decision(topic).shopper, dict(headers)


def test_decisions_are_sentences(tailed: Tailed) -> None:
    told = tailed.tail("segment-changes", "--from", "earliest", "--end")
    assert told.exit_code == 0, told.output
    shopper = decision("segment-changes").shopper
    assert told.output == f"2026-01-03T12:00:00.000Z  segment-changes       {shopper} entered engaged\n"


def test_without_a_topic_all_decisions_of_the_topology_are_told(tailed: Tailed) -> None:
    told = tailed.tail("--from", "earliest", "--end", "--json")
    assert told.exit_code == 0, told.output
    used = load(tailed.topology, {}).used_topics()
    assert {json.loads(line)["topic"] for line in told.output.splitlines()} == {
        name for name in DECISION_TOPICS if name in used
    }


def test_json_has_value_headers_and_place(tailed: Tailed) -> None:
    # by the topic's own name, or by the one that the shop gave it
    for name in ("messages", "mail"):
        told = tailed.tail(name, "--from", "earliest", "--end", "--json")
        (line,) = map(json.loads, told.output.splitlines())
        assert (line["topic"], line["offset"], line["key"]) == ("messages", 0, decision("messages").shopper)
        assert line["headers"]["ce_id"] == line["value"]["id"] == decision("messages").id
        assert "raw" not in line


def test_of_one_shopper_and_at_most_so_many(tailed: Tailed) -> None:
    # given two others, one of them in the same partition
    codec, kim = DecisionCodec(load(tailed.topology, {}).kafka.format, "shop"), decision("journey-changes").shopper
    value, _, headers = _encoded(codec, "journey-changes")
    others = [f"s{number}" for number in range(40)]
    assert {partition_of(one.encode(), 4) for one in others} == {0, 1, 2, 3}
    for one in others:
        tailed.put("journey-changes", value, one, headers)

    def keys(*more: str) -> list[str]:
        told = tailed.tail("journey-changes", "--from", "earliest", "--end", "--json", *more)
        return [json.loads(line)["key"] for line in told.output.splitlines()]

    assert keys("--shopper", kim) == [kim]
    assert sorted(keys()) == sorted([kim, *others])
    assert len(keys("--count", "7")) == 7
    # without --end it would go on for ever
    told = tailed.tail("journey-changes", "--from", "earliest", "--count", "41")
    assert len(told.output.splitlines()) == 41


def test_from_the_end_there_is_nothing_yet(tailed: Tailed) -> None:
    told = tailed.tail("segment-changes", "--from", "latest", "--end")
    assert (told.exit_code, told.output) == (0, "")


def test_what_is_no_decision_does_not_end_it(tailed: Tailed) -> None:
    kim = decision("trait-changes").shopper
    for value in (b"\xff\x00no", b"[1]", None):
        tailed.put("trait-changes", value, kim)
    lines = tailed.tail("trait-changes", "--from", "earliest", "--end").output.splitlines()
    assert len(lines) == 4
    assert sum("can't be read" in line for line in lines) == 2
    assert sum("is deleted" in line for line in lines) == 1
    data = tailed.tail("trait-changes", "--from", "earliest", "--end", "--json").output.splitlines()
    assert [json.loads(line).get("raw") for line in data] == [None, "\\xff\x00no", "[1]", None]


def test_dead_letters_and_calls_are_told_and_drive_no_terminal(tailed: Tailed) -> None:
    tailed.put("clickstream-dlq", b"{\x1b]0;", "k\x1b[2J", {"reason": b"undecodable", "detail": b"no \x1b[31mJSON"})
    call = {
        "type": "track",
        "event": "Audience Entered",
        "properties": {"audience_key": "engaged\x1b", "engaged": True},
    }
    tailed.put("segment-calls", json.dumps(call).encode(), "k\x1b[2J")
    told = tailed.tail("clickstream-dlq", "segment-calls", "--from", "earliest", "--end").output
    assert "undecodable: no ·[31mJSON" in told
    assert "k·[2J track Audience Entered" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("segment-change",), "did you mean segment-changes?"),
        (("shopper-events",), "publishes no topic shopper-events"),
        (("--from", "yesterday"), "--from yesterday is no place"),
        (("--from", "-1month"), "--from -1month is no place"),
    ],
)
def test_wrong_arguments(tailed: Tailed, arguments: tuple[str, ...], sentence: str) -> None:
    told = tailed.tail(*arguments)
    assert told.exit_code == 2
    assert sentence in told.output


def test_a_topic_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    made = Tailed(tmp_path, TOPOLOGY)
    made.topology.write_text(TOPOLOGY.replace("messages: mail", "segment-changes: nowhere"))
    for _ in range(2):
        told = made.tail("segment-changes", "--end")
        assert told.exit_code == 1
        assert told.output == "There is no topic nowhere, or it may not be read; `afterclick topics` makes it.\n"
    made.broker.close()
