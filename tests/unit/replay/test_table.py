"""CSV rows into calls."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.replay.mapping import MappingError, load_mapping
from pipeline.replay.table import TableSource

EXAMPLE = Path(__file__).parents[3] / "docs/examples/online-retail.mapping.yaml"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def row(
    invoice: str, product: str = "A", quantity: int = 1, price: str = "2.50", customer: str = "7.0", minute: int = 0
) -> str:
    return f'{invoice},{product},"{product}, red",{quantity},2011-06-01 10:{minute:02d}:00,{price},{customer},France'


def calls(tmp_path: Path, *rows: str, mapping: Path = EXAMPLE) -> list[dict[str, Any]]:
    table = tmp_path / "orders.csv"
    table.write_text("\n".join([HEADER, *rows, ""]))
    return [json.loads(value) for _, value, _ in TableSource(str(table), load_mapping(mapping))]


def mapping(tmp_path: Path, **over: Any) -> Path:
    path = tmp_path / "mapping.yaml"
    body = {
        "version": 1,
        "time": {"column": "InvoiceDate", "timezone": "Europe/Paris"},
        "shopper": "CustomerID",
        "events": [{"event": "Line", "properties": {"code": "StockCode", "price": "UnitPrice", "kind": {"value": 3}}}],
        **over,
    }
    path.write_text(json.dumps(body))
    return path


def test_rows_of_one_invoice_are_one_order(tmp_path: Path) -> None:
    (order,) = calls(tmp_path, row("1", "A", 2), row("1", "B", 1, "0.05", minute=1))
    assert order == {
        "type": "track",
        "event": "Order Completed",
        "userId": "7",
        "messageId": "1",
        "timestamp": 1306918800000,  # 09:00 UTC: London is on summer time
        "traits": {},
        "properties": {
            "order_id": "1",
            "currency": "GBP",
            "country": "France",
            "total": 5.05,
            "products": [
                {"product_id": "A", "name": "A, red", "quantity": 2, "price": 2.5},
                {"product_id": "B", "name": "B, red", "quantity": 1, "price": 0.05},
            ],
        },
    }


def test_interleaved_invoices_come_in_the_order_of_their_first_rows(tmp_path: Path) -> None:
    found = calls(tmp_path, row("1"), row("2"), row("1", "B"), row("2", "B"), row("3"))
    assert [(one["messageId"], len(one["properties"]["products"])) for one in found] == [("1", 2), ("2", 2), ("3", 1)]


def test_far_apart_rows_are_two_events(tmp_path: Path) -> None:
    found = calls(tmp_path, row("1"), *(row(str(number)) for number in range(2, 1_002)), row("1"))
    assert [one["messageId"] for one in found][:: len(found) - 1] == ["1", "1"]


def test_a_cancellation_takes_back_the_latest_order_with_the_product(tmp_path: Path) -> None:
    found = calls(
        tmp_path,
        row("1", "A", 9),
        row("2", "A", 5),
        row("2", "B"),
        row("3", "B", customer="8.0"),
        row("C4", "A", -2, "2.50"),
        row("C4", "B", -1, "1.00"),
        row("C4", "Z", -1),
    )
    matched, unmatched = (one["properties"] for one in found[3:])
    assert [one["messageId"] for one in found[3:]] == ["C4/2", "C4/unmatched-C4"]
    assert (matched["order_id"], matched["refund_id"], matched["total"]) == ("2", "C4/2", 6)
    assert [(one["product_id"], one["quantity"]) for one in matched["products"]] == [("A", 2), ("B", 1)]
    assert (unmatched["order_id"], len(unmatched["products"])) == ("unmatched-C4", 1)


def test_what_is_no_number_stays_text_for_intake_to_refuse(tmp_path: Path) -> None:
    (order,) = calls(tmp_path, row("1", price="free"))
    assert order["properties"]["products"][0]["price"] == "free"
    assert "total" not in order["properties"]


def test_rows_without_grouping_filters_and_unreadable_times(tmp_path: Path) -> None:
    skip = [{"column": "StockCode", "in": ["X", "Y"]}, {"column": "CustomerID", "is": ""}]
    rows = [row("1"), row("2", "X"), row("3", customer=""), row("4").replace("2011-06-01", "June")]
    first, last = calls(tmp_path, *rows, mapping=mapping(tmp_path, skip=skip))
    assert first["properties"] == {"code": "A", "price": 2.5, "kind": 3}
    assert "messageId" not in first
    assert first["timestamp"] == 1306915200000  # 08:00 UTC: Paris is on summer time
    assert last["timestamp"] == "June 10:00:00"


def test_damaged_rows_are_passed_on_as_nothing_with_their_bytes(tmp_path: Path) -> None:
    table = tmp_path / "orders.csv.gz"
    bad = [b"1,too,short", row("2").encode().replace(b"red", b"\xff")]
    table.write_bytes(gzip.compress(b"\r\n".join([HEADER.encode(), *bad, row("3").encode()])))
    found = list(TableSource(str(table), load_mapping(EXAMPLE)))
    assert [(line, value) for line, value, _ in found[:2]] == [(2, b""), (3, b"")]
    assert [original for _, _, original in found] == [*bad, row("3").encode()]


def test_a_cell_may_span_lines(tmp_path: Path) -> None:
    table = tmp_path / "orders.csv"
    table.write_text("\n".join([HEADER, row("1").replace(", red", ",\nred"), row("2"), ""]))
    found = list(TableSource(str(table), load_mapping(EXAMPLE)))
    assert [line for line, _, _ in found] == [2, 4]


@pytest.mark.parametrize(
    "over, sentence",
    [
        ({"version": 2}, "version"),
        ({"colour": 1}, "colour"),
        ({"shopper": {"column": "a", "value": "b"}}, "exactly one of"),
        ({"time": {"column": "x", "timezone": "Mars/Base"}}, "unknown timezone 'Mars/Base'"),
        ({"events": [{"type": "page", "event": "X"}]}, "`event` names track calls"),
        ({"delimiter": ";;"}, "one character"),
        ({"encoding": "utf-99"}, "unknown encoding"),
    ],
)
def test_mistakes_in_a_mapping(tmp_path: Path, over: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MappingError, match=sentence):
        load_mapping(mapping(tmp_path, **over))


def test_a_mapping_that_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"has no column 'Who'; it has InvoiceNo, StockCode"):
        calls(tmp_path, row("1"), mapping=mapping(tmp_path, shopper="Who"))
    with pytest.raises(MappingError, match="cannot be read"):
        load_mapping(tmp_path / "nowhere")


@pytest.mark.real_input
def test_the_example_fits_the_real_file(shared: Path) -> None:
    source = TableSource(str(shared / "data/online_retail/online_retail.csv.gz"), load_mapping(EXAMPLE))
    values = (json.loads(value) for _, (_, value, _) in zip(range(500), source, strict=False))
    found = [one for one in values if one["userId"] is not None]
    assert {one["event"] for one in found} == {"Order Completed", "Order Refunded"}
    assert all(one["properties"]["products"] and one["userId"].isdigit() for one in found)
