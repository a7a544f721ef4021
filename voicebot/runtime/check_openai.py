"""`voicebot doctor --openai`: ask each service in use once, as a call would.

Sends half a second of silence, "Hello." and one made-up sentence, which costs a fraction of a cent.
Calls go on without OpenAI, so what fails is a note.
"""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Final

from voicebot import g711
from voicebot.business import load_business
from voicebot.call import Step
from voicebot.collect.understanding import Situation
from voicebot.collect.understanding.model.asking import ModelUnderstanding
from voicebot.errors import SpeechUnavailable
from voicebot.openai import Failure
from voicebot.openai.client import FAILURES, Account, account, failure_of
from voicebot.runtime.findings import Finding, note, ok
from voicebot.settings import Engine, Settings
from voicebot.speech import Hint
from voicebot.speech.openai.session import State
from voicebot.speech.openai.stt import ALONE_TIMES, OpenAISpeechToText, OpenAISttStream
from voicebot.speech.openai.tts import OpenAISynthesizer

_PATIENT_S: Final = 8.0
"""Longer than a call waits, to tell slow from broken."""
_SENTENCE: Final = "Well, the thing is, it has been making that noise again since Tuesday."
_MENDS: Final = {
    Failure.UNAUTHORIZED: "the key is refused: make a new one, and give it these permissions",
    Failure.NO_QUOTA: "the account is empty: add credit, or raise its limit",
    Failure.RATE_LIMITED: "too many requests just now: wait, or ask for higher limits",
    Failure.WRONG_REQUEST: "no such model or service here: set another model (docs/openai.md)",
    Failure.CONNECTION: "no answer: check OPENAI_BASE_URL and the network",
}
_SOME_MEND: Final = "try again; calls go on without it meanwhile"


async def check_openai_services(settings: Settings) -> AsyncIterator[Finding]:
    """Ask the models' list, and each service in use; raises SettingsError."""
    ours = account(settings)
    patient = settings.model_copy(
        update={
            "openai_hearing_deadline_s": _PATIENT_S / ALONE_TIMES,
            "openai_speech_deadline_ms": round(_PATIENT_S * 1000),
            "openai_deadline_ms": round(_PATIENT_S * 1000),
        }
    )
    hears, speaks, understands = (
        settings.engine(chosen) is Engine.OPENAI
        for chosen in (settings.transcriber, settings.synthesizer, settings.understanding)
    )
    wanted = [settings.openai_hearing_model, settings.openai_file_model] if hears else []
    wanted += [settings.openai_speech_model] if speaks else []
    wanted += [settings.openai_model] if understands else []
    yield await _models(ours, wanted)
    if hears:
        yield await _hearing(patient)
    if speaks:
        yield await _speaking(ours, patient)
    if understands:
        yield await _understanding(ours, patient, settings.openai_deadline_ms)


async def _models(ours: Account, wanted: list[str]) -> Finding:
    async with ours.open_client() as client:
        try:
            known = {model.id async for model in client.models.list()}
        except FAILURES as error:
            return _failed("key", error)
    if absent := [model for model in wanted if model not in known]:
        text = f"key: {ours.base_url} does not list {', '.join(absent)}"
        return note(text, "set other models (docs/openai.md), if they do not work")
    return ok(f"key: {ours.base_url} takes it, and knows {', '.join(wanted)}")


async def _hearing(settings: Settings) -> Finding:
    stt = OpenAISpeechToText(settings, fallback=None)
    began = time.perf_counter()
    silence = g711.SILENCE * (g711.RATE_HZ // 2)
    try:
        async with stt.open() as stream:
            listening = stream.listen(Hint())
            listening.feed(silence)
            await listening.transcribe(silence, Hint())
            live = isinstance(stream, OpenAISttStream) and stream.session.state is State.UP
    except SpeechUnavailable as error:
        return note(f"hearing: {error}", _SOME_MEND)
    finally:
        await stt.aclose()
    if not live:
        text = (
            f"hearing: {settings.openai_hearing_model} cannot be reached; files are heard, slower"
        )
        return note(text, "set VOICEBOT_OPENAI_HEARING_MODEL, if this stays so")
    took = f"{_ms_since(began):.0f} ms with the connection"
    return ok(f"hearing: {settings.openai_hearing_model}, {took}")


async def _speaking(ours: Account, settings: Settings) -> Finding:
    began = time.perf_counter()
    what = f"speaking: {settings.openai_speech_model}"
    synthesizer = OpenAISynthesizer(ours.open_client(), settings)
    try:
        async with aclosing(synthesizer), aclosing(synthesizer.speak("Hello.")) as pieces:
            await anext(pieces)
            return ok(f"{what}, first audio after {_ms_since(began):.0f} ms")
    except SpeechUnavailable as error:
        return note(f"{what}: {error}", _SOME_MEND)


async def _understanding(ours: Account, settings: Settings, deadline_ms: int) -> Finding:
    business = load_business(settings.business)
    now = datetime.now(business.zone).replace(tzinfo=None)
    asked = Situation(Step.SERVICE, now, region=business.region, services=business.services)
    began = time.perf_counter()
    what = f"understanding: {settings.openai_model}"
    async with ours.open_client() as client:
        model = ModelUnderstanding(client, settings, is_openai=ours.is_openai)
        try:
            await model.ask(_SENTENCE, asked)
        except FAILURES as error:
            return _failed(what, error)
    took_ms = _ms_since(began)
    if took_ms > deadline_ms:
        mend = "a call does not wait so long: VOICEBOT_OPENAI_DEADLINE_MS, or a faster model"
        return note(f"{what}, {took_ms:.0f} ms", mend)
    return ok(f"{what}, {took_ms:.0f} ms")


def _failed(what: str, error: Exception) -> Finding:
    failure = failure_of(error)
    return note(f"{what}: {failure}", _MENDS.get(failure, _SOME_MEND))


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
