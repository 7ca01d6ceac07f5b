"""The Online Retail invoices as plain values: csv and whole numbers, nothing of the engine.

Readings of the data, which docs/examples/online-retail.mapping.yaml declares for the engine:
- Lines of one invoice number are one order, at the time of its first line. Exact duplicate lines are lines like any:
  the till printed and summed them.
- A cancellation (C..) names no invoice. Each of its lines takes back the customer's latest earlier order with that
  stock code; lines without such an order are refunds that match nothing.
- Invoices without a customer (the web shop's walk-ins, stock corrections, bad debt) are nobody's.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")


class Line(NamedTuple):
    """price: thousandths of a pound, each."""

    stock_code: str
    quantity: int
    price: int


class Invoice(NamedTuple):
    """time: ms since the epoch, of the first line. customer: "" if there is none."""

    number: str
    customer: str
    time: int
    lines: list[Line]

    @property
    def is_cancellation(self) -> bool:
        return self.number.startswith("C")


class Order:
    """value and refunded: pence."""

    def __init__(self, invoice: Invoice) -> None:
        self.number, self.time, self.lines = invoice.number, invoice.time, invoice.lines
        self.thousandths = sum(line.quantity * line.price for line in invoice.lines)
        self.value = pence(self.thousandths)
        self.refunded = 0
        self.stock_codes = {line.stock_code for line in invoice.lines}

    @property
    def net(self) -> int:
        return self.value - self.refunded


class Refund(NamedTuple):
    """Lines of one cancellation that take back one order; order: None if the customer bought no such thing before."""

    number: str
    time: int
    order: Order | None
    lines: list[Line]

    @property
    def amount(self) -> int:
        return pence(-sum(line.quantity * line.price for line in self.lines))


def read_invoices(path: Path) -> list[Invoice]:
    """All invoices, in the order of their first lines."""
    found: dict[str, Invoice] = {}
    with TextIOWrapper(gzip.open(path), encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for number, stock_code, _, quantity, date, price, customer, _ in rows:
            invoice = found.get(number)
            if invoice is None:
                time = datetime.fromisoformat(date).replace(tzinfo=_LONDON).timestamp()
                invoice = found[number] = Invoice(number, customer.removesuffix(".0"), round(time) * 1000, [])
            whole, _, fraction = price.partition(".")
            assert len(fraction) <= 3
            thousandths = int(whole + fraction.ljust(3, "0"))
            invoice.lines.append(Line(stock_code, int(quantity), thousandths))
    return list(found.values())


def histories(invoices: list[Invoice]) -> dict[str, list[Order | Refund]]:
    """What each customer bought and gave back, in order."""
    found: dict[str, list[Order | Refund]] = defaultdict(list)
    bought: dict[tuple[str, str], Order] = {}
    for invoice in invoices:
        if not invoice.customer:
            continue
        history = found[invoice.customer]
        if invoice.is_cancellation:
            history.extend(_refunds(invoice, bought))
            continue
        order = Order(invoice)
        history.append(order)
        bought.update({(invoice.customer, code): order for code in order.stock_codes})
    return found


def _refunds(invoice: Invoice, bought: dict[tuple[str, str], Order]) -> Iterator[Refund]:
    apart: dict[Order | None, list[Line]] = {}
    for line in invoice.lines:
        apart.setdefault(bought.get((invoice.customer, line.stock_code)), []).append(line)
    for order, lines in apart.items():
        yield Refund(invoice.number, invoice.time, order, lines)


def give_back(refund: Refund) -> None:
    """The money of a refund, never more than is left of the order."""
    if refund.order is not None:
        refund.order.refunded += min(refund.amount, refund.order.net)


def pence(thousandths: int) -> int:
    """Half up."""
    return (thousandths + 5) // 10
