"""RFM over a wholesaler's year: the fit and every customer's scores, against plain code over the same invoices."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.real_input.invoice import Invoice, Order, histories, read_invoices
from tests.real_input.membership import DAY
from tests.real_input.test_online_retail import MAPPING, _orders_after_all
from tests.support.replay_run import replay

pytestmark = pytest.mark.real_input

HEAD = "version: 1\nname: retail\nshop: {timezone: Europe/London, currency: GBP}\n"


@pytest.fixture(scope="module")
def lines(shared: Path) -> Path:
    return shared / "data" / "online_retail" / "online_retail.csv.gz"


@pytest.fixture(scope="module")
def bought(lines: Path) -> dict[str, tuple[int, int, int]]:
    """Customer -> (ms from the latest order to the end, orders, net pence), of those with orders."""
    invoices: list[Invoice] = read_invoices(lines)
    end = max(invoice.time for invoice in invoices if invoice.customer)
    found = {}
    for customer, history in histories(invoices).items():
        orders: list[Order] = _orders_after_all(history)
        if orders:
            latest = max(order.time for order in orders)
            found[customer] = (end - latest, len(orders), sum(order.net for order in orders))
    return found


@pytest.fixture(scope="module")
def block(lines: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `rfm fit` prints."""
    topology = tmp_path_factory.mktemp("fit") / "topology.yaml"
    topology.write_text(HEAD)
    arguments = ["rfm", "fit", str(lines), "--mapping", str(MAPPING), "--topology", str(topology)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def fifths(values: list[int]) -> list[int]:
    ordered = sorted(values)
    return [ordered[len(ordered) * k // 5] for k in (1, 2, 3, 4)]


def test_the_fitted_block_is_that_of_plain_code(block: str, bought: dict[str, tuple[int, int, int]]) -> None:
    days = fifths([elapsed // DAY for elapsed, _, _ in bought.values()])
    orders = fifths([count for _, count, _ in bought.values()])
    money = [f"{amount / 100:.2f}" for amount in fifths([net for _, _, net in bought.values()])]
    assert block.splitlines() == [
        f"# fitted to {len(bought):,} buyers by afterclick rfm fit",
        "rfm:",
        f"  recency: {days}",
        f"  frequency: {orders}",
        f"  monetary: [{', '.join(money)}]",
    ]


def test_every_customer_has_the_scores_of_plain_code(
    block: str, bought: dict[str, tuple[int, int, int]], lines: Path, tmp_path: Path
) -> None:
    topology = tmp_path / "topology.yaml"
    topology.write_text(f"{HEAD}{block}segments: {{champions: {{when: {{rfm: {{recency: [5], monetary: [5]}}}}}}}}\n")
    run = replay(topology, [lines], tmp_path / "out", "--mapping", MAPPING)
    days = fifths([elapsed // DAY for elapsed, _, _ in bought.values()])
    orders = fifths([count for _, count, _ in bought.values()])
    money = fifths([net for _, _, net in bought.values()])
    for customer, profile in run.profiles.items():
        if customer not in bought:
            assert set(profile["rfm"].values()) == {None}
            continue
        elapsed, count, net = bought[customer]
        expected = {
            "recency": 5 - sum(elapsed >= threshold * DAY for threshold in days),
            "frequency": 1 + sum(count >= threshold for threshold in orders),
            "monetary": 1 + sum(net >= threshold for threshold in money),
        }
        assert profile["rfm"] == expected
        assert ("champions" in profile["segments"]) == (expected["recency"] == expected["monetary"] == 5)
    assert sum("champions" in profile["segments"] for profile in run.profiles.values()) > 100
