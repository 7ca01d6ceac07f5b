"""The query API over ASGI, without a network or an agent, on stores of a shop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
from jsonschema import Draft202012Validator

from pipeline.config.topology import Topology, load
from pipeline.domain.decision import DECISION_TOPICS
from pipeline.query.answers import Answers
from pipeline.query.decision_ring import DecisionRing
from pipeline.query.http import QueryApi
from pipeline.query.key_ring import KeyRing
from pipeline.query.openapi import document
from pipeline.query.operation import operation_of, segments_of
from pipeline.query.partitions import Partitions
from pipeline.query.placement import AgentSilent, Placement
from pipeline.query.published import Away, Published
from pipeline.query.rate_limit import RateLimit
from schemas.decision_reader import decision_reader

READ, PERSONAL, ADMIN = "r" * 16, "p" * 16, "a" * 16


class ListedLog:
    """A log that is a list: `rows` of points by shopper. away: whether the brokers do not answer."""

    def __init__(self) -> None:
        self.points: dict[str, list[bytes]] = {}
        self.away = False

    def follow(self) -> None:
        if self.away:
            raise Away

    def entries(self, shopper: str) -> list[bytes]:
        self.follow()
        return self.points.get(shopper, [])


class QueryClient:
    """data: of a worker. Every answer is held against the OpenAPI document. placement: what the agent says; None: it
    does not answer."""

    def __init__(self, topology: Path, data: Path, rate: float = 1_000.0) -> None:
        self.topology: Topology = load(topology, {})
        partitions = range(self.topology.kafka.partitions)
        self.placement: Placement | None = Placement(dict.fromkeys(partitions, "processing"), frozenset(partitions))
        self.now = 0.0
        self.partitions = Partitions(self.topology, data / "shopper" / "state", self._where, 0.5, lambda: self.now)
        used = self.topology.used_topics()
        readers = {name: decision_reader(name, "json") for name in DECISION_TOPICS if name in used}
        self.ring, self.log = DecisionRing(readers), ListedLog()
        answers = Answers(self.topology, self.partitions, Published(self.log, self.ring, readers))
        keys = KeyRing({READ: "read", PERSONAL: "personal", ADMIN: "admin"})
        self._stores, self._topics = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self.application = QueryApi(answers, keys, RateLimit(rate, lambda: self.now), self._stores, self._topics)

    def close(self) -> None:
        self._stores.submit(self.partitions.close).result()
        self._stores.shutdown()
        self._topics.shutdown()

    def get(self, target: str, key: str | None = READ, method: str = "GET", **headers: str) -> httpx2.Response:
        if key is not None:
            headers["authorization"] = f"Bearer {key}"
        response = asyncio.run(
            self._ask(method, target, {name.replace("_", "-"): one for name, one in headers.items()})
        )
        if method == "GET":
            conforms(target, response)
        return response

    def data(self, target: str, key: str | None = READ) -> dict[str, Any]:
        response = self.get(target, key)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def _ask(self, method: str, target: str, headers: dict[str, str]) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.application)
        async with httpx2.AsyncClient(transport=transport, base_url="http://query") as client:
            return await client.request(method, target, headers=headers)

    def _where(self) -> Placement:
        if self.placement is None:
            raise AgentSilent
        return self.placement


def conforms(target: str, response: httpx2.Response) -> None:
    """The answer is one that the document names, of the schema that it names. Of paths outside it there is none."""
    whole = document()
    try:
        operation, _ = operation_of(segments_of(target.partition("?")[0].encode()))
    except Exception:
        assert response.status_code in (400, 404)
        schema: dict[str, Any] = {"$ref": "#/components/schemas/Error"}
    else:
        told = whole["paths"][operation.path]["get"]["responses"][str(response.status_code)]
        if "content" not in told:
            assert response.content == b""
            return
        schema = told["content"]["application/json"]["schema"]
    assert response.headers["content-type"] == "application/json"
    Draft202012Validator(schema | {"components": whole["components"]}).validate(response.json())
