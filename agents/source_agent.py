"""The Faust agent of a worker's process, whichever of ours it runs."""

from typing import Any

from pipeline.kafka.agent_app import AgentApp


def declare(app: AgentApp, name: str) -> Any:
    """Have the app's worker read its source and hand each batch to the partition's lane."""
    source = app.topic(app.ownership.topic, key_serializer="raw", value_serializer="raw")

    @app.agent(source, name=name)
    async def agent(batches: Any) -> None:
        async for batch in batches:
            await app.take(batch)

    return agent
