"""The image and the compose file, as far as they can be checked without an engine."""

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from pipeline.commands import COMMANDS
from pipeline.config.collector import resolve_collector
from pipeline.config.settings import resolve
from pipeline.supervisor import STOP_BUDGET

REPOSITORY = Path(__file__).parents[3]
DOCKER = REPOSITORY / "docker"
COMPOSE: dict[str, Any] = YAML(typ="safe").load(DOCKER / "compose.yaml")
OURS = [name for name, service in COMPOSE["services"].items() if service["image"] == "afterclick"]
WORKERS = [name for name in OURS if COMPOSE["services"][name]["command"] == ["worker"]]


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, continued lines joined."""
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def of(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def ignored() -> list[str]:
    """What the build context keeps: the exceptions of the ignore file."""
    lines = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "*", "everything is left out but what is named"
    return [line[1:] for line in lines if line.startswith("!")]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    sources = [source for rest in of("COPY") if "--from" not in rest for source in rest.split()[:-1]]
    assert {"pipeline", "agents", "schemas", "topology.yaml"} <= set(sources)
    for source in sources:
        assert (REPOSITORY / source).exists(), source
        assert source in ignored(), source
    assert set(ignored()) == set(sources), "nothing is sent to the engine that is not used"


def test_the_image_is_small_pinned_and_runs_without_root() -> None:
    stages = of("FROM")
    assert [stage.split(" AS ")[0] for stage in stages] == ["python:3.11-bookworm", "python:3.11-slim-bookworm"]
    names = [name for name, _ in instructions()]
    assert of("USER") == ["10001"]
    assert names.index("USER") > len(names) - names[::-1].index("FROM") - 1, "in the last stage"
    assert "ADD" not in names
    assert any("--require-hashes" in run for run in of("RUN"))
    assert any("strip --strip-unneeded" in run and "! -path '*.libs/*'" in run for run in of("RUN"))
    assert not any("apt-get" in run for run in of("RUN"))


def test_it_starts_a_worker_and_asks_for_its_health() -> None:
    assert of("ENTRYPOINT") == ['["afterclick"]']
    assert of("CMD") == ['["worker"]']
    assert "/healthz" in of("HEALTHCHECK")[0]
    assert "http://127.0.0.1:8080" in of("HEALTHCHECK")[0]
    assert of("EXPOSE") == ["8080"]


def image_environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(of("ENV")[-1]))


def test_its_settings_are_known_and_right() -> None:
    settings = resolve(image_environment())
    assert settings.http == ("0.0.0.0", 8080)
    assert settings.log == "json"
    assert str(settings.data_directory) in of("VOLUME")
    assert any(rest.endswith(f"topology.yaml {settings.topology}") for rest in of("COPY"))


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_image_has_the_tested_versions_and_no_test_tools() -> None:
    tested, installed = pins(REPOSITORY / "requirements.lock"), pins(DOCKER / "requirements.lock")
    assert installed.items() <= tested.items(), "make docker/requirements.lock anew, see docs/operations.md"
    assert "pytest" in tested
    assert "pytest" not in installed


def test_the_image_has_every_dependency() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    named = re.search(r"^dependencies = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert named is not None
    wanted = {
        re.split(r"[\[=<>]", name)[0].replace(".", "-")
        for name in re.findall(r'^    "([^"]+)"', named[1], re.MULTILINE)
    }
    assert wanted <= pins(DOCKER / "requirements.lock").keys()


@pytest.mark.parametrize("name", OURS)
def test_services_call_commands_that_there_are(name: str) -> None:
    command, *arguments = COMPOSE["services"][name]["command"]
    assert command in COMMANDS
    app = typer.Typer()
    app.command()(importlib.import_module(f"pipeline.commands.{command}").command)
    known = {option for parameter in typer.main.get_command(app).params for option in parameter.opts}
    assert {argument for argument in arguments if argument.startswith("--")} <= known


@pytest.mark.parametrize("name", OURS)
def test_services_are_given_settings_that_hold(name: str) -> None:
    environment = {**image_environment(), **COMPOSE["services"][name]["environment"]}
    settings = resolve(environment)
    host, port = settings.brokers.split(":")
    listeners = COMPOSE["services"][host]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert f"PLAINTEXT://{host}:{port}" in listeners.split(",")


@pytest.mark.parametrize("name", OURS)
def test_services_build_this_repository(name: str) -> None:
    service = COMPOSE["services"][name]
    context = (DOCKER / service["build"]["context"]).resolve()
    assert context == REPOSITORY
    assert (context / service["build"]["dockerfile"]).is_file()
    settings = resolve(image_environment())
    for volume in service["volumes"]:
        source, target, *how = volume.split(":")
        if source in COMPOSE["volumes"]:
            assert (target, how) == (str(settings.data_directory), [])
        else:
            assert (DOCKER / source).is_file()
            assert (target, how) == (str(settings.topology), ["ro"])


@pytest.mark.parametrize("name", OURS)
def test_services_write_nowhere_but_where_they_should(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_two_workers_share_the_work_each_with_an_id_and_a_volume_of_its_own() -> None:
    assert len(WORKERS) == 2
    services = [COMPOSE["services"][name] for name in WORKERS]
    assert [one["environment"]["AFTERCLICK_KAFKA_GROUP_INSTANCE_ID"] for one in services] == WORKERS
    assert [one["volumes"][-1].split(":")[0] for one in services] == WORKERS
    for one in services:
        assert float(one["stop_grace_period"].removesuffix("s")) > STOP_BUDGET
        assert "healthcheck" not in one, "the image has it"


def test_the_collector_is_asked_where_it_answers() -> None:
    service = COMPOSE["services"]["collector"]
    host, port = resolve_collector({**image_environment(), **service["environment"]}).listen
    assert host == "0.0.0.0"
    assert f"127.0.0.1:{port}/health'" in service["healthcheck"]["test"][-1]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_prometheus_scrapes_what_runs_where_it_says_metrics() -> None:
    scraped = YAML(typ="safe").load(DOCKER / "prometheus/prometheus.yaml")["scrape_configs"]
    targets = [target for job in scraped for config in job["static_configs"] for target in config["targets"]]
    settings = resolve(image_environment())
    assert settings.http is not None
    assert sorted(targets) == sorted(f"{name}:{settings.http[1]}" for name in (*WORKERS, "collector"))
    mounts = dict(volume.split(":")[:2] for volume in COMPOSE["services"]["prometheus"]["volumes"])
    assert mounts["./prometheus"] == "/etc/prometheus"
    assert "--config.file=/etc/prometheus/prometheus.yaml" in COMPOSE["services"]["prometheus"]["command"]


def test_services_wait_for_what_they_need() -> None:
    services = COMPOSE["services"]
    assert services["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert services["kafka"]["healthcheck"]["test"][0] == "CMD"
    for name in ("collector", "simulator", *WORKERS):
        assert services[name]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    for name, service in services.items():
        for needed in service.get("depends_on", {}):
            assert needed in services, name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (DOCKER / source).exists(), volume


def test_the_broker_takes_transactions_with_one_replica() -> None:
    kafka = COMPOSE["services"]["kafka"]
    assert kafka["image"] == "apache/kafka:4.1.1"
    for setting in ("OFFSETS_TOPIC", "TRANSACTION_STATE_LOG"):
        assert kafka["environment"][f"KAFKA_{setting}_REPLICATION_FACTOR"] == "1"
    assert kafka["environment"]["KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"] == "1"
    protocols = dict(
        pair.split(":") for pair in kafka["environment"]["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )
    listeners = {each.split("://")[0] for each in kafka["environment"]["KAFKA_LISTENERS"].split(",")}
    assert listeners == protocols.keys()


def test_the_topology_asks_for_no_more_replicas_than_there_are_brokers() -> None:
    topology = YAML(typ="safe").load(REPOSITORY / "topology.yaml")
    assert topology["kafka"]["replication"] == 1


def test_ports_are_reached_from_this_machine_only() -> None:
    for service in COMPOSE["services"].values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")
    taken = [port.rsplit(":", 1)[0] for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert len(set(taken)) == len(taken)
