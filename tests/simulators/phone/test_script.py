"""The caller's script: what is said when."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.call import Step
from voicebot.errors import PhoneError
from voicebot.simulators.phone.script import (
    Cue,
    HangUp,
    Keys,
    Prompter,
    Recording,
    Script,
    ScriptLine,
    Silence,
    Text,
    following,
    load_script,
)


def script(**lines: list[str]) -> Script:
    return Script({key: tuple(ScriptLine(Text(t)) for t in texts) for key, texts in lines.items()})


def test_asked_again_the_caller_says_the_next_line_and_the_last_repeats() -> None:
    prompter = Prompter(script(phone=["one", "two"]))
    said = [prompter.line(Cue(Step.PHONE), {}).saying for _ in range(3)]
    assert said == [Text("one"), Text("two"), Text("two")]


def test_a_step_without_lines_is_answered_with_silence() -> None:
    assert Prompter(script(name=["x"])).line(Cue(Step.EMAIL), {}).saying == Silence()


def test_a_right_read_back_gets_a_yes() -> None:
    lines = script(confirm=["Yes."], no=["No."]).lines
    prompter = Prompter(Script(lines, {Step.EMAIL: "j.smith@gmail.com"}))
    held = {Step.EMAIL: "J.Smith@gmail.com"}
    assert prompter.line(Cue(Step.EMAIL, confirming=True), held).saying == Text("Yes.")


def test_a_wrong_read_back_gets_a_no() -> None:
    lines = script(confirm=["Yes."], no=["No."]).lines
    prompter = Prompter(Script(lines, {Step.EMAIL: "j.smith@gmail.com"}))
    held = {Step.EMAIL: "jay@gmail.com"}
    assert prompter.line(Cue(Step.EMAIL, confirming=True), held).saying == Text("No.")


def test_what_the_record_does_not_hold_yet_gets_a_yes() -> None:
    lines = script(confirm=["Yes."], no=["No."]).lines
    prompter = Prompter(Script(lines, {Step.TIME: "2026-11-24T10:00"}))
    assert prompter.line(Cue(Step.TIME, confirming=True), {}).saying == Text("Yes.")


def test_without_a_console_lines_come_in_the_order_of_a_good_call() -> None:
    steps = ["name", "phone", "address", "email", "service", "time", "confirm"]
    prompter = Prompter(script(**{step: [step] for step in steps}))
    said = [prompter.line(None, {}).saying for _ in range(11)]
    assert said == [
        Text("name"), Text("phone"), Text("confirm"), Text("address"), Text("email"),
        Text("confirm"), Text("service"), Text("time"), Text("confirm"), Silence(), Silence(),
    ]  # fmt: skip


def test_when_the_console_falls_silent_the_caller_goes_on_behind_the_last_cue() -> None:
    prompter = Prompter(script(email=["email"], confirm=["yes"], service=["service"]))
    prompter.line(Cue(Step.EMAIL), {})
    assert [prompter.line(None, {}).saying for _ in range(2)] == [Text("yes"), Text("service")]


def test_a_confirmation_out_of_the_ordinary_is_followed_by_the_next_step() -> None:
    assert following(Cue(Step.NAME, confirming=True)) == Cue(Step.PHONE)


def test_lines_of_the_command_line_come_first() -> None:
    lines = script(name=["name"], phone=["phone"]).lines
    prompter = Prompter(Script(lines, opening=(ScriptLine(Text("hello")),)))
    assert prompter.line(Cue(Step.NAME), {}).saying == Text("hello")
    assert prompter.line(Cue(Step.NAME), {}).saying == Text("name")


def test_a_file_may_hold_every_kind_of_line(tmp_path: Path) -> None:
    path = tmp_path / "caller.toml"
    path.write_text(
        'name = ["My name is Ann.", "ann.wav"]\n'
        'phone = ["keys:0412#", "silence", "hangup"]\n'
        'time = [{ line = "At ten.", interrupt_after_ms = 700 }]\n'
        'correct = { phone = "+61412345678" }\n'
    )
    read = load_script(path)
    assert read.lines["name"] == (
        ScriptLine(Text("My name is Ann.")),
        ScriptLine(Recording(tmp_path / "ann.wav")),
    )
    assert read.lines["phone"] == (
        ScriptLine(Keys("0412#")),
        ScriptLine(Silence()),
        ScriptLine(HangUp()),
    )
    assert read.lines["time"] == (ScriptLine(Text("At ten."), 700),)
    assert read.correct == {Step.PHONE: "+61412345678"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = ", "not TOML"),
        ('nmae = ["x"]', "nmae"),
        ("name = [7]", "name"),
        ('correct = { nmae = "x" }', "correct"),
    ],
)
def test_a_wrong_script_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "caller.toml"
    path.write_text(text)
    with pytest.raises(PhoneError, match=complaint):
        load_script(path)


def test_a_missing_script_says_so(tmp_path: Path) -> None:
    with pytest.raises(PhoneError, match="cannot read"):
        load_script(tmp_path / "none.toml")
