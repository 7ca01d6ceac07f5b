"""The commands of `afterclick`, one module each.

Convention: `pipeline/commands/<name>.py` defines one function `command`, a typer command: its parameters (Annotated
with typer.Argument or typer.Option) are the command's, its docstring is its help, with examples. It may raise
`pipeline.commands.failure.Failure` (one clear sentence, exit code), and let `TopologyError` and `SettingsError`
through: the command line turns them into sentences. Shared options are the aliases in `pipeline.commands.options`.

A module is imported only when its command is called, so `afterclick --help` reads nothing but this table.
"""

COMMANDS: dict[str, str] = {
    "init": "Write a topology and a compose file to begin with.",
    "check": "Validate topology.yaml and print what was understood.",
    "library": "List the standard segments, or write one out.",
    "doctor": "Look at all that a worker needs here, and say what to do.",
    "topics": "Create the topics that the topology names, and verify their settings.",
    "collector": "Take what the SDKs of browsers and servers send, over HTTP.",
    "worker": "Run the agents until SIGTERM.",
    "replay": "Decide over files of events, without a broker.",
    "import": "Take in the history of a shop that had other tools before.",
    "rfm": "Fit the thresholds of RFM scores to a history.",
    "diff": "Say who would enter and leave if another topology were deployed.",
    "backfill": "Give new definitions the history that no rule kept before.",
    "experiments": "Say which variant sells more, and whether that can be believed.",
    "contracts": "Describe the topics to those who consume them: AsyncAPI, or a page.",
    "tail": "Print what topics say, as sentences or as JSON.",
    "explain": "Say why a shopper is a member of a segment or on a tier, or is not.",
    "ledger": "Print a shopper's points entry by entry, and audit them.",
    "loyalty": "Report what programmes owe, or open one for members of before.",
    "export": "Write out all that is known of a shopper.",
    "erase": "Have all that is known of a shopper erased, and prove it.",
    "stats": "Count what shoppers take: records, disk, changelog.",
    "sizing": "Reckon partitions, workers, memory and disk for a shop's traffic.",
    "simulate": "Make believable shop traffic, to a file or to Kafka.",
    "demo": "Run everything on this machine and watch it decide.",
}
