import os
import subprocess
import sys
import time
from pathlib import Path

from pipeline.demo.child import Child


def test_a_child_that_fails_says_why_in_one_sentence(tmp_path: Path) -> None:
    child = Child("worker", ["check", "--topology", str(tmp_path / "none.yaml")], tmp_path / "log", os.environ)

    child.end(patience=20)

    assert child.code == 2
    assert child.failure.startswith("The worker ended with code 2: ")
    assert "none.yaml" in child.failure


def test_a_child_that_ends_well_has_no_failure(tmp_path: Path) -> None:
    child = Child("worker", ["--version"], tmp_path / "log", os.environ)

    child.end(patience=20)

    assert (child.code, child.failure) == (0, "")


def test_a_child_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Even if that one is killed, and can't end anything any more."""
    script = (
        "import os, sys, time, pathlib; from pipeline.demo.child import Child;"
        "folder = pathlib.Path(sys.argv[1]);"
        "child = Child('x', ['replay', sys.argv[1] + '/pipe', '--output', sys.argv[1]], folder / 'log', os.environ);"
        "print(child._process.pid, flush=True); time.sleep(60)"
    )
    os.mkfifo(tmp_path / "pipe")  # nobody writes to it: who reads it waits for ever
    reading, writing = os.pipe()
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=writing)
    os.close(writing)
    with os.fdopen(reading) as output:
        pid = int(output.readline())

    time.sleep(1)
    assert _lives(pid)
    parent.kill()
    parent.wait()

    deadline = time.monotonic() + 20
    while _lives(pid):
        assert time.monotonic() < deadline, "it outlived its parent"
        time.sleep(0.1)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
