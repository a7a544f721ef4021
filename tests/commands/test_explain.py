"""A chat explains each turn: the acts, the words left unread, what is saved and waited for."""

from tests.collect.conversation import NOW, fresh, hears, saved
from tests.collect.conversation import run as played
from voicebot.collect.dialogue import situation
from voicebot.collect.understanding import read
from voicebot.commands.explain import change_lines, reading_lines


def test_every_act_is_told_with_its_words_and_what_nobody_understands() -> None:
    text = "Robin Carter, blargh. How much is plumbing?"
    told = list(reading_lines(text, read(text, situation(fresh(), NOW))))
    assert told[0] == "Provide 'Robin Carter' step=name  in \"Robin Carter\""
    assert told[1].startswith("Ask topic=price")
    assert told[-1] == 'unread "blargh"'


def test_words_that_do_nothing_are_told_too() -> None:
    assert list(reading_lines("um", read("um", situation(fresh(), NOW)))) == ["nothing"]


def test_what_is_saved_and_what_is_waited_for_is_told() -> None:
    asked = fresh()
    _, effects = played(asked, hears(asked, "Robin Carter, my tap leaks"))
    told = list(change_lines(saved(effects)))
    note = "note: Robin Carter, my tap leaks"
    assert told == ["name = Robin Carter", "service = Plumbing", note, "now asking phone"]
