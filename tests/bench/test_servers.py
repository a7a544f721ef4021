"""The null transcriber's manifest of the phone's clips."""

import json
from pathlib import Path

from voicebot import g711
from voicebot.bench.servers import null_manifest
from voicebot.simulators.phone import Kind, default_script, shipped, shipped_clip, spoken
from voicebot.speech import NullDetector, clip_checksum


async def test_every_line_of_the_default_caller_is_in_the_manifest() -> None:
    known = {clip["crc"]: clip["text"] for clip in json.loads(null_manifest())}
    for line, clip in (await spoken(default_script(), Path())).items():
        assert line.kind is Kind.RECORDING
        assert known[clip_checksum(clip.cut().audio)] == clip.text


def test_no_clip_holds_a_silence_that_would_end_the_turn() -> None:
    for file in shipped():
        audio = shipped_clip(file).cut().audio
        heard: list[float] = []
        NullDetector(heard.append).feed(audio[: len(audio) // g711.FRAME_BYTES * g711.FRAME_BYTES])
        assert set(heard) == {1.0}, file
