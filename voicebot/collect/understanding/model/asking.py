"""Asking the model: only where the rules are unsure, and never for longer than a caller waits."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from typing import Final, Literal

from openai import AsyncOpenAI, omit
from openai.types.responses import Response, ResponseTextConfigParam

from voicebot.breaker import Breaker
from voicebot.collect.reading import Reading, Situation
from voicebot.collect.understand import Meanwhile, nothing
from voicebot.collect.understanding import Asked
from voicebot.collect.understanding.bridged import acts_of, asked_of, is_unread
from voicebot.collect.understanding.model.checking import checked
from voicebot.collect.understanding.model.meaning import Meaning, schema
from voicebot.collect.understanding.model.prompt import instructions, messages
from voicebot.log import get_logger
from voicebot.openai import Failure, Tokens, meter
from voicebot.openai.client import FAILURES, Unwanted, failure_of

Effort = Literal["none", "minimal", "low", "medium", "high"]

_MOST_TOKENS: Final = 400
_QUICK_S: Final = 0.3
"""Who fails so soon may be asked once more, within the same deadline."""
_FENCE = re.compile(r"^\s*```(?:json)?\s*|\s*```\s*$")

_FORM: Final[ResponseTextConfigParam] = {
    "format": {"type": "json_schema", "name": "meaning", "strict": True, "schema": schema()}
}

_log = get_logger("voicebot.collect.understanding.model")


class ModelUnderstanding:
    """Rules first, the model where they are unsure, the rules' best guess when it fails.

    is_openai  other servers refuse parameters that only OpenAI knows
    """

    def __init__(
        self,
        client: AsyncOpenAI,
        model: str,
        *,
        effort: Effort,
        deadline_s: float,
        breaker: Breaker,
        is_openai: bool,
    ) -> None:
        self._client = client
        self._model = model
        self._effort: Effort = effort
        self._deadline_s = deadline_s
        self._breaker = breaker
        self._is_openai = is_openai

    async def __call__(
        self, text: str, situation: Situation, done: Reading, meanwhile: Meanwhile = nothing, /
    ) -> Reading:
        """Return what the caller's words do; never raises for the model's sake."""
        if not is_unread(done) or not self._may_ask():
            return done
        await meanwhile()
        asked, asked_at = asked_of(situation), time.perf_counter()
        try:
            async with asyncio.timeout(self._deadline_s):
                meaning = await self.ask(text, asked)
        except FAILURES as error:
            self._note(failure_of(error))
            return done
        finally:
            meter().waited_s += time.perf_counter() - asked_at
        self._breaker.answered()
        understood = checked(meaning, text, asked)
        if understood is None:
            self._note(Failure.UNUSABLE)
            return done
        return acts_of(understood, asked, text)

    def _may_ask(self) -> bool:
        if meter().is_spent:
            self._breaker.failed(Failure.CAPPED)
            return False
        return self._breaker.allows()

    def _note(self, failure: Failure) -> None:
        self._breaker.failed(failure)
        _log.info("model_of_no_help", failure=failure, model=self._model)

    async def ask(self, utterance: str, asked: Asked) -> Meaning:
        """What the model says, unchecked; raises FAILURES."""
        began = time.monotonic()
        try:
            response = await self._request(utterance, asked)
        except FAILURES as error:
            quick = time.monotonic() - began < _QUICK_S
            if not quick or not failure_of(error).is_momentary:
                raise
            response = await self._request(utterance, asked)
        try:
            self._pay(response)
            return read(response)
        except (AttributeError, TypeError) as error:
            # The library passes on whatever a server says with a 200: a proxy's page, null, a list.
            raise Unwanted(Failure.MALFORMED) from error

    async def _request(self, utterance: str, asked: Asked) -> Response:
        given = instructions(asked.services, asked.region, asked.language)
        ours = self._is_openai
        return await self._client.responses.create(
            model=self._model,
            instructions=given,
            input=[*messages(utterance, asked)],
            text=_FORM,
            max_output_tokens=_MOST_TOKENS,
            reasoning={"effort": self._effort} if ours else omit,
            prompt_cache_key=_cache_key(given) if ours else omit,
            store=False if ours else omit,
            timeout=self._deadline_s,
        )

    def _pay(self, response: Response) -> None:
        used = response.usage
        if used is not None:
            cached = used.input_tokens_details.cached_tokens if used.input_tokens_details else 0
            tokens = Tokens(used.input_tokens, cached or 0, used.output_tokens)
            meter().thought(self._model, tokens)


def read(response: Response) -> Meaning:
    """The answer as a value; raises ValueError, Unwanted when the model refused."""
    parts = [part for item in response.output if item.type == "message" for part in item.content]
    if any(part.type == "refusal" for part in parts):
        raise Unwanted(Failure.REFUSAL)
    text = "".join(part.text for part in parts if part.type == "output_text")
    return Meaning.model_validate_json(_FENCE.sub("", text))


def _cache_key(given: str) -> str:
    return f"voicebot-{hashlib.sha256(given.encode()).hexdigest()[:16]}"
