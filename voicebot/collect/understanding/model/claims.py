"""A model's answer: the act types, as a strict JSON schema can say them.

The models are made of the act types, so that an act has one definition. Of an act's parts the
caller's own words take the place of the span and of every text; what only the rules know (a piece,
a guess, another zone) is left out. The schema keeps to what every server takes: all properties
required, objects closed, null instead of an empty name, alternatives told apart by their first key,
no limits of length.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from functools import cache, reduce
from operator import or_
from typing import Any, Literal, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from voicebot.call import Window
from voicebot.collect.understanding.lexicon import lexicon
from voicebot.collect.understanding.types import Act

_OF_A_MODEL = frozenset(("step", "value", "position", "moment", "window", "topic", "what", "why"))
"""Parts of acts that a model gives."""
_WHY = ("refuses", "has none", "does not know", "unsure")
_CLOSED = ConfigDict(extra="forbid", frozen=True)


class Claim(BaseModel):
    """One act that a model claims; `words` are the caller's, copied."""

    model_config = _CLOSED

    act: str
    words: str

    def parts(self) -> dict[str, Any]:
        """Return the act's own parts, as its type takes them."""
        own = type(self).model_fields.keys() - {"act", "words"}
        return {name: getattr(self, name) for name in own}


class Answer(BaseModel):
    """All that an utterance does, in the order spoken."""

    model_config = _CLOSED

    acts: tuple[Claim, ...]


def name_of(kind: type) -> str:
    """Return the name of an act: "want_person"."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in kind.__name__)[1:]


KINDS: dict[str, type] = {name_of(kind): kind for kind in get_args(Act)}
"""The act types by name."""


@cache
def names(table: str) -> tuple[str, ...]:
    """Return the names of a table of acts: the topics of [ask], the wishes of [want]."""
    tags = (row.tag.partition(".") for row in lexicon("en").rows)
    return tuple(dict.fromkeys(name for kind, _, name in tags if kind == table))


@cache
def answer_type() -> type[Answer]:
    """Return `Answer` with one closed model for each act type."""
    claims: Iterable[Any] = [_claim(name, kind) for name, kind in KINDS.items()]
    any_claim: Any = reduce(or_, claims)
    acts: Any = (tuple[any_claim, ...], ...)
    return create_model("Answer", __base__=Answer, acts=acts)


@cache
def schema() -> dict[str, object]:
    """Return the schema, as chat completions' strict mode takes it."""
    return answer_type().model_json_schema()


def _claim(name: str, kind: type) -> type[Claim]:
    parts: dict[str, Any] = {"act": (Literal[name], ...)}
    parts |= {part: (each, ...) for part, each in _parts(kind) if part in _OF_A_MODEL}
    claim: type[Claim] = create_model(kind.__name__, __base__=Claim, **parts)
    return claim


def _parts(kind: type) -> Iterable[tuple[str, Any]]:
    """Yield an act's parts with their types; names of a table as an enumeration."""
    enumerated: dict[str, Any] = {
        "topic": Literal[names("ask")] | None,
        "what": Literal[names("want")],
        "why": Literal[_WHY],
    }
    for part, each in get_type_hints(kind).items():
        yield part, enumerated.get(part, _window() if each is Window else each)


@cache
def _window() -> type[BaseModel]:
    """A window as a model gives it: without what is left out of it."""
    hints = get_type_hints(Window)
    names = [part.name for part in fields(Window) if part.name not in ("ends", "but", "also")]
    parts: dict[str, Any] = {name: (hints[name], ...) for name in names}
    return create_model("Window", __config__=_CLOSED, **parts)
