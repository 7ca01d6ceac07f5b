"""`afterclick check`, and how the command line tells errors."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline import __version__
from pipeline.cli import app
from pipeline.commands import COMMANDS
from tests.conftest import REPOSITORY

HERE = Path(__file__).parent


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"AFTERCLICK_TOPOLOGY": None, **environment})


def test_check_says_what_the_demo_shop_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    result = run("check")
    assert result.exit_code == 0
    assert result.stdout == (HERE / "demo_shop.txt").read_text()


def test_check_says_every_kind_of_state_and_timer() -> None:
    result = run("check", "--topology", str(HERE / "every_kind.yaml"))
    assert result.exit_code == 0
    assert result.stdout.split("\n", 1)[1] == (HERE / "every_kind.txt").read_text()


def test_check_gives_the_same_as_data() -> None:
    result = run("check", "--json", AFTERCLICK_TOPOLOGY=str(REPOSITORY / "topology.yaml"))
    told = json.loads(result.stdout)
    assert told["name"] == "demo-shop"
    assert told["topics"]["shopper-changelog"] == "demo-shop.shopper-changelog"
    assert told["events"]["Product Viewed"] == [
        "segments.comparing", "segments.engaged", "segments.window-shoppers", "abandonment.browse",
    ]  # fmt: skip
    engaged = next(rule for rule in told["rules"] if rule["name"] == "engaged")
    assert engaged["keeps"] == ["latest 5 timestamps of Product Viewed"]
    assert engaged["timers"] == ["leaves 1h after the 5th latest Product Viewed"]


def test_a_broken_topology_exits_2_and_names_every_mistake() -> None:
    result = run("check", "--topology", str(HERE / "broken.yaml"))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "broken.yaml:11: segments.engaged.when.coutn: unknown condition, did you mean count?" in result.stderr
    assert len(result.stderr.splitlines()) == len((HERE / "broken.txt").read_text().splitlines())


def test_a_missing_topology_exits_2_with_one_sentence(tmp_path: Path) -> None:
    result = run("check", "--topology", str(tmp_path / "none.yaml"))
    assert result.exit_code == 2
    assert "there is no such file" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [("check", "--nope"), ("chekc",), ("check", "extra")])
def test_wrong_arguments_exit_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_debug_shows_where_it_went_wrong(tmp_path: Path) -> None:
    result = run("--debug", "check", "--topology", str(tmp_path / "none.yaml"))
    assert type(result.exception).__name__ == "TopologyError"


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"afterclick {__version__}\n"


def test_help_lists_all_commands_and_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom pipeline.cli import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'pydantic', 'faust', 'confluent_kafka', 'msgspec', 'ruamel.yaml'} & sys.modules.keys()))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[]"
    assert all(name in told for name in COMMANDS)
