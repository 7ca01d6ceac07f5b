"""The Helm chart: rendered as people will install it, valid for Kubernetes, and in step with what the program does."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline import __version__
from pipeline.config.collector import resolve_collector
from pipeline.config.settings import is_secret, resolve
from pipeline.config.topology import load
from pipeline.observability.endpoint import Routes
from pipeline.observability.health import agent_routes
from pipeline.observability.metrics import Metrics
from pipeline.observability.stuck import Beat
from pipeline.supervisor import STOP_BUDGET
from pipeline.topics import AGENT_TOPICS
from tests.deploy.checking_tools import CHART, REPOSITORY, python_tool

TOPOLOGY = REPOSITORY / "topology.yaml"
LEAST = (
    f"--set-file=topology={TOPOLOGY}",
    "--set=kafka.brokers=kafka-1:9093\\,kafka-2:9094",
    "--set=collector.writeKeys.secret=afterclick-keys",
)
# Helm as Go builds it believes in a Kubernetes of long ago.
KUBERNETES = "--kube-version=1.34"
# All that can be switched on.
FULL = (
    *LEAST,
    "--set=keda.enabled=true,keda.maxReplicas=50,keda.authentication=kafka-login",
    "--set=serviceMonitor.enabled=true,alerts.enabled=true,dashboards.enabled=true",
    "--set=alerts.runbooks=https://wiki.example/runbooks",
    "--set=kafka.properties.security\\.protocol=SASL_SSL",
    "--set=kafka.secrets[0].property=sasl.password,kafka.secrets[0].secret=kafka-login,kafka.secrets[0].key=password",
    "--set=kafka.certificates=kafka-ca,schemaRegistry.secret=registry",
    "--set=collector.origins[0]=https://shop.example",
    "--set=worker.storage.className=fast,worker.nodeSelector.disk=ssd,worker.podAnnotations.team=crm",
    "--set=worker.extraEnv[0].name=MALLOC_ARENA_MAX,worker.extraEnv[0].value=two",
    "--set=image.pullSecrets[0].name=registry-login",
    "--set=networkPolicy.egress[0].ports[0].port=8081",
)
# Custom resources: their schemas are their operators'.
FOREIGN = ("ScaledObject", "ServiceMonitor", "PrometheusRule")


@cache
def _text(options: tuple[str, ...]) -> str:
    return python_tool("helm", "template", "shop", CHART, "--namespace=shop", KUBERNETES, *options)


def rendered(options: tuple[str, ...] = LEAST) -> list[dict[str, Any]]:
    return [one for one in YAML(typ="safe").load_all(_text(options)) if one]


def one(kind: str, name: str, options: tuple[str, ...] = LEAST) -> dict[str, Any]:
    (found,) = [each for each in rendered(options) if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def pods(options: tuple[str, ...] = FULL) -> Iterator[tuple[str, Any]]:
    for each in rendered(options):
        if each["kind"] in ("StatefulSet", "Job", "Deployment"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def container(name: str, options: tuple[str, ...] = LEAST) -> dict[str, Any]:
    (found,) = dict(pods(options))[name]["containers"]
    return found


def plain(found: dict[str, Any]) -> dict[str, str]:
    """Environment variables with their values in sight."""
    return {each["name"]: each["value"] for each in found["env"] if "value" in each}


@pytest.mark.parametrize("options", [LEAST, FULL], ids=["least", "full"])
def test_helm_finds_nothing_to_complain_about(options: tuple[str, ...]) -> None:
    assert "0 chart(s) failed" in python_tool("helm", "lint", "--strict", CHART, *options)


@pytest.mark.parametrize("options", [LEAST, FULL], ids=["least", "full"])
@pytest.mark.parametrize("kubernetes", ["1.27", "1.37"])
def test_kubernetes_knows_every_field(kubernetes: str, options: tuple[str, ...], tmp_path: Path) -> None:
    for number, each in enumerate(rendered(options)):
        if each["kind"] not in FOREIGN:
            (tmp_path / f"{number}.json").write_text(json.dumps(each))
    python_tool("kubernetes-validate", "--strict", "--kubernetes-version", kubernetes, *tmp_path.iterdir())


def test_names_are_told_once() -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in rendered(FULL)]
    assert len(set(names)) == len(names)
    assert {kind for kind, _ in names} >= {*FOREIGN, "StatefulSet", "PodDisruptionBudget", "NetworkPolicy", "Job"}


def test_the_chart_is_of_this_version() -> None:
    chart = YAML(typ="safe").load(CHART / "Chart.yaml")
    assert chart["appVersion"] == __version__
    assert container("shop-afterclick-worker")["image"] == f"afterclick:{__version__}"


def test_a_worker_is_a_static_member_with_a_volume_of_its_own() -> None:
    workers = one("StatefulSet", "shop-afterclick-worker")["spec"]
    (claim,) = workers["volumeClaimTemplates"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container("shop-afterclick-worker")["volumeMounts"]}
    assert mounts[claim["metadata"]["name"]] == "/var/lib/afterclick/data"
    names = {each["name"]: each.get("valueFrom") for each in container("shop-afterclick-worker")["env"]}
    assert names["AFTERCLICK_KAFKA_GROUP_INSTANCE_ID"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert workers["podManagementPolicy"] == "Parallel"
    assert workers["template"]["spec"]["terminationGracePeriodSeconds"] > STOP_BUDGET
    dynamic = container("shop-afterclick-worker", (*LEAST, "--set=worker.staticMembership=false"))["env"]
    assert not [each for each in dynamic if "GROUP_INSTANCE_ID" in each["name"]]


def test_settings_are_those_that_the_program_knows() -> None:
    settings = resolve(plain(container("shop-afterclick-worker", FULL)))
    assert settings.brokers == "kafka-1:9093,kafka-2:9094"
    assert (settings.standbys, settings.log) == (1, "json")
    assert dict(settings.kafka) == {"security.protocol": "SASL_SSL", "session.timeout.ms": "45000"}
    found = container("shop-afterclick-collector", FULL)
    collector = resolve_collector({**plain(found), "AFTERCLICK_COLLECTOR_WRITE_KEYS": "wk"})
    assert collector.listen == ("0.0.0.0", 8090)
    assert "https://shop.example" in collector.origins
    for name in ("shop-afterclick-worker", "shop-afterclick-collector", "shop-afterclick-topics"):
        mounted = {mount["mountPath"] for mount in container(name)["volumeMounts"]}
        assert "/etc/afterclick/topology.yaml" in mounted


def test_secrets_are_never_in_sight() -> None:
    for name, _ in pods():
        for each in container(name, FULL)["env"]:
            if is_secret(each["name"].lower().replace("_", ".")) or "WRITE_KEYS" in each["name"]:
                assert set(each) == {"name", "valueFrom"}, each["name"]
    password = next(e for e in container("shop-afterclick-worker", FULL)["env"] if "PASSWORD" in e["name"])
    assert password["valueFrom"] == {"secretKeyRef": {"name": "kafka-login", "key": "password"}}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((*LEAST, "--set=kafka.brokers="), "Say where the brokers are"),
        (LEAST[1:], "Say what to decide"),
        (LEAST[:2], "Say which Secret holds the write keys"),
        ((*LEAST, "--set=kafka.properties.sasl\\.password=hunter2"), "sasl.password is a secret"),
        ((*LEAST, "--set=kafka.properties.ssl\\.key\\.pem=x"), "ssl.key.pem is a secret"),
        ((*LEAST, "--set=worker.replica=3"), "replica"),
        ((*LEAST, "--set=keda.minReplicas=0"), "minReplicas"),
        ((*LEAST, "--set=kafka.brokers=kafka"), "brokers"),
        ((*LEAST[1:], "--set=topology=[1"), "topology is no YAML"),
        ((*LEAST[1:], "--set=topology=version: 1"), "topology has no name"),
    ],
)
def test_mistakes_are_refused_with_what_to_do(options: tuple[str, ...], sentence: str) -> None:
    assert sentence in python_tool("helm", "template", "shop", CHART, KUBERNETES, *options, refuses=True)


def routes() -> Routes:
    return agent_routes(Metrics("shopper"), Beat(), list)


def test_probes_ask_what_is_served_and_liveness_never_waits_for_a_restore() -> None:
    found = container("shop-afterclick-worker")
    ports = {port["name"]: port["containerPort"] for port in found["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = found[probe]["httpGet"]
        assert asked["path"] in routes()
        assert ports[asked["port"]] == 8080
    assert found["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert found["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_pods_run_without_root_and_write_only_to_volumes() -> None:
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["automountServiceAccountToken"] is False
        own = container(name, FULL)
        assert own["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "/tmp" in {mount["mountPath"] for mount in own["volumeMounts"]}
        assert own["resources"]["requests"]
        assert own["resources"]["limits"]["memory"]


def test_a_changed_topology_makes_new_pods(tmp_path: Path) -> None:
    changed = tmp_path / "topology.yaml"
    changed.write_text(TOPOLOGY.read_text() + "\n# changed\n")
    sums = [
        one("StatefulSet", "shop-afterclick-worker", options)["spec"]["template"]["metadata"]["annotations"]
        for options in (LEAST, (*LEAST, f"--set-file=topology={changed}"))
    ]
    assert sums[0]["checksum/topology"] != sums[1]["checksum/topology"]
    assert one("ConfigMap", "shop-afterclick-topology")["data"]["topology.yaml"] == TOPOLOGY.read_text()


def test_selectors_choose_the_pods_of_their_component() -> None:
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in rendered(FULL)
        if each["kind"] in ("StatefulSet", "Job")
    }
    for each in rendered(FULL):
        spec = each.get("spec", {})
        chosen = {
            "Service": lambda spec: spec["selector"],
            "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
            "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
            "StatefulSet": lambda spec: spec["selector"]["matchLabels"],
        }.get(each["kind"])
        if chosen is not None:
            pod = labels[each["metadata"]["name"].removesuffix("-metrics")]
            assert chosen(spec).items() <= pod.items(), each["metadata"]["name"]


def test_scaling_looks_at_the_groups_and_topics_that_workers_use(tmp_path: Path) -> None:
    renamed = tmp_path / "topology.yaml"
    renamed.write_text(TOPOLOGY.read_text() + "\ntopics: {clickstream: web.clickstream.v1}\n")
    options = (*FULL, f"--set-file=topology={renamed}")
    topology = load(renamed, {})
    spec = one("ScaledObject", "shop-afterclick-worker", options)["spec"]
    looked = {(trigger["metadata"]["consumerGroup"], trigger["metadata"]["topic"]) for trigger in spec["triggers"]}
    assert looked == {
        (f"{topology.name}.{agent}", topology.topic(topics.source)) for agent, topics in AGENT_TOPICS.items()
    }
    assert spec["maxReplicaCount"] == topology.kafka.partitions
    assert spec["minReplicaCount"] >= 1
    assert "replicas" not in one("StatefulSet", "shop-afterclick-worker", options)["spec"]


def test_pods_may_talk_to_brokers_and_names_only() -> None:
    for name in ("worker", "collector", "topics"):
        policy = one("NetworkPolicy", f"shop-afterclick-{name}")["spec"]
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
        assert ports == {53, 9093, 9094}
    assert one("NetworkPolicy", "shop-afterclick-topics")["spec"]["ingress"] == []
    assert 8081 in {
        port["port"]
        for rule in one("NetworkPolicy", "shop-afterclick-worker", FULL)["spec"]["egress"]
        for port in rule["ports"]
    }


def test_alerts_and_dashboards_are_those_of_the_compose_file() -> None:
    rules = one("PrometheusRule", "shop-afterclick", FULL)["spec"]
    text = (REPOSITORY / "docker/prometheus/alerts.yaml").read_text(encoding="utf-8")
    there = "https://wiki.example/runbooks#"
    assert rules == YAML(typ="safe").load(text.replace("docs/runbooks.md#", there))
    shown = {
        name: json.loads(text)
        for each in rendered(FULL)
        if each["metadata"].get("labels", {}).get("grafana_dashboard") == "1"
        for name, text in each["data"].items()
    }
    files = (REPOSITORY / "docker/grafana/dashboards").glob("*.json")
    assert shown == {file.name: json.loads(file.read_text(encoding="utf-8")) for file in files}


def test_every_value_is_described_by_the_schema_and_every_knob_has_a_default() -> None:
    def paths(schema: Any, at: str = "") -> set[str]:
        if "properties" not in schema:
            return {at}
        return {path for name, own in schema["properties"].items() for path in paths(own, f"{at}.{name}")}

    def given(value: Any, known: set[str], at: str = "") -> set[str]:
        if at in known or not isinstance(value, dict):
            return {at}
        return {path for name, own in value.items() for path in given(own, known, f"{at}.{name}")}

    known = paths(json.loads((CHART / "values.schema.json").read_text())) - {".global"}
    assert given(YAML(typ="safe").load(CHART / "values.yaml"), known) == known


def test_values_that_templates_use_are_there() -> None:
    values = YAML(typ="safe").load(CHART / "values.yaml")
    for template in (CHART / "templates").iterdir():
        for path in re.findall(r"\.Values\.([A-Za-z.]+)", template.read_text(encoding="utf-8")):
            at: Any = values
            for name in path.rstrip(".").split("."):
                assert name in at, path
                at = at[name]
