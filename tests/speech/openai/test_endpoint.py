"""The speech endpoint by itself; with deadlines and fallbacks it stands in test_speaking."""

from __future__ import annotations

import pytest

from tests.speech.openai.strangers import STRANGE, strange
from voicebot.openai.exceptions import Unwanted
from voicebot.openai.failures import Failure
from voicebot.speech.openai.tts import EndpointVoice


@pytest.mark.parametrize(("content_type", "body"), STRANGE)
async def test_a_200_that_is_no_audio_is_not_played_to_the_caller(
    content_type: str, body: str
) -> None:
    async with strange(content_type, body) as client:
        voice = EndpointVoice(client, "tts", "marin", instructions="", rate_hz=24000)
        with pytest.raises(Unwanted) as refused:
            async for _ in voice.read("May I have your name?"):
                pass
    assert refused.value.failure is Failure.MALFORMED
