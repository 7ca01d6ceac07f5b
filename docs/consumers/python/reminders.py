"""Acts on messages, each once: the effect and the decision's id are one transaction of the consumer's own database.

    pip install confluent-kafka
    python reminders.py localhost:9092 sent.db

A decision may come again: after a crash before the offsets were committed, or when partitions move. Its id is the same
then, and the row is there already. Put your own effect where `act` is; if it can't be part of the transaction (an
e-mail), hand it the id as its idempotency key.
"""

import json
import signal
import sqlite3
import sys

from confluent_kafka import Consumer, KafkaException

TOPIC = "messages"


def act(database: sqlite3.Connection, message: dict) -> None:
    database.execute(
        "INSERT INTO outbox (shopper, message, channel) VALUES (?, ?, ?)",
        (message["shopper"], message["message"], message["channel"]),
    )


def main(brokers: str, path: str) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE IF NOT EXISTS taken (id TEXT PRIMARY KEY)")
    database.execute("CREATE TABLE IF NOT EXISTS outbox (shopper TEXT, message TEXT, channel TEXT)")
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "reminders",
            # what is not committed may be made anew, and is no decision
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            # offsets are committed below, after the effects
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([TOPIC])
    running = True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while running:
        records = consumer.consume(500, 1.0)
        if not records:
            continue
        with database:
            for record in records:
                if record.error() is not None:
                    raise KafkaException(record.error())
                take(database, record.value())
        consumer.commit(asynchronous=False)
    consumer.close()


def take(database: sqlite3.Connection, value: bytes | None) -> None:
    if value is None:
        return
    message = json.loads(value)
    # history and repairs: whoever mirrors state takes them, nobody is written to for them
    if message["silent"]:
        return
    taken = database.execute("INSERT OR IGNORE INTO taken (id) VALUES (?)", (message["id"],))
    if taken.rowcount:
        act(database, message)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
