"""`afterclick doctor`: what it finds of a machine and of brokers, and what it says to do."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.data_directory import DataDirectory
from pipeline.doctor import cluster, machine
from pipeline.doctor.finding import Verdict
from pipeline.kafka.admin import Finding as TopicFinding
from pipeline.kafka.topic_plan import Role, TopicPlan

GIB = 1 << 30
TOPOLOGY = "version: 1\nname: shop\nsegments: {fans: {when: {orders: {at_least: 1}}}}\n"
NOBODY = "127.0.0.1:1"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # who waits for brokers that are not there waits no longer than this
    monkeypatch.setattr(cluster, "PATIENCE", 0.0)
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    return tmp_path


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", "--brokers", NOBODY, *arguments], env={"AFTERCLICK_TOPOLOGY": None})


def verdicts(*arguments: str) -> dict[str, str]:
    data = json.loads(doctor("--json", *arguments).output)
    return {each["of"]: each["verdict"] for each in data["findings"]}


def test_brokers_that_do_not_answer_fail_and_the_rest_is_looked_at(shop: Path) -> None:
    told = doctor()
    assert told.exit_code == 1
    assert f"fail    brokers         No broker answers at {NOBODY}; start Kafka" in told.output
    assert "Traceback" not in told.output
    assert verdicts() == {
        "versions": "ok", "topology": "ok", "data directory": "ok", "disk": "ok",
        "brokers": "fail", "topics": "skipped", "clock": "skipped", "schema registry": "skipped",
    }  # fmt: skip
    assert list(shop.iterdir()) == [shop / "topology.yaml"], "nothing is made"


def test_every_mistake_of_the_topology_is_a_line(shop: Path) -> None:
    (shop / "topology.yaml").write_text("version: 1\nname: shop\nsegmnts: {}\nkafka: {partitions: 0}\n")
    told = json.loads(doctor("--json").output)
    assert not told["ready"]
    wrong = [each["told"] for each in told["findings"] if each["verdict"] == "fail"]
    assert len(wrong) == 2
    assert "segments" in wrong[0]


def test_settings_that_are_wrong_are_told(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCLICK_STANDBYS", "many")
    told = doctor()
    assert told.exit_code == 1
    assert "fail    settings        AFTERCLICK_STANDBYS is 'many'" in told.output


def test_a_directory_in_use_names_the_process_and_stays_locked(shop: Path) -> None:
    owner = DataDirectory(shop / "data" / "shopper")
    told = doctor()
    process = (shop / "data" / "shopper" / "owner").read_text().strip()
    assert f"warn    data directory  data is in use: shopper by process {process}." in told.output
    owner.release()
    assert verdicts()["data directory"] == "ok"
    # and looking took no lock that would keep a worker out
    DataDirectory(shop / "data" / "shopper").release()


def test_a_directory_that_cannot_be_written_fails(shop: Path) -> None:
    (shop / "file").write_text("")
    told = doctor("--data-dir", str(shop / "file" / "data"))
    assert "file can't be written." in told.output
    assert "AFTERCLICK_DATA_DIR" in told.output


@pytest.mark.parametrize(
    ("free", "verdict"), [(GIB - 1, Verdict.FAIL), (9 * GIB, Verdict.WARN), (10 * GIB, Verdict.OK)]
)
def test_disk(free: int, verdict: Verdict) -> None:
    assert machine.disk(Path("data"), free, 100 * GIB).verdict is verdict


@pytest.mark.parametrize(
    ("latest", "verdict"),
    [(None, Verdict.SKIPPED), (1_000, Verdict.OK), (102_000, Verdict.OK), (102_001, Verdict.FAIL)],
)
def test_the_brokers_clock_is_ahead_when_a_record_is_of_the_future(latest: int | None, verdict: Verdict) -> None:
    assert cluster.clock(latest, 100_000).verdict is verdict


def test_fewer_brokers_than_replicas() -> None:
    assert cluster.cluster(3, 3, "kafka:9092").verdict is Verdict.OK
    found = cluster.cluster(1, 3, "kafka:9092")
    assert (found.verdict, found.told) == (
        Verdict.FAIL,
        "1 broker at kafka:9092, and they let us in; kafka.replication asks for 3.",
    )


def test_topics() -> None:
    plan = TopicPlan("clickstream", "clicks", Role.SOURCE, 4, 1, {})
    right, wrong = (
        TopicFinding(plan, 4),
        TopicFinding(plan, 0, mistakes=("topic clicks is missing: run `afterclick topics`",), warnings=("odd",)),
    )
    assert [(each.verdict, each.told) for each in cluster.topics([right, wrong])] == [
        (Verdict.FAIL, "Topic clicks is missing: run `afterclick topics`."),
        (Verdict.WARN, "Odd."),
    ]
    (only,) = cluster.topics([right, right])
    assert (only.verdict, only.told) == (
        Verdict.OK,
        "all 2 are there, as they should be, and we may use them.",
    )


def test_a_registry_that_does_not_answer_is_named_without_its_password(shop: Path) -> None:
    (shop / "topology.yaml").write_text(TOPOLOGY + "kafka: {format: avro}\n")
    told = doctor("--schema-registry", "http://kim:hidden@127.0.0.1:1")
    assert "fail    schema registry The schema registry at http://127.0.0.1:1 can't be used" in told.output
    assert "hidden" not in told.output
    assert verdicts("--schema-registry", "mock://")["schema registry"] == "ok"
    assert verdicts()["schema registry"] == "skipped"
