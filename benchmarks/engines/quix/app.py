"""The reference rules on Quix Streams: a stateful apply on RocksDB with a changelog, exactly once."""

import os

from quixstreams import Application, State
from reference import Decision, decide, new_shopper

app = Application(
    broker_address=os.environ["BROKERS"],
    consumer_group=os.environ["NAME"],
    auto_offset_reset="earliest",
    processing_guarantee="exactly-once",
    state_dir=os.environ["STATE"],
    commit_interval=float(os.environ.get("COMMIT_INTERVAL", "5.0")),
)
calls = app.topic(os.environ["SOURCE"], key_deserializer="string", value_deserializer="json")
decisions = app.topic(os.environ["SINK"], key_serializer="string", value_serializer="json")


def follow(call: dict, state: State) -> list[Decision]:
    shopper = state.get("shopper") or new_shopper()
    made = decide(shopper, call)
    state.set("shopper", shopper)
    return made


app.dataframe(calls).apply(follow, stateful=True, expand=True).to_topic(decisions)

if __name__ == "__main__":
    app.run()
