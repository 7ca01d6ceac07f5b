"""A defence taken away in a copy of the repository, and the tests that must notice."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.apache_kafka import RUNNING

REPOSITORY = Path(__file__).parents[2]

_COPIED = ("agents", "pipeline", "schemas", "tests", "pyproject.toml")


class Mutant(NamedTuple):
    """name: the defence that is missing then, as docs/failure-scenarios.md lists it. file: of the repository. old: text
    that is in it exactly once; new: what is there instead. tests: pytest arguments, as few as can be; one of them must
    fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


class Copy:
    """A copy of the repository in `folder`, whose lines may be changed. brokers: address of a running Kafka for tests
    marked broker."""

    def __init__(self, folder: Path, brokers: str = "") -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for name in _COPIED:
            source = REPOSITORY / name
            if source.is_dir():
                # With its byte code, which is valid as long as times are kept.
                shutil.copytree(source, folder / name)
            else:
                shutil.copy2(source, folder / name)
        (folder / ".venv").symlink_to(REPOSITORY / ".venv")
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            # A mutant must leave no byte code behind.
            "PYTHONDONTWRITEBYTECODE": "1",
            **({RUNNING: brokers} if brokers else {}),
        }

    def origin(self) -> Path:
        """Where the code comes from that tests in the copy run."""
        run = self._python("-c", "import pipeline.app; print(pipeline.app.__file__)")
        return Path(run.stdout.strip())

    def test(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self._python(
            "-m", "pytest", "--no-header", "--tb=line", "-p", "no:hypothesispytest", "--timeout=60", *arguments
        )

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        sound = (self.folder / mutant.file).read_text()
        self.change(mutant)
        try:
            yield
        finally:
            (self.folder / mutant.file).write_text(sound)

    def change(self, mutant: Mutant) -> None:
        """For good."""
        path = self.folder / mutant.file
        sound = path.read_text()
        assert sound.count(mutant.old) == 1, f"{mutant.file} has not exactly one of: {mutant.old}"
        path.write_text(sound.replace(mutant.old, mutant.new))

    def survivor(self, mutant: Mutant) -> str:
        """What pytest said of a mutant that no test noticed; empty for one that is killed: by a test that failed, not
        by one that could not even begin."""
        with self.mutated(mutant):
            run = self.test("-x", *mutant.tests)
        last = run.stdout.strip().splitlines()[-1:] or [""]
        killed = run.returncode == 1 and re.search(r"\b1 failed\b", last[0]) and not re.search(r"\berrors?\b", last[0])
        return "" if killed else run.stdout[-2_000:] + run.stderr[-1_000:]

    def _python(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def named_tests(mutants: Sequence[Mutant]) -> list[str]:
    return sorted({test for mutant in mutants for test in mutant.tests})
