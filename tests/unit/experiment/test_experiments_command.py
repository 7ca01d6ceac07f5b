"""`afterclick experiments`: what it says of a replay's output, and what it says when it can't."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.domain.decision import EXPERIMENT_EXPOSURES
from schemas.avro import confluent_prefix, single_object_prefix, writer
from schemas.contract import contract
from tests.support.replaying import call, write
from tests.unit.schemas.sample import decision

TOPOLOGY = """
version: 1
name: shop
messaging:
  consent: {unknown: granted}
  arbitration: 0s
  layers: {prices: {offer: 100}}
  messages:
    offer: {on: {event: Asked}, channel: on-site, variants: {control: 50, gift: 50}}
"""
HELD = TOPOLOGY.replace("  messages:", "  holdout: {percent: 20, salt: q1}\n  messages:")


def afterclick(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"AFTERCLICK_TOPOLOGY": None, "COLUMNS": "200"})


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a topology and a file in which 60 shoppers ask, and every third orders an hour later."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    shoppers = [f"s{number:02d}" for number in range(60)]
    bought = shoppers[::3]
    write(
        tmp_path / "events.ndjson",
        *(call(one, "Asked", "2026-01-02T10:00:00Z") for one in shoppers),
        *(call(one, "Order Completed", "2026-01-02T11:00:00Z", order_id=f"o-{one}", total=10) for one in bought),
    )
    return tmp_path


def replayed(*arguments: str) -> Result:
    result = afterclick("replay", "events.ndjson", "--output", "out", *arguments)
    assert result.exit_code == 0, result.output
    return result


def data_of(*arguments: str) -> dict[str, Any]:
    result = afterclick("experiments", "--from", "out", "--json", *arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_arms_rates_and_splits(shop: Path) -> None:
    replayed("--quiet")
    (offer,) = data_of()["experiments"]
    assert (offer["experiment"], offer["layer"], offer["control"]) == ("offer", "prices", "control")
    control, gift = offer["arms"]
    assert (control["arm"], gift["arm"]) == ("control", "gift")
    assert control["exposed"] + gift["exposed"] == 60
    assert control["converted"] + gift["converted"] == 20
    assert control["percent"] == gift["percent"] == 50
    assert control["difference"] is None
    rates = gift["converted"] / gift["exposed"], control["converted"] / control["exposed"]
    assert gift["rate"]["estimate"] == pytest.approx(rates[0], abs=1e-6)
    assert gift["difference"]["estimate"] == pytest.approx(rates[0] - rates[1], abs=2e-6)
    assert gift["difference"]["low"] < gift["difference"]["estimate"] < gift["difference"]["high"]
    revenue = [{"amount": 1_000 * gift["converted"], "currency": "EUR"}]
    assert gift["revenue"] == revenue
    assert offer["split"]["suspicious"] is False
    assert offer["holdout_split"] is None
    # As of the last exposure or order nobody's day is over.
    assert control["still_open"] + gift["still_open"] == 40


def test_the_holdout_is_an_arm_and_the_control(shop: Path) -> None:
    (shop / "topology.yaml").write_text(HELD)
    replayed("--quiet")
    (offer,) = data_of()["experiments"]
    assert [one["arm"] for one in offer["arms"]] == ["holdout", "control", "gift"]
    assert offer["control"] == "holdout"
    assert sum(one["exposed"] for one in offer["arms"]) == 60
    assert sum(one["converted"] for one in offer["arms"]) == 20
    assert offer["holdout_split"]["degrees"] == 1
    assert data_of("--control", "gift")["experiments"][0]["control"] == "gift"


def test_a_split_that_is_not_as_declared_is_suspicious(shop: Path) -> None:
    # given exposures under shares that the topology states otherwise, with the same meaning
    replayed("--quiet")
    file = shop / "out" / f"{EXPERIMENT_EXPOSURES}.ndjson"
    told = [json.loads(line) for line in file.read_text().splitlines()]
    kept = [one for one in told if one["variant"] == "gift" or int(one["shopper"][1:]) % 12 == 0]
    file.write_text("".join(json.dumps(one) + "\n" for one in kept))
    (offer,) = data_of()["experiments"]
    assert offer["split"]["suspicious"] is True
    assert (
        "SUSPICIOUS: the variants did not come about as declared" in afterclick("experiments", "--from", "out").output
    )


def test_exposures_under_another_definition_are_no_part_of_the_split(shop: Path) -> None:
    replayed("--quiet")
    (shop / "topology.yaml").write_text(TOPOLOGY.replace("control: 50, gift: 50", "control: 5, gift: 95"))
    (offer,) = data_of()["experiments"]
    assert (offer["earlier_definitions"], offer["split"]) == (60, None)


def test_only_orders_within_and_exposures_since_and_until(shop: Path) -> None:
    replayed("--quiet")

    def totals(*arguments: str) -> tuple[int, int]:
        (offer,) = data_of(*arguments)["experiments"]
        return sum(one["exposed"] for one in offer["arms"]), sum(one["converted"] for one in offer["arms"])

    assert totals("--within", "1h") == (60, 20)
    assert totals("--within", "59m") == (60, 0)
    assert totals("--since", "2026-01-02T10:00:00Z", "--until", "2026-01-02T10:00:00.001Z") == (60, 20)
    late = afterclick("experiments", "--from", "out", "--since", "2026-01-02T10:00:00.001Z")
    assert (late.exit_code, "Nobody was exposed" in late.output) == (1, True)


def test_who_came_into_several_arms_is_left_out(shop: Path) -> None:
    replayed("--quiet")
    file = shop / "out" / f"{EXPERIMENT_EXPOSURES}.ndjson"
    first = json.loads(file.read_text().splitlines()[0])
    other = {**first, "id": "f" * 32, "variant": "gift" if first["variant"] == "control" else "control"}
    file.write_text(file.read_text() + json.dumps(other) + "\n" + json.dumps(first) + "\n")
    (offer,) = data_of()["experiments"]
    assert offer["several"] == 1
    assert sum(one["exposed"] for one in offer["arms"]) == 59


def test_as_a_table_and_as_rows(shop: Path) -> None:
    told = replayed().output
    assert "messages" in told
    assert "  offer" in told
    assert "  recovered" in told
    shown = afterclick("experiments", "--from", "out").output
    assert shown.splitlines()[0] == "As of 2026-01-02T11:00:00.000Z; orders while they are followed; intervals of 95%."
    assert "offer (layer prices)" in shown
    assert "against control" in shown
    result = afterclick("experiments", "offer", "--from", "out", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.output)))
    assert [row["arm"] for row in rows] == ["control", "gift"]
    assert sum(int(row["exposed"]) for row in rows) == 60
    assert rows[0]["difference"] == ""


@pytest.mark.parametrize(
    "arguments, code, sentence",
    [
        (["--from", "nowhere"], 1, "experiment-exposures.ndjson can't be read"),
        (["--from", "out", "ofer"], 2, "Nobody was exposed to ofer, did you mean offer?"),
        (["--from", "out", "--control", "plain"], 2, "Nobody is in an arm plain; there are control, gift."),
        (["--from", "out", "--within", "2d"], 2, "Orders after offer are followed for 1d, no longer: --within 1d"),
        (["--from", "out", "--within", "soon"], 2, "--within"),
        (["--from", "out", "--since", "soon"], 2, "--since soon is no time"),
        (["--from", "out", "--json", "--csv"], 2, "Choose one of --json and --csv."),
        (["--from", "out", "--brokers", "b:1"], 2, "choose one"),
        (["--from", "out", "--topology", "silent.yaml"], 2, "silent.yaml sends no messages"),
        (["--from", "bad"], 1, "line 1 is no line of experiment-exposures"),
    ],
)
def test_what_is_wrong_is_said(shop: Path, arguments: list[str], code: int, sentence: str) -> None:
    replayed("--quiet")
    (shop / "silent.yaml").write_text("version: 1\nname: shop\n")
    (shop / "bad").mkdir()
    (shop / "bad" / f"{EXPERIMENT_EXPOSURES}.ndjson").write_text('{"id": 1}\n')
    result = afterclick("experiments", *arguments)
    assert (result.exit_code, sentence in result.output) == (code, True), result.output


def test_help_has_examples() -> None:
    assert "afterclick experiments" in afterclick("experiments", "--help").output


@pytest.mark.parametrize("prefix", [confluent_prefix(7), single_object_prefix(contract(EXPERIMENT_EXPOSURES).schema)])
def test_values_of_the_topic_in_avro(prefix: bytes) -> None:
    from pipeline.commands.experiments import _from_avro
    from pipeline.experiment.exposure_log import UnreadableLine, collected

    exposed = decision(EXPERIMENT_EXPOSURES)
    value = writer(EXPERIMENT_EXPOSURES, prefix)(exposed, None)
    log = collected([_from_avro(value, "here")])
    ((one,),) = log.exposures.values()
    assert (one.shopper, one.at, one.arm) == (exposed.shopper, exposed.effective_at, "b")
    with pytest.raises(UnreadableLine, match="here is no line"):
        _from_avro(value[: len(value) // 2], "here")
