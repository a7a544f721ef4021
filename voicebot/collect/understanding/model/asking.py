"""Asking the model: only for what the rules left unread, and no longer than a caller waits."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from typing import Final

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from openai.types.shared_params import ResponseFormatJSONSchema

from voicebot.collect.understand import Meanwhile, nothing
from voicebot.collect.understanding.model.claims import Answer, answer_type, schema
from voicebot.collect.understanding.model.prompt import messages
from voicebot.collect.understanding.model.proof import believed, is_unread
from voicebot.collect.understanding.types import Reading, Situation
from voicebot.log import get_logger
from voicebot.openai import Failure, Service, Tokens, meter, openai_breaker
from voicebot.openai.client import FAILURES, Unwanted, failure_of
from voicebot.settings import Settings

_MOST_TOKENS: Final = 400
_QUICK_S: Final = 0.3
"""A request that fails so soon may be made once more, within the same deadline."""
_FENCE = re.compile(r"^\s*```(?:json)?\s*|\s*```\s*$")

_FORM: Final[ResponseFormatJSONSchema] = {
    "type": "json_schema",
    "json_schema": {"name": "acts", "strict": True, "schema": schema()},
}
_OF_OTHERS: Final = {"max_tokens": _MOST_TOKENS, "temperature": 0}
"""Parameters that OpenAI's newer models refuse, as other servers refuse its own."""

_log = get_logger("voicebot.collect.understanding.model")


class ModelUnderstanding:
    """Rules first; the model where words are unread; the rules' reading when it fails.

    is_openai  other servers refuse parameters that only OpenAI knows
    """

    def __init__(self, client: AsyncOpenAI, settings: Settings, *, is_openai: bool) -> None:
        self._client = client
        self._settings = settings
        self._deadline_s = settings.openai_deadline_ms / 1000
        self._breaker = openai_breaker(Service.UNDERSTANDING)
        self._is_openai = is_openai

    async def __call__(
        self, text: str, situation: Situation, done: Reading, meanwhile: Meanwhile = nothing, /
    ) -> Reading:
        """Return what the caller's words do; never raises for the model's sake."""
        if not is_unread(done, text, situation) or not self._may_ask():
            return done
        await meanwhile()
        asked_at = time.perf_counter()
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self.ask(text, situation)
        except FAILURES as error:
            self._note(failure_of(error))
            return done
        finally:
            meter().waited_s += time.perf_counter() - asked_at
        self._breaker.answered()
        reading = believed(answer, text, situation, done)
        if answer.acts and reading is done:
            self._note(Failure.UNUSABLE)
        return reading

    def _may_ask(self) -> bool:
        if meter().is_spent:
            self._breaker.failed(Failure.CAPPED)
            return False
        return self._breaker.allows()

    def _note(self, failure: Failure) -> None:
        self._breaker.failed(failure)
        _log.info("model_of_no_help", failure=failure, model=self._settings.openai_model)

    async def ask(self, text: str, situation: Situation) -> Answer:
        """Return what the model says, unchecked; raises FAILURES."""
        began = time.monotonic()
        try:
            completion = await self._request(text, situation)
        except FAILURES as error:
            quick = time.monotonic() - began < _QUICK_S
            if not quick or not failure_of(error).is_momentary:
                raise
            completion = await self._request(text, situation)
        try:
            self._pay(completion)
            return _answer(completion)
        except (AttributeError, IndexError, TypeError) as error:
            # The library passes on whatever a server says with a 200: a proxy's page, null, a list.
            raise Unwanted(Failure.MALFORMED) from error

    async def _request(self, text: str, situation: Situation) -> ChatCompletion:
        said = messages(text, situation)
        digest = hashlib.sha256(str(said[0]["content"]).encode()).hexdigest()[:16]
        of_openai: dict[str, object] = {
            "max_completion_tokens": _MOST_TOKENS,
            "reasoning_effort": self._settings.openai_effort,
            "prompt_cache_key": f"voicebot-{digest}",
            "store": False,
        }
        return await self._client.chat.completions.create(
            model=self._settings.openai_model,
            messages=said,
            response_format=_FORM,
            timeout=self._deadline_s,
            extra_body=of_openai if self._is_openai else _OF_OTHERS,
        )

    def _pay(self, completion: ChatCompletion) -> None:
        used = completion.usage
        if used is not None:
            details = used.prompt_tokens_details
            cached = (details.cached_tokens if details else 0) or 0
            tokens = Tokens(used.prompt_tokens, cached, used.completion_tokens)
            meter().thought(self._settings.openai_model, tokens)


def _answer(completion: ChatCompletion) -> Answer:
    """Return the answer as a value; raises ValueError, Unwanted when the model refused."""
    message = completion.choices[0].message
    if message.refusal or completion.choices[0].finish_reason == "content_filter":
        raise Unwanted(Failure.REFUSAL)
    return answer_type().model_validate_json(_FENCE.sub("", message.content or ""))
