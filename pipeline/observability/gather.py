"""The supervisor's answers: those of its agents' processes, put together."""

import http.client
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.observability.endpoint import JSON, PROMETHEUS, Answer, Routes, get

TIMEOUT = 5.0
"""Seconds that an agent's process has to answer."""

_encode = msgspec.json.Encoder(order="sorted").encode


def gathered_routes(sockets: Mapping[str, Path]) -> Routes:
    """sockets: agent -> unix socket that its process serves agent_routes on."""
    return {
        "/healthz": lambda: _agreement(sockets, "/healthz", "alive", {"alive": False}),
        "/readyz": lambda: _agreement(
            sockets, "/readyz", "ready", {"ready": False, "waiting_for": ["its process does not answer"]}
        ),
        "/metrics": lambda: Answer(200, PROMETHEUS, merged_metrics(_expositions(sockets))),
    }


def merged_metrics(expositions: list[str]) -> bytes:
    """One exposition of several: each family once, with the samples of all. They differ in the label `agent`."""
    families: dict[str, Metric] = {}
    for exposition in expositions:
        for family in text_string_to_metric_families(exposition):
            if family.name in families:
                families[family.name].samples.extend(family.samples)
            else:
                families[family.name] = family
    registry = CollectorRegistry()
    registry.register(_Collected(families.values()))
    return generate_latest(registry)


class _Collected:
    def __init__(self, families: Any) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _agreement(sockets: Mapping[str, Path], path: str, verdict: str, silent: dict[str, Any]) -> Answer:
    """200 if all agents say yes; the detail of each."""
    agents: dict[str, Any] = {}
    for agent, socket in sockets.items():
        try:
            agents |= msgspec.json.decode(get(socket, path, TIMEOUT).body)["agents"]
        except (OSError, http.client.HTTPException, msgspec.DecodeError, LookupError):
            agents[agent] = silent
    agreed = all(detail[verdict] for detail in agents.values())
    return Answer(200 if agreed else 503, JSON, _encode({verdict: agreed, "agents": agents}) + b"\n")


def _expositions(sockets: Mapping[str, Path]) -> list[str]:
    """Of those that answer: metrics of one agent are worth having while the other starts anew."""
    found = []
    for socket in sockets.values():
        try:
            answer = get(socket, "/metrics", TIMEOUT)
        except (OSError, http.client.HTTPException):
            continue
        if answer.status == 200:
            found.append(answer.body.decode())
    return found
