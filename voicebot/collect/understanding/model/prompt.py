"""The words for the model: instructions that never vary first, so that a vendor can keep them;
then the situation, and the caller's words as data between marks that they cannot contain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from inspect import getdoc
from typing import Final

import orjson
from openai.types.chat import ChatCompletionMessageParam

from voicebot.business import Offer
from voicebot.collect.understanding.lexicon import lexicon
from voicebot.collect.understanding.model.claims import KINDS, names
from voicebot.collect.understanding.types import Asked, Situation

_MARKS: Final = str.maketrans("<>", "  ")
_LONGEST_CHARS: Final = 1000
"""No answer to a question is longer; it bounds what a caller can make us pay."""


def messages(text: str, situation: Situation) -> list[ChatCompletionMessageParam]:
    """Return the request's messages; two, of the roles that every server knows."""
    system = instructions(situation.services, situation.region, situation.language)
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": _asked(text, _situation(situation))},
    ]


@lru_cache(maxsize=8)
def instructions(services: tuple[Offer, ...], region: str, language: str) -> str:
    """Return what is the same for every utterance of a business."""
    text = files(__package__).joinpath("instructions.md").read_text("utf-8")
    return text.format(
        acts="\n".join(f"- {name}: {_meaning(kind)}" for name, kind in KINDS.items()),
        topics="\n".join(_rows("ask")),
        wishes="\n".join(_rows("want")),
        services="\n".join(f"- {offer.name}: {_about(offer)}" for offer in services),
        region=region,
        language=language,
        examples="\n\n".join(_shown()),
    )


def turns() -> tuple[Mapping[str, object], ...]:
    """Return the turns of `turns.json`, each with its situation and the right acts."""
    rows: list[dict[str, object]] = orjson.loads(
        files(__package__).joinpath("turns.json").read_bytes()
    )
    return tuple(rows)


def _asked(text: str, situation: Mapping[str, object]) -> str:
    words = text[:_LONGEST_CHARS].translate(_MARKS)
    return f"{orjson.dumps(situation).decode()}\n<caller>\n{words}\n</caller>"


def _situation(where: Situation) -> dict[str, object]:
    """Return what the model is told of the moment; of the record only what was read back."""
    told = {
        "field": where.step.value,
        "asked": where.asked.value,
        "read_back": where.record.get(where.step) if where.asked is Asked.CONFIRM else None,
        "held": sorted(step.value for step in where.record),
        "said_before": where.partial,
        "offered": where.offered,
        "heard_instead": [guess.translate(_MARKS) for guess in where.nbest[1:]],
        "now": where.now.strftime("%A %Y-%m-%dT%H:%M"),
    }
    return {name: each for name, each in told.items() if each}


def _shown() -> Iterable[str]:
    """Yield the turns that the prompt shows: words, and what matters of the answer."""
    for turn in turns():
        if turn.get("shown"):
            where = {name: each for name, each in turn.items() if name in _TOLD}
            yield f"{_asked(str(turn['said']), where)}\n{orjson.dumps(turn['acts']).decode()}"


_TOLD = ("field", "asked", "read_back", "offered", "now")


def _meaning(kind: type) -> str:
    """Return what an act means, as its type says."""
    return " ".join((getdoc(kind) or "").partition("\n\n")[0].split())


def _rows(table: str) -> Iterable[str]:
    """Yield the names of a table of acts, each with an example."""
    for name in names(table):
        tag = f"{table}.{name}"
        example = next(row.example for row in lexicon("en").rows if row.tag == tag)
        yield f"- {name}: {example.partition(' / ')[0]}"


def _about(offer: Offer) -> str:
    return "; ".join(filter(None, (offer.description, ", ".join(offer.synonyms))))
