"""The systemd units: systemd understands them, they are shut in, and their settings are known."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from pipeline.commands import COMMANDS
from pipeline.config.collector import resolve_collector
from pipeline.config.settings import resolve
from pipeline.supervisor import STOP_BUDGET
from tests.deploy.checking_tools import REPOSITORY, tool

UNITS = sorted((REPOSITORY / "docker/systemd").glob("*.service"))
NAMES = [unit.name for unit in UNITS]
# systemd's own scale of 0 to 10: up to 2 is "OK".
MOST_EXPOSED = 2.0


def values(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def environment(unit: Path) -> dict[str, str]:
    """As the first instance on a machine called `shop` has it."""
    pairs = [shlex.split(value)[0] for value in values(unit, "Environment")]
    told = [pair.replace("%i", "1").replace("%S", "/var/lib").replace("%H", "shop") for pair in pairs]
    return dict(pair.split("=", 1) for pair in told)


@pytest.fixture
def placed(tmp_path: Path) -> dict[str, Path]:
    """Copies that start a program which is there: systemd looks whether it is."""
    found = {}
    for unit in UNITS:
        name = unit.name.replace("@", "@1")
        text = unit.read_text(encoding="utf-8").replace("/opt/afterclick/bin/afterclick", sys.executable)
        (tmp_path / name).write_text(text)
        found[unit.name] = tmp_path / name
    return found


@pytest.mark.parametrize("name", NAMES)
def test_systemd_understands_every_line(name: str, placed: dict[str, Path]) -> None:
    said = tool("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", placed[name])
    assert said == ""


@pytest.mark.parametrize("name", NAMES)
def test_what_runs_is_shut_in(name: str, placed: dict[str, Path]) -> None:
    said = tool("systemd-analyze", "security", "--offline=true", "--no-pager", placed[name])
    told = re.search(r"Overall exposure level for .*: ([0-9.]+)", said)
    assert told is not None
    assert float(told[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_it_starts_a_command_and_waits_for_its_end(unit: Path) -> None:
    (start,) = values(unit, "ExecStart")
    program, command = start.split()
    assert program == "/opt/afterclick/bin/afterclick"
    assert command in COMMANDS
    assert float(values(unit, "TimeoutStopSec")[0]) > STOP_BUDGET
    assert values(unit, "RestartPreventExitStatus") == ["2"]


def test_settings_are_known_and_state_lies_where_the_unit_may_write() -> None:
    worker, collector = (environment(unit) for unit in sorted(UNITS, key=lambda unit: "@" not in unit.name))
    settings = resolve(worker)
    assert settings.http == ("127.0.0.1", 8081)
    assert dict(settings.kafka) == {"group.instance.id": "shop-1", "session.timeout.ms": "45000"}
    assert str(settings.data_directory) == "/var/lib/afterclick/worker-1"
    own = resolve_collector({**collector, "AFTERCLICK_COLLECTOR_WRITE_KEYS": "wk"})
    assert own.listen == ("127.0.0.1", 8090)
    # The collector keeps its own below the data directory.
    assert str(resolve(collector).data_directory / "collector") == "/var/lib/afterclick/collector"
    for unit in UNITS:
        directory = values(unit, "StateDirectory")[0].replace("%i", "1")
        assert directory in ("afterclick/worker-1", "afterclick/collector")
