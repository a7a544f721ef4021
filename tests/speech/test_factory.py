"""The engines that the settings choose."""

import hashlib
from pathlib import Path

import pytest
from pydantic import SecretStr

from voicebot.errors import SettingsError
from voicebot.settings import Engine, Settings
from voicebot.speech.cache import CachedSynthesizer, FallbackSynthesizer
from voicebot.speech.client import WholeUtterances
from voicebot.speech.factory import detectors, open_stt, open_synthesizer
from voicebot.speech.models import voice_id
from voicebot.speech.null import NullDetector, NullSynthesizer
from voicebot.speech.openai.stt import OpenAISpeechToText
from voicebot.speech.sentences import sentences_of


def settings(engine: Engine, tmp_path: Path, **others: object) -> Settings:
    return Settings.model_validate(
        {"transcriber": engine, "synthesizer": engine, "data_dir": tmp_path, **others}
    )


def test_null_speech_needs_no_model(tmp_path: Path) -> None:
    (tmp_path / "clips.json").write_text("[]")
    null = settings(Engine.NULL, tmp_path, null_manifest=tmp_path / "clips.json")
    assert isinstance(open_stt(null), WholeUtterances)
    assert isinstance(open_synthesizer(null), NullSynthesizer)
    assert isinstance(detectors(null)(print), NullDetector)


def test_local_speech_connects_to_nothing_yet(tmp_path: Path) -> None:
    local = settings(Engine.LOCAL, Path(".voicebot"))
    assert isinstance(open_stt(local), WholeUtterances)
    assert isinstance(open_synthesizer(local, ["Hello."]), CachedSynthesizer)


@pytest.mark.parametrize("engine", [Engine.OPENAI, Engine.AUTO])
async def test_a_key_makes_openai_hear(engine: Engine, tmp_path: Path) -> None:
    keyed = settings(engine, tmp_path).model_copy(update={"openai_api_key": SecretStr("k")})
    stt = open_stt(keyed)
    assert isinstance(stt, OpenAISpeechToText)
    await stt.aclose()


async def test_openai_without_a_fallback_gets_a_longer_deadline(tmp_path: Path) -> None:
    async def opened(fallback: bool) -> OpenAISpeechToText:
        chosen = settings(Engine.OPENAI, tmp_path, openai_fallback=fallback)
        stt = open_stt(chosen.model_copy(update={"openai_api_key": SecretStr("k")}))
        assert isinstance(stt, OpenAISpeechToText)
        await stt.aclose()
        return stt

    alone, relieved = await opened(False), await opened(True)
    assert alone.deadline_s > 2 * relieved.deadline_s
    assert alone.hedge_s == relieved.hedge_s, "the file endpoint is asked as early"


def test_openai_without_a_key_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        open_stt(settings(Engine.OPENAI, tmp_path))


async def test_a_server_of_ones_own_needs_no_key(tmp_path: Path) -> None:
    own = settings(Engine.OPENAI, tmp_path).model_copy(update={"openai_base_url": "http://h/v1"})
    await open_stt(own).aclose()


@pytest.mark.parametrize("engine", [Engine.OPENAI, Engine.AUTO])
async def test_a_key_makes_openai_speak(engine: Engine, tmp_path: Path) -> None:
    keyed = settings(engine, tmp_path).model_copy(update={"openai_api_key": SecretStr("k")})
    tts = open_synthesizer(keyed, ["Hello."])
    assert isinstance(tts, FallbackSynthesizer)
    await tts.aclose()


async def test_fixed_texts_are_kept_sentence_by_sentence(tmp_path: Path) -> None:
    fixed = sentences_of(["Hello. What is your name?"])
    tts = open_synthesizer(settings(Engine.LOCAL, tmp_path), fixed)
    kept = tmp_path / "speech-cache" / voice_id(None)
    kept.mkdir(parents=True)
    for sentence in ("Hello.", "What is your name?"):
        name = hashlib.sha256(sentence.encode()).hexdigest()
        (kept / f"{name}.ulaw").write_bytes(sentence.encode())
    assert [piece async for piece in tts.speak("Hello.")] == [b"Hello."]
    assert [piece async for piece in tts.speak("What is your name?")] == [b"What is your name?"]
