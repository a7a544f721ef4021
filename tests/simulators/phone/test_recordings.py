"""The clips that ship with the phone, and the script that plays them."""

from __future__ import annotations

from pathlib import Path

from voicebot.call import FIELDS
from voicebot.simulators.phone.recordings import default_script, shipped, shipped_clip, spoken
from voicebot.simulators.phone.script import Recording


def test_every_clip_of_the_manifest_is_there_and_holds_a_voice() -> None:
    for file in shipped():
        assert shipped_clip(file).voiced_samples > 0, file


def test_every_clip_names_its_licence_and_none_has_the_voice_of_the_bot() -> None:
    for clip in shipped().values():
        assert clip.licence
        assert "joe" not in clip.voice


async def test_the_default_caller_has_a_recorded_line_for_every_step(tmp_path: Path) -> None:
    script = default_script()
    clips = await spoken(script, tmp_path)
    for key in (*(step.value for step in FIELDS), "confirm", "no"):
        first = script.lines[key][0].saying
        assert isinstance(first, Recording)
        assert clips[first].text in {clip.text for clip in shipped().values()}
