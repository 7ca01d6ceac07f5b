"""Thresholds of RFM scores fitted to a history."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.topology import parse
from pipeline.replay.rfm_fit import thresholds

HEAD = "version: 1\nname: shop\n"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (list(range(10)), (2, 4, 6, 8)),
        ([7], (7, 7, 7, 7)),
        ([3, 1, 2], (1, 2, 2, 3)),
        ([1] * 9 + [5], (1, 1, 1, 1)),
        (list(range(11, 0, -1)), (3, 5, 7, 9)),
    ],
)
def test_threshold_k_is_the_first_value_of_the_next_fifth(values: list[int], expected: tuple[int, ...]) -> None:
    assert thresholds(values) == expected


def order(shopper: str, day: int, total: float) -> str:
    time = f"2026-01-{day:02d}T10:00:00Z"
    return json.dumps(
        {
            "type": "track", "event": "Order Completed", "userId": shopper, "messageId": f"{shopper}{day}",
            "timestamp": time, "receivedAt": time, "properties": {"order_id": f"{shopper}{day}", "total": total},
        }
    )  # fmt: skip


def fit(tmp_path: Path, lines: list[str], *options: str) -> Result:
    topology, events = tmp_path / "topology.yaml", tmp_path / "events.ndjson"
    topology.write_text(HEAD + "segments: {a: {when: {orders: {at_least: 1}}}}\n")
    events.write_text("\n".join(lines))
    return CliRunner().invoke(app, ["rfm", "fit", str(events), "--topology", str(topology), *options])


def test_the_printed_block_can_be_pasted(tmp_path: Path) -> None:
    # given five buyers, each a day later and with a larger order, and one shopper without orders
    lines = [order(f"s{number}", number, 10.5 * number) for number in range(1, 6)]
    lines.append('{"type": "page", "userId": "x", "messageId": "p", "timestamp": "2026-01-06T09:00:00Z"}')
    # when
    result = fit(tmp_path, lines, "--until", "2026-01-08T10:00:00Z")
    # then
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "# fitted to 5 buyers by afterclick rfm fit\n"
        "rfm:\n  recency: [4, 5, 6, 7]\n  frequency: [1, 1, 1, 1]\n  monetary: [21.00, 31.50, 42.00, 52.50]\n"
    )
    scale = parse(HEAD + result.stdout, {}).plan().rfm
    assert scale is not None
    assert scale.monetary == (2100, 3150, 4200, 5250)


def test_without_buyers_there_is_nothing_to_fit(tmp_path: Path) -> None:
    result = fit(tmp_path, ['{"type": "page", "userId": "x", "messageId": "p", "timestamp": "2026-01-06T09:00:00Z"}'])
    assert result.exit_code == 1
    assert "Nobody bought anything" in result.output
