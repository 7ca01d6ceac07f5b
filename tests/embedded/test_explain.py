"""`afterclick explain` beside a worker that runs: its stores and its changelog say what a replay says."""

import json
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.value.instant import format_instant
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually

pytestmark = pytest.mark.embedded

# After the history and within its windows, so that memberships are still to end.
AT = format_instant(1_767_225_600_000 + 4 * 3_600_000)


def explain(live: LiveRun, shopper: str, *place: str) -> Result:
    """In this process: one of its own takes a second to start."""
    arguments = ["explain", shopper, "buyers", "--at", AT, "--topology", str(live.topology), "--json", *place]
    return CliRunner().invoke(app, arguments)


def told(result: Result) -> tuple[dict[str, Any], dict[str, Any]]:
    """The source, and all else."""
    assert result.exit_code == 0, result.output
    data: dict[str, Any] = json.loads(result.output)
    return data.pop("source"), data


def test_stores_and_changelog_say_what_a_replay_says(live: LiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a worker that has taken a history in, and goes on running
    calls = history(1_000, shoppers=40)
    expected = live.replayed(calls)
    live.send(calls)
    worker = live.worker("a")
    live.assert_decides_as(expected)
    file, data = ["--input", str(live.folder / "history.ndjson")], ["--data-dir", str(worker.data)]
    eventually("the stores are there", lambda: explain(live, "shopper-1", *data).exit_code == 0)
    members = 0
    # when its stores and its changelog are asked, the changelog in one stretch and in many
    for shopper, stretch in (("shopper-1", 20_000), ("shopper-7", 20_000), ("shopper-13", 20_000), ("shopper-1", 150)):
        monkeypatch.setattr("pipeline.kafka.changelog_lookup._STRETCH", stretch)
        _, replayed = told(explain(live, shopper, *file))
        store, stored = told(explain(live, shopper, *data))
        changelog, logged = told(explain(live, shopper, "--brokers", live.brokers))
        # then they say the same, of the same partition
        assert stored == replayed
        assert logged == replayed
        assert (store["kind"], changelog["kind"]) == ("store", "changelog")
        assert store["partition"] == changelog["partition"]
        members += replayed["member"] and replayed["changes_at"] > AT
    assert members
    # and who was never seen is not known
    nobody = explain(live, "nobody", "--brokers", live.brokers)
    assert nobody.exit_code == 1
    assert nobody.output.startswith("This shopper is not known: ")
    assert worker.stop() == 0
