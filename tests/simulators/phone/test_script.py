"""The caller's script: what is said when."""

from pathlib import Path

import pytest

from voicebot.call import Step
from voicebot.errors import PhoneError
from voicebot.simulators.phone.script import (
    SILENCE,
    Cue,
    Kind,
    Prompter,
    Script,
    ScriptLine,
    following,
    load_script,
    parse_line,
)


def line(text: str) -> ScriptLine:
    return parse_line(text, Path())


def script(**lines: list[str]) -> Script:
    return Script({key: tuple(line(t) for t in texts) for key, texts in lines.items()})


def test_asked_again_the_caller_says_the_next_line_and_the_last_repeats() -> None:
    prompter = Prompter(script(phone=["one", "two"]))
    said = [prompter.line(Cue(Step.PHONE), {}) for _ in range(3)]
    assert said == [line("one"), line("two"), line("two")]


def test_a_step_without_lines_is_answered_with_silence() -> None:
    assert Prompter(script(name=["x"])).line(Cue(Step.EMAIL), {}) == SILENCE


@pytest.mark.parametrize(
    ("held", "answer"),
    [
        pytest.param({Step.EMAIL: "J.Smith@gmail.com"}, "Yes.", id="right"),
        pytest.param({Step.EMAIL: "jay@gmail.com"}, "No.", id="wrong"),
        pytest.param({}, "Yes.", id="not stored yet"),
    ],
)
def test_a_read_back_gets_a_no_where_it_is_wrong(held: dict[Step, str], answer: str) -> None:
    lines = script(confirm=["Yes."], no=["No."]).lines
    prompter = Prompter(Script(lines, {Step.EMAIL: "j.smith@gmail.com"}))
    assert prompter.line(Cue(Step.EMAIL, confirming=True), held) == line(answer)


def test_without_a_console_lines_come_in_the_order_of_a_good_call() -> None:
    steps = ["name", "phone", "address", "email", "service", "time", "confirm"]
    prompter = Prompter(script(**{step: [step] for step in steps}))
    said = [prompter.line(None, {}) for _ in range(11)]
    assert said == [
        line("name"), line("phone"), line("confirm"), line("address"), line("email"),
        line("confirm"), line("service"), line("time"), line("confirm"), SILENCE, SILENCE,
    ]  # fmt: skip


def test_when_the_console_falls_silent_the_caller_goes_on_behind_the_last_cue() -> None:
    prompter = Prompter(script(email=["email"], confirm=["yes"], service=["service"]))
    prompter.line(Cue(Step.EMAIL), {})
    assert [prompter.line(None, {}) for _ in range(2)] == [line("yes"), line("service")]


def test_a_confirmation_out_of_the_ordinary_is_followed_by_the_next_step() -> None:
    assert following(Cue(Step.NAME, confirming=True)) == Cue(Step.PHONE)


def test_lines_of_the_command_line_come_first() -> None:
    lines = script(name=["name"], phone=["phone"]).lines
    prompter = Prompter(Script(lines, opening=(line("hello"),)))
    assert prompter.line(Cue(Step.NAME), {}) == line("hello")
    assert prompter.line(Cue(Step.NAME), {}) == line("name")


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
        line("My name is Ann."),
        ScriptLine(Kind.RECORDING, str(tmp_path / "ann.wav")),
    )
    assert read.lines["phone"] == (
        ScriptLine(Kind.KEYS, "0412#"),
        SILENCE,
        ScriptLine(Kind.HANG_UP),
    )
    assert read.lines["time"] == (ScriptLine(Kind.TEXT, "At ten.", 700),)
    assert read.correct == {Step.PHONE: "+61412345678"}


def test_a_text_may_be_said_in_groups(tmp_path: Path) -> None:
    path = tmp_path / "caller.toml"
    path.write_text('phone = ["oh four one two | three four five"]\n')
    (first,) = load_script(path).lines["phone"]
    (second,) = first.groups
    assert (first.text, second.text) == ("oh four one two", "three four five")
    assert list(load_script(path)) == [first, second], "both are to be spoken"


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
