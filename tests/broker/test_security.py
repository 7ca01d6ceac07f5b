"""Who one has to be and what one has to be allowed, on an Apache Kafka that asks (docs/security.md).

Every secret holds MARK, so that none can be in a log, an output or a command line unseen.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from pipeline.access import CONSUMER_GROUP, grants_of
from pipeline.config.settings import resolve
from pipeline.config.topology import load
from pipeline.kafka.admin import TopicAdmin
from pipeline.kafka.client import Client
from pipeline.kafka.credentials import faust_credentials
from pipeline.kafka.grant import Grant, Resource
from pipeline.topics import plans_of
from tests.support.apache_kafka import remove_topics, require_java
from tests.support.certificates import PASSWORD, Authority
from tests.support.kafka_reader import decisions
from tests.support.live_run import LiveRun
from tests.support.secured_kafka import MARK, PASSWORDS, TOKEN_SESSION, SecuredKafka
from tests.support.shop_history import history
from tests.support.token_endpoint import TokenEndpoint
from tests.support.worker_process import WorkerProcess, afterclick, eventually

pytestmark = pytest.mark.broker

COORDINATOR_AWAY = ("Marking the coordinator dead", "GroupCoordinatorNotAvailableError")
RECORDS = history(500, seed=3, shoppers=20)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    require_java()
    broker = SecuredKafka(tmp_path_factory.mktemp("secured"))
    yield broker
    broker.stop()


@pytest.fixture
def shop(kafka: SecuredKafka, tmp_path: Path) -> Iterator["Shop"]:
    """Topics made by one who may do just that; nobody may do anything else yet."""
    shop = Shop(kafka, tmp_path)
    shop.allow("topics", "User:topics")
    made = TopicAdmin(client(kafka.as_user("topics")).librdkafka("topics")).create(plans_of(shop.topology))
    assert [finding.mistakes + finding.warnings for finding in made] == [()] * len(made)
    yield shop
    shop.run.end()
    kafka.allow_nothing()
    remove_topics(kafka.admin)


class Shop:
    """run: sends and looks as super user."""

    def __init__(self, kafka: SecuredKafka, folder: Path) -> None:
        self.kafka = kafka
        self.run = LiveRun(folder, kafka.brokers)
        self.topology = load(self.run.topology, {})
        self.grants = grants_of(self.topology)

    def allow(self, role: str, principal: str, but: "Grant | None" = None) -> None:
        """What the role needs, all but one."""
        needed = [grant for grant in self.grants if grant.principal == role and grant is not but]
        self.kafka.allow(needed, principal)

    def grant(self, role: str, resource: Resource, name: str = "") -> Grant:
        (found,) = [
            grant
            for grant in self.grants
            if (grant.principal, grant.resource) == (role, resource) and name in (grant.name, "")
        ]
        return found


def client(settings: dict[str, str]) -> Client:
    resolved = resolve({f"AFTERCLICK_{name}": value for name, value in settings.items()})
    return Client(resolved.brokers, resolved.kafka)


def command_lines() -> str:
    """Of all processes that can be seen."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_text(errors="replace"))
        except OSError:
            continue
    return "\n".join(lines)


def assert_tells_no_secret(*workers: WorkerProcess) -> None:
    for worker in workers:
        assert worker.text(), "a log that is empty proves nothing"
        assert MARK not in worker.text()
        assert "Traceback" not in worker.text()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_both_client_libraries_log_in(kafka: SecuredKafka, mechanism: str) -> None:
    one = client(kafka.as_user("consumer", mechanism))
    assert AdminClient(one.librdkafka("test")).list_topics(timeout=10).brokers

    async def connect() -> None:
        auth = credentials_to_aiokafka_auth(faust_credentials(one))
        connection = AIOKafkaClient(bootstrap_servers=one.brokers, **auth)
        await connection.bootstrap()
        await connection.close()

    asyncio.run(connect())


def test_agents_that_may_do_no_more_than_is_documented_decide_as_replay_does(kafka: SecuredKafka, shop: Shop) -> None:
    # given an agent a principal, each with what the table lists for it
    for role in ("intake", "shopper"):
        shop.allow(role, f"User:{role}")
    intake = shop.run.worker("i", "intake", **kafka.as_user("intake"))
    shopper = shop.run.worker("s", "shopper", **kafka.as_user("shopper", "SCRAM-SHA-256"))
    shop.run.send(RECORDS)
    expected = shop.run.replayed(RECORDS)
    shop.run.assert_decides_as(expected)
    # then a consumer sees them, with what the table lists for it
    shop.allow("consumer", "User:consumer")
    told = [grant.name for grant in shop.grants if (grant.principal, grant.resource) == ("consumer", Resource.TOPIC)]
    assert len(consumed(client(kafka.as_user("consumer")), told, len(expected))) == len(expected)
    # and no secret shows, nor do the agents complain of anything that they may not do
    assert MARK not in command_lines()
    for worker in (intake, shopper):
        assert worker.stop() == 0
        assert complaints(worker) == []
    assert_tells_no_secret(intake, shopper)


def complaints(worker: WorkerProcess) -> list[str]:
    """Warnings and worse, but those of a new or busy broker that is not yet the group's coordinator, or slow to answer
    as one: no matter of who may do what."""
    lines = [line for line in worker.text().splitlines() if " WARNING " in line or " ERROR " in line]
    return [line for line in lines if not any(said in line for said in COORDINATOR_AWAY)]


def consumed(client: Client, topics: list[str], number: int) -> list[dict[str, Any]]:
    consumer = Consumer(
        {**client.librdkafka("sink"), "group.id": CONSUMER_GROUP, "auto.offset.reset": "earliest"},
    )
    consumer.subscribe(topics)
    seen: list[dict[str, Any]] = []
    try:
        eventually(
            "the consumer sees all",
            lambda: len(seen.extend(map(decoded, consumer.consume(number, 0.5))) or seen) >= number,
            30,
        )
    finally:
        consumer.close()
    return seen


def decoded(message: Any) -> dict[str, Any]:
    assert message.error() is None, message.error()
    found: dict[str, Any] = json.loads(message.value())
    return found


def test_agents_known_by_a_token_and_by_a_certificate(kafka: SecuredKafka, shop: Shop) -> None:
    shop.allow("intake", "User:intake")
    shop.allow("shopper", "User:CN=shopper")
    mine = kafka.authority.sign("shopper", encrypted=True)
    with TokenEndpoint({"intake": PASSWORDS["intake"]}, kafka.authority.sign("login")) as endpoint:
        intake = shop.run.worker("i", "intake", **tokens(kafka, endpoint, PASSWORDS["intake"]))
        shopper = shop.run.worker(
            *("s", "shopper"),
            BROKERS=kafka.mutual,
            KAFKA_SECURITY_PROTOCOL="SSL",
            KAFKA_SSL_CA_LOCATION=str(kafka.authority.certificate),
            KAFKA_SSL_CERTIFICATE_LOCATION=str(mine.certificate),
            KAFKA_SSL_KEY_LOCATION=str(mine.key),
            KAFKA_SSL_KEY_PASSWORD=PASSWORD,
        )
        shop.run.send(RECORDS[:250])
        eventually("both agents work", lambda: bool(decisions(kafka.brokers)), 30)
        # and intake goes on when its session is over
        time.sleep(TOKEN_SESSION + 1)
        shop.run.send(RECORDS[250:])
        shop.run.assert_decides_as(shop.run.replayed(RECORDS))
        assert MARK not in command_lines()
        assert (intake.stop(), shopper.stop()) == (0, 0)
    assert_tells_no_secret(intake, shopper)


@pytest.mark.parametrize(("case", "said"), [("secret", "invalid_client"), ("authority", "certificate")])
def test_who_gets_no_token_is_told_why_and_not_what_the_endpoint_answers(
    kafka: SecuredKafka, tmp_path: Path, case: str, said: str
) -> None:
    run = LiveRun(tmp_path, kafka.brokers)
    with TokenEndpoint({"intake": PASSWORDS["intake"]}, kafka.authority.sign("login")) as endpoint:
        settings = tokens(kafka, endpoint, f"wrong-{MARK}" if case == "secret" else PASSWORDS["intake"])
        if case == "authority":
            settings["KAFKA_HTTPS_CA_LOCATION"] = str(Authority(tmp_path, "another").certificate)
        refused = afterclick("topics", "--topology", run.topology, **settings)
    assert refused.returncode == 1
    (sentence,) = refused.stderr.splitlines()
    assert "No token comes from AFTERCLICK_KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL; check it," in sentence
    assert "AFTERCLICK_KAFKA_HTTPS_CA_LOCATION: " in sentence
    assert said in sentence
    assert MARK not in sentence


def tokens(kafka: SecuredKafka, endpoint: TokenEndpoint, secret: str) -> dict[str, str]:
    return {
        "BROKERS": kafka.login,
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SSL_CA_LOCATION": str(kafka.authority.certificate),
        "KAFKA_SASL_MECHANISM": "OAUTHBEARER",
        "KAFKA_HTTPS_CA_LOCATION": str(kafka.authority.certificate),
        "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL": endpoint.url,
        "KAFKA_SASL_OAUTHBEARER_CLIENT_ID": "intake",
        "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET": secret,
    }


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("password", "refuse our login; check AFTERCLICK_KAFKA_SASL_*"),
        ("authority", "check AFTERCLICK_KAFKA_SSL_CA_LOCATION"),
        ("no certificate", "check AFTERCLICK_KAFKA_SSL_CA_LOCATION and our certificate"),
    ],
)
def test_whom_the_brokers_do_not_let_in_is_told_why(kafka: SecuredKafka, tmp_path: Path, case: str, said: str) -> None:
    settings = kafka.as_user("intake")
    if case == "password":
        settings["KAFKA_SASL_PASSWORD"] = f"wrong-{MARK}"
    elif case == "authority":
        settings["KAFKA_SSL_CA_LOCATION"] = str(Authority(tmp_path, "another").certificate)
    else:
        settings = {name: settings[name] for name in settings if "SASL" not in name}
        settings |= {"BROKERS": kafka.mutual, "KAFKA_SECURITY_PROTOCOL": "SSL"}
    run = LiveRun(tmp_path, kafka.brokers)
    refused = afterclick("worker", "--agent", "intake", "--http", "off", "--topology", run.topology, **settings)
    assert refused.returncode == 1
    assert said in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr
    assert MARK not in refused.stdout + refused.stderr


def test_what_is_not_allowed_ends_a_worker_in_a_sentence(kafka: SecuredKafka, shop: Shop) -> None:
    # given three that lack one permission each: only brokers at work tell of those of groups and transactions
    shop.allow("intake", "User:intake", but=shop.grant("intake", Resource.GROUP))
    shop.allow("intake", "User:consumer", but=shop.grant("intake", Resource.TRANSACTIONAL_ID))
    shop.allow("shopper", "User:shopper", but=shop.grant("shopper", Resource.TOPIC, "loyalty-tiers"))
    kafka.allow([Grant("shopper", Resource.TOPIC, "loyalty-tiers", ("DESCRIBE",), "")], "User:shopper")
    expected = {
        shop.run.worker("g", "intake", **kafka.as_user("intake")): "may not read with group shop.intake or its topics",
        shop.run.worker("t", "intake", **kafka.as_user("consumer")): "this user lacks a permission",
        shop.run.worker(
            "s", "shopper", **kafka.as_user("shopper")
        ): "Not started: this user may not WRITE topic loyalty-",
    }
    eventually("they give up", lambda: all(worker.process.poll() is not None for worker in expected), 40)
    for worker, said in expected.items():
        assert worker.process.returncode == 1
        assert said in worker.text()
        assert "see docs/security.md" in worker.text()
    assert_tells_no_secret(*expected)


def test_who_may_not_even_see_the_topics_is_told_so(kafka: SecuredKafka, tmp_path: Path) -> None:
    run = LiveRun(tmp_path, kafka.brokers)
    refused = afterclick("topics", "--check", "--topology", run.topology, **kafka.as_user("nobody", "PLAIN"))
    assert refused.returncode == 1
    assert "This user may not see topic clickstream, or it is missing: see docs/security.md" in refused.stderr
