"""`voicebot extract`: understand utterances, JSON Lines in and out."""

import sys
from typing import Annotated

import typer

from voicebot.collect.extract import extract as results
from voicebot.speech import load_meaning


def extract(
    meaning: Annotated[
        bool,
        typer.Option("--meaning/--no-meaning", help="Ask the meaning engine, if there is one."),
    ] = True,
    language: Annotated[
        str, typer.Option(metavar="LANG", help='Of cases without a "lang": en, zh-CN or es.')
    ] = "en",
) -> None:
    """Read cases from standard input, write what was understood to standard output.

    \b
    voicebot extract < cases.jsonl
    voicebot extract --language es < casos.jsonl
    a case is one line:
      {"id": "1", "step": "name", "utterance": "Ann Lee", "reference_time": "2026-11-23T10:00"}

    Where the rules find no service, the meaning engine is asked, if it is installed. Its first
    answer takes some seconds, in which it reads the trades that it tells apart.
    """
    engine = load_meaning() if meaning else None
    for line in results(sys.stdin.buffer, engine.compare if engine else None, language):
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
