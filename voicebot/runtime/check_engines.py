"""Who hears, speaks and understands: models of this machine, OpenAI."""

from __future__ import annotations

import os
from collections.abc import Iterator

from voicebot.business import load_business
from voicebot.errors import INSTALL_LOCAL
from voicebot.runtime.finding import Finding, State, refused
from voicebot.runtime.start_checks import require_openai, uses_openai
from voicebot.settings import Engine, Settings
from voicebot.speech.models import SpeechProcess, has_fallback, is_needed, missing_models


def check_speech(settings: Settings) -> Iterator[Finding]:
    """Are the models of the chosen engines there, with the pinned bytes?"""
    hears, speaks = (settings.engine(e) for e in (settings.transcriber, settings.synthesizer))
    if missing := missing_models(settings):
        yield from (Finding("speech", State.PROBLEM, sentence) for sentence in missing)
        return
    what = f"hearing {hears}, speaking {speaks}"
    if Engine.NULL in (hears, speaks):
        mend = "set VOICEBOT_TRANSCRIBER and VOICEBOT_SYNTHESIZER to auto, local or openai"
        yield Finding("speech", State.NOTE, f"{what}: null is for benchmarks", mend)
    else:
        yield Finding("speech", State.OK, f"{what}; all models are there")
    cores = os.cpu_count() or 1
    if settings.speech_threads > cores and is_needed(settings, SpeechProcess.STT):
        text = f"{settings.speech_threads} utterances at once on {cores} cores: each takes longer"
        yield Finding("speech", State.NOTE, text, "lower VOICEBOT_SPEECH_THREADS")


def check_openai(settings: Settings) -> Finding:
    """Is there an account for what shall be asked of OpenAI, and somebody to take over?"""
    if problem := refused("OpenAI", require_openai, settings):
        return problem
    if not uses_openai(settings):
        off = "nothing is asked of it: everything stays on this machine"
        return Finding("OpenAI", State.OK, off)
    chosen = {SpeechProcess.STT: settings.transcriber, SpeechProcess.TTS: settings.synthesizer}
    alone = [
        process.value
        for process, engine in chosen.items()
        if settings.engine(engine) is Engine.OPENAI and not has_fallback(settings, process)
    ]
    if alone and settings.openai_fallback:
        text = f"in use; when it fails, this machine has no {' and no '.join(alone)} to take over"
        return Finding("OpenAI", State.NOTE, text, INSTALL_LOCAL)
    return Finding("OpenAI", State.OK, "in use; `voicebot doctor --openai` asks every service")


async def check_vendor(settings: Settings) -> list[Finding]:
    """Does OpenAI do what a call wants? Without it calls go on, so nothing is more than a note.

    Raises SettingsError.
    """
    from voicebot.runtime.check_openai import (
        check_openai,  # its library takes most of a second to import
    )

    business = load_business(settings.business)
    return [
        Finding(c.subject, State.NOTE if c.mend else State.OK, c.text, c.mend)
        async for c in check_openai(settings, business)
    ]
