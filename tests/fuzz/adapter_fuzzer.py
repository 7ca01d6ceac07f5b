"""atheris on one wire format. Runs in the environment of requirements.lock, with the project's own packages behind it:
`python adapter_fuzzer.py ADAPTER CORPUS [options of libFuzzer]`."""

import sys

import atheris

with atheris.instrument_imports(include=["pipeline.collector", "pipeline.domain.intake"]):
    from tests.fuzz.adapter_target import give

adapter = sys.argv.pop(1)
atheris.Setup(sys.argv, lambda data: give(adapter, data))
atheris.Fuzz()
