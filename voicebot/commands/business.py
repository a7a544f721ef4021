"""`voicebot business`: check a business file, print an example or the JSON schema."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from voicebot.business import (
    EXAMPLES,
    example_name,
    example_text,
    load_business,
    reference,
    schema,
)
from voicebot.collect.wording import load_wording
from voicebot.settings import load_settings

_Example = StrEnum("_Example", {name: name for name in EXAMPLES})  # type: ignore[misc]


def business(
    file: Annotated[
        Path | None, typer.Argument(help="A business.toml, or the name of an example.")
    ] = None,
    example: Annotated[
        _Example | None, typer.Option("--example", help="Print this example, to copy it.")
    ] = None,
    show_schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema, for editors.")
    ] = False,
    show_reference: Annotated[
        bool, typer.Option("--reference", help="Print a table of every key, as Markdown.")
    ] = False,
) -> None:
    """Check a business file; print an example to begin with, or the JSON schema.

    \b
    voicebot business                 check the one that VOICEBOT_BUSINESS names
    voicebot business business.toml   check this file; errors name the line
    voicebot business --example dental >business.toml
    voicebot business --schema >business.schema.json

    Examples: demo (home services, English), dental (a clinic that is visited), zh-home (Chinese).
    `voicebot doctor --business business.toml` reads it aloud. Exit 1 when the file is wrong.
    """
    if show_schema:
        typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
    elif show_reference:
        typer.echo(reference(), nl=False)
    elif example is not None:
        typer.echo(example_text(example.value), nl=False)
    else:
        path = file or load_settings().business
        checked = load_business(path)
        load_wording(checked)
        typer.echo(f"{example_name(path) or path} is right: {checked.company.name}")
        if in_vain := checked.capacity_in_vain():
            typer.echo(f"note: {in_vain}")
