"""Options that several commands take, as types: `topology: TopologyFile = DEFAULT_TOPOLOGY`.

An option left out is None; `pipeline.config.settings.resolve` then takes the environment's value or the default.
"""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_TOPOLOGY = Path("topology.yaml")

TopologyFile = Annotated[
    Path, typer.Option("--topology", envvar="AFTERCLICK_TOPOLOGY", metavar="FILE", help="What to decide.")
]
Brokers = Annotated[
    str | None, typer.Option("--brokers", metavar="HOST:PORT,..", help="Kafka brokers. [env: AFTERCLICK_BROKERS]")
]
DataDirectory = Annotated[
    Path | None, typer.Option("--data-dir", metavar="DIR", help="Where state is kept. [env: AFTERCLICK_DATA_DIR]")
]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", metavar="FILE", help="How rows of CSV inputs become events.")
]
Inputs = Annotated[
    list[str], typer.Argument(metavar="INPUT...", help="Files of events (also .gz), or `-` for standard input.")
]
Http = Annotated[
    str | None,
    typer.Option("--http", metavar="HOST:PORT", help="Health and metrics, or `off`. [env: AFTERCLICK_HTTP]"),
]
SchemaRegistry = Annotated[
    str | None,
    typer.Option("--schema-registry", metavar="URL", help="For Avro. [env: AFTERCLICK_SCHEMA_REGISTRY]"),
]
LogFormat = Annotated[
    str | None, typer.Option("--log", metavar="FORMAT", help="`text` or `json`. [env: AFTERCLICK_LOG]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the same as data.")]
