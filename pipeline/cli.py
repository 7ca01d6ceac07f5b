"""The command line: names and one-line helps of all commands, and how errors are told."""

import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from pipeline import __version__
from pipeline.commands import COMMANDS
from pipeline.commands.failure import Failure


class DeferredCommand(TyperCommand):
    """A command known by name and help alone; its module is imported when it is called."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self.loaded().make_context(info_name, args, parent=parent, **extra)

    def loaded(self) -> TyperCommand:
        """The command with all its parameters. Raises Failure if it is not part of this version."""
        module = f"pipeline.commands.{self.name}"
        try:
            function = importlib.import_module(module).command
        except ModuleNotFoundError as missing:
            if missing.name != module:
                raise
            raise Failure(f"`afterclick {self.name}` is not part of this version.") from missing
        single = typer.Typer(add_completion=False, rich_markup_mode="rich")
        single.command(self.name)(function)
        command = typer.main.get_command(single)
        assert isinstance(command, TyperCommand)  # noqa: S101 - a Typer of one command is that command
        return command


class CommandLine(TyperGroup):
    """All commands, listed without importing them; errors become sentences on stderr."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, sentence in COMMANDS.items():
            self.add_command(DeferredCommand(name, help=sentence, short_help=sentence, callback=lambda: None))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            # What typer itself raises of wrong arguments, it also tells itself.
            if ctx.params.get("debug") or hasattr(error, "format_message"):
                raise
            raise typer.Exit(_tell(error)) from None


def _tell(error: Exception) -> int:
    """Print the error to stderr; the exit code that it means."""
    if isinstance(error, BrokenPipeError):
        # Whoever reads the output has seen enough (`| head`); nothing more can be written, at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    code = getattr(error, "exit_code", None)
    if code is None and not isinstance(error, OSError):
        typer.echo(f"unexpected {type(error).__name__}: {error} (`afterclick --debug ..` shows where)", err=True)
        return 1
    for sentence in getattr(error, "problems", None) or (error,):
        # Some errors of the system say nothing but their kind.
        typer.echo(str(sentence) or type(sentence).__name__, err=True)
    return code or 1


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"afterclick {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=CommandLine,
    no_args_is_help=True,
    # Rich takes longer to import than all else that this help needs; each command's own help has it.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Clicks in, decisions out: segments, abandonment and loyalty, as topology.yaml declares them.",
    epilog="Examples: `afterclick check` · `afterclick replay events.ndjson --output out` · `afterclick tail --help`",
)


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    pass


def main() -> None:
    app(prog_name="afterclick")
