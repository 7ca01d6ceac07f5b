import json
from pathlib import Path
from typing import Any

from pipeline.config.topology import load, parse
from pipeline.demo.history import history_topology, keyed_values
from pipeline.domain.intake.intake import Intake
from pipeline.domain.value.instant import parse_instant
from pipeline.replay.source import LineSource

DEMO_SHOP = Path(__file__).parents[3] / "topology.yaml"


def call(received: str, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Product Viewed", "messageId": received, "receivedAt": received} | fields


def values_of(folder: Path, *lines: object) -> list[tuple[int, bytes | None, bytes]]:
    file = folder / "events.ndjson"
    file.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    topology = parse("version: 1\nname: shop\n", {})
    return list(keyed_values(LineSource(str(file)), Intake(topology.plan())))


def test_each_line_is_sent_as_it_stands_under_its_shopper_at_its_received_time(tmp_path: Path) -> None:
    first = call("2026-01-03T10:00:00.000Z", userId="u-1", anonymousId="a-1")
    second = call("2026-01-03T10:00:05.000Z", anonymousId="a-2")

    sent = values_of(tmp_path, first, second)

    assert [(received, key) for received, key, _ in sent] == [
        (parse_instant("2026-01-03T10:00:00.000Z"), b"u-1"),
        (parse_instant("2026-01-03T10:00:05.000Z"), b"a-2"),
    ]
    assert [json.loads(value) for _, _, value in sent] == [first, second]


def test_received_time_never_runs_back(tmp_path: Path) -> None:
    late = call("2026-01-03T09:00:00.000Z", userId="u-1")

    sent = values_of(tmp_path, call("2026-01-03T10:00:00.000Z", userId="u-1"), late)

    assert [received for received, _, _ in sent] == [parse_instant("2026-01-03T10:00:00.000Z")] * 2


def test_a_bad_line_is_sent_too_so_that_it_becomes_a_dead_letter(tmp_path: Path) -> None:
    sent = values_of(tmp_path, call("2026-01-03T10:00:00.000Z", userId="u-1"), "{not json")

    assert sent[1] == (parse_instant("2026-01-03T10:00:00.000Z"), None, b"{not json")


def test_a_batch_is_one_record(tmp_path: Path) -> None:
    batch = {"batch": [call(f"2026-01-03T10:00:0{n}.000Z", userId="u-1") for n in range(3)]}

    sent = values_of(tmp_path, batch)

    assert [(key, json.loads(value)) for _, key, value in sent] == [(b"u-1", batch)]


def test_a_history_keeps_what_is_decided_and_takes_time_from_its_records_alone(tmp_path: Path) -> None:
    copy = tmp_path / "topology.yaml"

    history_topology(DEMO_SHOP, copy)

    original, of_history = load(DEMO_SHOP, {}), load(copy, {})
    assert of_history.time.tick is None
    assert of_history.time.model_copy(update={"tick": original.time.tick}) == original.time
    assert of_history.plan().segments == original.plan().segments
    assert of_history.plan().abandonments == original.plan().abandonments
    assert of_history.plan().programmes == original.plan().programmes
