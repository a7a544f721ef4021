"""Speech to text against the simulator, with its recordings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
from openai import AsyncOpenAI
from pydantic import SecretStr

from tests.simulators.openai.conftest import KEY, Samples, clips, served, simulator, url
from voicebot import g711
from voicebot.openai.client import account
from voicebot.settings import Settings
from voicebot.simulators.openai import Fault, FaultKind, Service, Simulator
from voicebot.speech import Hint, SttStream, SttTurn, Transcriber
from voicebot.speech.openai.session import Limits
from voicebot.speech.openai.stt import OpenAISpeechToText
from voicebot.speech.openai.tts import OpenAISynthesizer, TtsDeadlines

__all__ = ["clips", "served", "simulator", "url"]

FRAME = g711.FRAME_BYTES
PATIENT_S = 100.0
"""A deadline that no test reaches which expects an answer, however slow the machine."""
HURRIED_S = 0.1
"""A deadline where nothing comes."""
ENOUGH_S = 25.0
"""A test that takes longer waits for a patient deadline, or for a hedge before it."""


def settings(url: str, deadline_s: float = PATIENT_S) -> Settings:
    """Return settings as if from the environment."""
    known = Settings.model_construct()
    return known.model_copy(
        update={
            "openai_api_key": SecretStr(KEY),
            "openai_base_url": url,
            "openai_hearing_deadline_s": deadline_s,
        }
    )


@asynccontextmanager
async def call(
    url: str,
    *,
    deadline_s: float = PATIENT_S,
    limits: Limits | None = None,
    fallback: Transcriber | None = None,
) -> AsyncIterator[SttStream]:
    """Speech to text of one call."""
    patient = replace(limits or Limits(), connect_s=PATIENT_S)
    stt = OpenAISpeechToText(settings(url, deadline_s), fallback, patient)
    try:
        async with stt.open() as ear:
            yield ear
    finally:
        await stt.aclose()


def patient_tts(settings: Settings, **hurried: float) -> OpenAISynthesizer:
    """The voice of the settings; a deadline is long unless it is given."""
    deadlines = replace(TtsDeadlines(PATIENT_S, PATIENT_S), **hurried)
    return OpenAISynthesizer(account(settings).open_client(), settings, deadlines)


class Caller:
    """Speaks a turn at an ear, in frames."""

    def __init__(self, ear: SttStream, hint: Hint | None = None) -> None:
        self.hint = hint or Hint()
        self.turn: SttTurn = ear.listen(self.hint)
        self.said = b""

    def say(self, samples: Samples) -> None:
        mulaw = g711.encode(samples)
        self.said += mulaw
        for at in range(0, len(mulaw), FRAME):
            self.turn.feed(mulaw[at : at + FRAME])

    async def text(self) -> str:
        return (await self.turn.transcribe(self.said, self.hint)).text


async def heard(ear: SttStream, samples: Samples) -> str:
    """Return the transcript of a whole turn."""
    caller = Caller(ear)
    caller.say(samples)
    return await caller.text()


async def until(condition: Callable[[], bool]) -> None:
    """Let others go on until it is so."""
    async with asyncio.timeout(PATIENT_S):
        while not condition():  # noqa: ASYNC110 - of whatever the test can see
            await asyncio.sleep(0.01)


def order(simulator: Simulator, service: Service, kind: FaultKind, **more: float) -> None:
    """The next request of this service goes wrong."""
    simulator.faults.order(Fault(service=service, kind=kind, **more))


WRONG_ANSWERS = [
    ("text/html", "<html>Please log in.</html>"),
    ("application/json", "{}"),
    ("application/json", '{"text": null}'),
    ("application/json", '{"text": 7, "output": 7, "usage": 7}'),
    ("application/json", "[]"),
    ("application/json", '"no"'),
]
"""Content type and body of a 200 that means something else: a proxy's page, an error, null."""


@asynccontextmanager
async def answering(content_type: str, body: str) -> AsyncIterator[AsyncOpenAI]:
    """A client whose server gives this answer to everything."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": content_type}, text=body)

    transport = httpx2.MockTransport(answer)
    async with AsyncOpenAI(
        api_key="k", base_url="http://other/v1", max_retries=0,
        http_client=httpx2.AsyncClient(transport=transport),
    ) as client:  # fmt: skip
        yield client
