"""Is it alive, is it ready, what does it count: what one agent answers to `/healthz`, `/readyz`, `/metrics`.

One process serves itself (`afterclick worker --agent shopper`). With both agents the supervisor serves the configured
address: each agent's process listens on a unix socket in the supervisor's temporary folder, and the supervisor puts
their answers together (gather.py). So there is one port, and it answers whatever happens to the agents.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from pipeline.observability.endpoint import JSON, PROMETHEUS, Answer, Routes
from pipeline.observability.metrics import Metrics
from pipeline.observability.stuck import LOOP_PATIENCE, Beat

_encode = msgspec.json.Encoder(order="sorted").encode


def agent_routes(metrics: Metrics, beat: Beat, not_ready: Callable[[], list[str]]) -> Routes:
    """not_ready: what keeps the agent from taking batches, as sentences; empty when it is ready."""

    def ask() -> None:
        metrics.set("ready", not not_ready())
        metrics.set("resident_memory_bytes", resident_bytes())
        metrics.set("loop_age_seconds", beat.age)

    metrics.probe(ask)
    return {
        "/healthz": lambda: health(metrics.agent, beat),
        "/readyz": lambda: readiness({metrics.agent: not_ready()}),
        "/metrics": lambda: Answer(200, PROMETHEUS, metrics.text()),
    }


def health(agent: str, beat: Beat) -> Answer:
    """Alive: the event loop turns. Whether work gets done is the watchdog's question, which ends the process itself."""
    age = beat.age
    alive = age < LOOP_PATIENCE
    body = {"alive": alive, "agents": {agent: {"alive": alive, "loop_age_seconds": round(age, 1)}}}
    return Answer(200 if alive else 503, JSON, _encode(body) + b"\n")


def readiness(waiting: dict[str, list[str]]) -> Answer:
    """waiting: agent -> what it waits for."""
    ready = not any(waiting.values())
    agents = {agent: {"ready": not reasons, "waiting_for": reasons} for agent, reasons in waiting.items()}
    return Answer(200 if ready else 503, JSON, _encode({"ready": ready, "agents": agents}) + b"\n")


def resident_bytes() -> int:
    """Resident memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    import resource

    return pages * resource.getpagesize()
