"""The command line as a whole: what it says of wrong input, its exit codes, how much its help needs, completion."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import pipeline.commands.check
from pipeline.cli import app
from pipeline.commands import COMMANDS, diff
from pipeline.commands.failure import Failure
from pipeline.config.problem import TopologyError
from pipeline.worker import FAILED, STOPPED, STUCK

REPOSITORY = Path(__file__).parents[3]
BROKEN = "version: 1\nname: shop\nsegmnts: {}\n"

# What each command needs to come to its topology; None: it reads none.
ARGUMENTS: dict[str, Sequence[str] | None] = {
    "init": None,
    "check": (),
    "library": None,
    "doctor": None,  # tells of it on standard output, as of all else: tests/unit/doctor
    "topics": (),
    "collector": (),
    "worker": (),
    "replay": ("events.ndjson", "--output", "out"),
    "import": ("archive", "--format", "segment"),
    "rfm": None,
    "diff": None,
    "backfill": (),
    "experiments": (),
    "console": (),
    "contracts": (),
    "tail": (),
    "explain": ("kim", "fans"),
    "ledger": ("kim",),
    "loyalty": ("report",),
    "export": ("kim",),
    "erase": ("kim",),
    "stats": None,  # reads a worker's directory first
    "sizing": None,
    "simulate": None,
    "demo": (),
}


def afterclick(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "AFTERCLICK_COLLECTOR_WRITE_KEYS": "key"})


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where we are: with a topology that is wrong, and what commands name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.yaml").write_text(BROKEN)
    (tmp_path / "events.ndjson").write_text("{}\n")
    (tmp_path / "archive").mkdir()
    return tmp_path


def test_every_command_is_here() -> None:
    assert ARGUMENTS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_that_there_is_not_is_wrong_arguments(broken: Path, name: str) -> None:
    told = afterclick(name, "--no-such-option")
    assert told.exit_code == 2
    assert "Traceback" not in told.output
    assert "no-such-option" in told.output or "Missing" in told.output


@pytest.mark.parametrize(("name", "arguments"), [one for one in ARGUMENTS.items() if one[1] is not None])
def test_a_topology_that_is_wrong_is_told_with_its_line(broken: Path, name: str, arguments: Sequence[str]) -> None:
    told = afterclick(name, *arguments, "--topology", "topology.yaml")
    assert told.exit_code == 2, told.output
    assert "topology.yaml:3: segmnts: unknown key, did you mean segments?" in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize(("name", "arguments"), [one for one in ARGUMENTS.items() if one[1] is not None])
def test_a_topology_that_is_no_text_is_told(broken: Path, name: str, arguments: Sequence[str]) -> None:
    (broken / "topology.yaml").write_bytes(bytes(range(128, 256)))
    told = afterclick(name, *arguments, "--topology", "topology.yaml")
    assert told.exit_code in (1, 2), told.output
    assert "topology.yaml" in told.output
    assert "Traceback" not in told.output
    assert "unexpected" not in told.output


def fail(error: Exception, monkeypatch: pytest.MonkeyPatch, *flags: str) -> Result:
    def command() -> None:
        raise error

    monkeypatch.setattr(pipeline.commands.check, "command", command)
    return afterclick(*flags, "check")


def test_what_nobody_expected_is_a_sentence_too_unless_debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    told = fail(KeyError("x"), monkeypatch)
    assert (told.exit_code, told.output) == (1, "unexpected KeyError: 'x' (`afterclick --debug ..` shows where)\n")
    assert isinstance(fail(KeyError("x"), monkeypatch, "--debug").exception, KeyError)


def test_an_error_of_the_system_that_says_nothing_is_told_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    told = fail(TimeoutError(), monkeypatch)
    assert (told.exit_code, told.output) == (1, "TimeoutError\n")


def test_the_documented_exit_codes_are_those_of_the_code() -> None:
    text = (REPOSITORY / "docs" / "operations.md").read_text().split("## Exit codes")[1].split("## ")[0]
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.M)}
    assert told == {STOPPED, FAILED, Failure("").exit_code, TopologyError.exit_code, diff._DIFFERS, STUCK}


def test_the_help_lists_all_commands_and_imports_nothing_for_it() -> None:
    code = "import sys; from pipeline.cli import app; app(standalone_mode=False); print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    shown, modules = run.stdout.rstrip().rsplit("\n", 1)
    assert all(f"  {name}  " in shown for name in COMMANDS)
    heavy = {"rich", "markdown_it", "pydantic", "confluent_kafka", "faust", "msgspec", "ruamel"}
    assert heavy & {module.split(".")[0] for module in modules.split()} == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_are_completed(shell: str) -> None:
    environment = {
        **os.environ,
        "_AFTERCLICK_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "afterclick con",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "afterclick con",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    code = "from pipeline.cli import main; main()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=REPOSITORY)
    assert "contracts" in run.stdout
    assert "tail" not in run.stdout
