"""The reference rules on Faust: a table on RocksDB, an agent that takes event by event, exactly once."""

import os

import faust
from reference import decide, new_shopper

app = faust.App(
    os.environ["NAME"],
    broker=f"kafka://{os.environ['BROKERS']}",
    store="rocksdb://",
    datadir=os.environ["STATE"],
    topic_partitions=4,
    topic_replication_factor=1,
    consumer_auto_offset_reset="earliest",
    processing_guarantee=os.environ.get("GUARANTEE", "exactly_once"),
    web_enabled=False,
)
calls = app.topic(os.environ["SOURCE"], key_type=str, key_serializer="raw", value_serializer="json")
decisions = app.topic(os.environ["SINK"], key_type=str, key_serializer="raw", value_serializer="json")
shoppers = app.Table("shoppers", default=new_shopper, key_type=str, options={"driver": "rocksdict"})


@app.agent(calls)
async def follow(stream: faust.Stream) -> None:
    async for call in stream:
        shopper = call["userId"]
        state = shoppers[shopper]
        for decision in decide(state, call):
            await decisions.send(key=shopper, value=decision)
        shoppers[shopper] = state


if __name__ == "__main__":
    app.main()
