"""The words for the model: instructions that never vary first, so that the vendor can keep them;
then the situation; last the caller's words, as data between marks that they cannot contain.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Final

import orjson
from openai.types.responses import EasyInputMessageParam

from voicebot.business import Offer
from voicebot.call import Step
from voicebot.collect.understanding import Asked
from voicebot.collect.understanding.tokens import LONGEST_UTTERANCE_CHARS

_MARKS: Final = str.maketrans("<>", "  ")


@lru_cache(maxsize=8)
def instructions(services: tuple[Offer, ...], region: str, language: str) -> str:
    """What is the same for every utterance of a business."""
    text = files(__package__).joinpath("instructions.md").read_text("utf-8")
    listed = "\n".join(f"- {offer.name}: {_about(offer)}" for offer in services)
    return text.format(services=listed, region=region, language=language)


def messages(utterance: str, asked: Asked) -> list[EasyInputMessageParam]:
    """What differs: the situation, from us, and the words, from a stranger."""
    words = utterance[:LONGEST_UTTERANCE_CHARS].translate(_MARKS)
    return [
        {"role": "developer", "content": orjson.dumps(_situation(asked)).decode()},
        {"role": "user", "content": f"<caller>\n{words}\n</caller>"},
    ]


def _situation(asked: Asked) -> dict[str, object]:
    held = asked.record.get(asked.step) if asked.confirming else None
    return {
        "asked_for": asked.step.value,
        "waiting_for_yes_to": held if asked.step is not Step.DONE else None,
        "said_before": asked.partial,
        "now": asked.now.strftime("%A %Y-%m-%dT%H:%M"),
    }


def _about(offer: Offer) -> str:
    return "; ".join(filter(None, (offer.description, ", ".join(offer.synonyms))))
