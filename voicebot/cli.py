"""The `voicebot` command: a table of subcommands, each a function in the module of its subject.

Only the module of the invoked subcommand is imported, so that the help comes at once and
`voicebot call` does not load the server's libraries.
"""

import os
import sys
from importlib import import_module
from typing import Annotated

import typer

from voicebot import __version__
from voicebot.errors import VoicebotError

HELP = """
A phone bot that books appointments: it asks for name, phone, address, e-mail, service and
time, checks each answer, and saves it in Redis before its next word.

\b
Try it on this machine, with no key and no internet:
  voicebot serve --local        start everything here; prints where it listens
  voicebot call                 in a second terminal: a simulated caller rings up
  voicebot show CALLSID         what was saved, as JSON
  voicebot chat                 the same conversation, typed

\b
Run it for real:
  voicebot doctor               what is missing, and how to fix it
  voicebot serve --workers 2    a stream process per core
  voicebot watch                every call, live

Settings come from the environment (VOICEBOT_...) and a .env file; the business from the
business.toml that VOICEBOT_BUSINESS names; `voicebot business --example demo` prints one.
`voicebot COMMAND --help` tells more.
"""


COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("runtime.serve:serve", "Answer calls: everything, supervised."),
    "call": ("simulators.phone.command:call", "Place a simulated phone call."),
    "chat": ("commands.chat:chat", "The same conversation, typed or piped."),
    "show": ("commands.show:show", "Print a call's stored record as JSON."),
    "watch": ("commands.show:watch", "Follow calls live in the terminal."),
    "journal": ("commands.journal:journal", "List writes waiting on disk."),
    "backup": ("commands.backup:backup", "Write records and journals into one file."),
    "restore": ("commands.backup:restore", "Put a back-up into a new data directory."),
    "webhooks": ("commands.webhooks:webhooks", "List failed deliveries."),
    "forget": ("commands.forget:forget", "Erase a call, or all calls of a number."),
    "business": (
        "commands.business:business",
        "Check the business file; print examples, the schema.",
    ),
    "doctor": ("runtime.doctor:doctor", "Check settings, Redis, models, ports."),
    "extract": (
        "commands.extract:extract",
        "Understand utterances: JSON Lines in and out.",
    ),
    "hear": ("commands.hear:hear", "What the bot hears in a recording."),
    "openai-sim": (
        "simulators.openai.command:openai_sim",
        "Stand in for OpenAI, for tests and demos without a key.",
    ),
    "bench": ("bench:bench", "Measure latency under simulated calls."),
}
"""Name -> module and function in `voicebot`, and the summary in the help."""

_USAGE_ERROR = 2  # the parser's exit code for wrong usage
_PROMISED = {"call": 1}
"""The exit code that a command documents for every error."""

_INTERRUPTED = 130  # a shell's exit code for Ctrl-C


def app() -> None:
    """Run the command line. A VoicebotError is printed as one line, with exit code 1."""
    asked = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        program(asked)()
    except VoicebotError as error:
        print(f"voicebot: {error}", file=sys.stderr)
        sys.exit(1)
    except SystemExit as over:
        promised = _PROMISED.get(asked or "") if over.code == _USAGE_ERROR else None
        sys.exit(promised or over.code)
    except KeyboardInterrupt:  # before the command handles it itself
        sys.exit(_INTERRUPTED)
    except (BrokenPipeError, BaseExceptionGroup) as error:  # a group: from within a task
        if isinstance(error, BaseExceptionGroup) and error.split(BrokenPipeError)[1] is not None:
            raise
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # it is flushed again at exit
        sys.exit(1)  # the reader has closed the pipe: `voicebot call | head`


def program(asked: str | None) -> typer.Typer:
    """Return the parser with all subcommands; only the invoked one is imported."""
    cli = typer.Typer(
        help=HELP,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    cli.callback(invoke_without_command=True)(_bare)
    for name, (place, summary) in COMMANDS.items():
        module, _, function = place.partition(":")
        command = getattr(import_module(f"voicebot.{module}"), function) if name == asked else _none
        cli.command(name, short_help=summary)(command)
    return cli


def _bare(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if show_version:
        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _none() -> None:
    """Stand in for a subcommand that this run does not invoke."""
