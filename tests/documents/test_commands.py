"""Every `afterclick` command of the documents: its words are understood, and it runs, here if it needs no broker."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands import COMMANDS
from tests.documents.document import DOCUMENTS, REPOSITORY, Command, every_command
from tests.documents.shop import furnish

ELSEWHERE = {
    r"topics( --check)?": "tests/broker/test_topics.py",
    r"worker( --agent shopper)?": "tests/embedded/test_worker_process.py",
    r"worker --query .*": "tests/embedded/test_query_api.py",
    r"init": "tests/unit/starter/test_init_command.py",
    r"doctor": "tests/broker/test_doctor_live.py",
    r"collector .*|collector": "tests/embedded/test_collector_crowd.py",
    r"backfill.*": "tests/embedded/test_backfill.py",
    r"import (?!--dry-run).*": "tests/embedded/test_import.py",
    r"erase .*": "tests/broker/test_erasure_live.py",
    r"diff .*--live.*": "tests/broker/test_diff_live.py",
    r"explain [a-z]+ [a-z]+ (--data-dir|--brokers) \S+": "tests/embedded/test_explain.py",
    r"ledger kim --brokers.*": "tests/broker/test_points_live.py",
    r"loyalty report --brokers.*": "tests/broker/test_points_live.py",
    r"export kim --data-dir.*": "tests/broker/test_erasure_live.py",
    r"experiments reminder.*": "tests/broker/test_experiments_live.py",
    r"stats.*": "tests/embedded/test_stats.py",
    r"console.*": "tests/clients/test_console.py",
}
"""Commands that need a broker, an answer, or what a worker has left, and the tests that run them."""


def text(command: Command) -> str:
    return " ".join(command.arguments)


def called(command: Command) -> str:
    return f"{command.place} {text(command)}"


def form(command: Command) -> bool:
    """Not to be typed as it stands: OLD, SHOPPER, N are for the reader to fill in."""
    return any(re.fullmatch("[A-Z]+", word) for word in command.arguments)


def followed(command: Command) -> bool:
    """Of the tutorial, whose commands build on each other: tests/embedded/test_tutorial.py."""
    return command.place.startswith("docs/tutorial.md")


SHOWN = [each for each in every_command() if not each.name.startswith("-")]
HERE = [
    each
    for each in SHOWN
    if not form(each) and not followed(each) and not any(re.fullmatch(one, text(each)) for one in ELSEWHERE)
]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that commands name, with `out`, the replay of the shop's events."""
    folder = tmp_path_factory.mktemp("shop")
    furnish(folder)
    replay = ["replay", str(folder / "events.ndjson"), "--topology", str(folder / "topology.yaml")]
    done = CliRunner().invoke(app, [*replay, "--output", str(folder / "out"), "--quiet"])
    assert done.exit_code == 0, done.output
    return folder


@pytest.mark.parametrize("command", SHOWN, ids=called)
def test_its_words_are_understood(command: Command) -> None:
    assert command.name in COMMANDS
    root: Any = typer.main.get_command(app)
    # What the reader has to fill in stands for a number as well.
    words = ["1" if word == "N" else word for word in command.arguments[1:]]
    root.commands[command.name].make_context(command.name, words)


@pytest.mark.parametrize("command", HERE, ids=called)
def test_it_runs(command: Command, furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(furnished, folder)
    if command.arguments[:2] == ("replay", "events.ndjson"):
        shutil.rmtree(folder / "out")
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, list(command.arguments), env=command.settings)
    assert done.exit_code == 0, done.output
    assert done.output or any(folder.iterdir())


@pytest.mark.parametrize(("pattern", "test"), ELSEWHERE.items())
def test_what_needs_a_broker_is_run_by_the_test_that_is_named(pattern: str, test: str) -> None:
    assert any(re.fullmatch(pattern, text(command)) for command in SHOWN), "no document shows it"
    name = re.split(r"\W", pattern)[0]
    assert name in (REPOSITORY / test).read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_options_named_in_running_text_exist(document: Path) -> None:
    root: Any = typer.main.get_command(app)
    for name, rest in re.findall(r"`afterclick ([a-z]+)([^`&|]*)", document.read_text()):
        known = {
            option for each in root.commands[name].loaded().params for option in (*each.opts, *each.secondary_opts)
        }
        assert set(re.findall(r"(?<=\s)--?[a-z][\w-]*", rest)) <= known | {"--help"}, (name, rest)
