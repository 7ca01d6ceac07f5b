"""The registry's own client against a small registry on a real socket."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Any
from urllib.parse import unquote

import fastavro
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

from pipeline.domain.decision import DECISION_TOPICS
from schemas.codec import DecisionCodec
from schemas.registry import RegistryError, without_credentials
from tests.unit.schemas.sample import decision

QUICK = {"max.retries": 0, "timeout": 2}


class Registry(ThreadingHTTPServer):
    """Takes schemas under subjects and gives them back by id; `refuse` answers everything with an error."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.schemas: list[tuple[str, str]] = []
        self.refuse: tuple[int, str] | None = None
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        found = (unquote(self.path.split("/")[2]), body["schema"])
        if self.server.refuse is None and found not in self.server.schemas:
            self.server.schemas.append(found)
        self.answer({"id": self.server.schemas.index(found) + 100} if self.server.refuse is None else {})

    def do_GET(self) -> None:
        schema = self.server.schemas[int(self.path.split("/")[3].split("?")[0]) - 100][1]
        self.answer({"schema": schema})

    def answer(self, body: dict[str, Any]) -> None:
        status, message = self.server.refuse or (200, "")
        data = json.dumps(body if status == 200 else {"error_code": status, "message": message}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/vnd.schemaregistry.v1+json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def registry() -> Iterator[Registry]:
    server = Registry()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def open_codec(url: str, **names: str) -> DecisionCodec:
    return DecisionCodec("avro", "shop", topics=names, registry=url, settings=QUICK)


@pytest.mark.parametrize("topic", DECISION_TOPICS)
def test_a_consumer_finds_the_schema_by_the_id_in_front(registry: Registry, topic: str) -> None:
    value, _ = open_codec(registry.url, **{topic: f"acme.{topic}"}).encode(decision(topic), None)
    assert value[:1] == b"\x00"
    number = int.from_bytes(value[1:5], "big")
    assert registry.schemas[number - 100][0] == f"acme.{topic}-value"
    found = SchemaRegistryClient({"url": registry.url}).get_schema(number)
    schema = fastavro.parse_schema(json.loads(found.schema_str))
    read = fastavro.schemaless_reader(BytesIO(value[5:]), schema, None)
    assert (read["id"], read["shopper"]) == ("0" * 31 + "1", "jürgen")


def test_registering_again_changes_nothing(registry: Registry) -> None:
    first, _ = open_codec(registry.url).encode(decision("loyalty-points"), None)
    again, _ = open_codec(registry.url).encode(decision("loyalty-points"), None)
    assert first == again
    assert len(registry.schemas) == len(DECISION_TOPICS)


def test_a_registry_in_memory_will_do_for_a_demo() -> None:
    value, _ = open_codec("mock://").encode(decision("loyalty-points"), None)
    assert value[:1] == b"\x00"


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        (401, "Unauthorized", "refuses the credentials"),
        (409, "reader is incompatible.", "another schema that ours can't be read with"),
        (422, "Invalid schema", "did not take a schema \\(422\\): Invalid schema"),
    ],
)
def test_a_refusal_is_one_sentence(registry: Registry, status: int, message: str, told: str) -> None:
    registry.refuse = (status, message)
    with pytest.raises(RegistryError, match=told):
        open_codec(registry.url)


def test_a_registry_that_is_down_is_told_without_its_password() -> None:
    with pytest.raises(RegistryError) as told:
        open_codec("http://user:hunter2@127.0.0.1:9")
    assert "http://127.0.0.1:9" in str(told.value)
    assert "is it running" in str(told.value)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[", "ftp://x"])
def test_a_url_that_is_none_is_told(url: str) -> None:
    with pytest.raises(RegistryError, match="AFTERCLICK_SCHEMA_REGISTRY"):
        open_codec(url)


def test_urls_are_shown_without_credentials() -> None:
    assert without_credentials("https://u:p@sr.example:8081/x") == "https://sr.example:8081"
