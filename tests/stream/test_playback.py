"""The audio that was queued, played and heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.stream.playback import Playback, pieces, whole_words

SECOND = b"\x2a" * 8000


class Line:
    """A playback on its way, event by event."""

    def __init__(self) -> None:
        self.now = Playback()

    def begin(self, text: str) -> None:
        """A new utterance, with this sentence."""
        self.now = self.now.begin()
        self.open(text)

    def open(self, text: str) -> None:
        self.now = self.now.open_sentence(text)

    def queue(self, mulaw: bytes, at: float) -> float:
        self.now, late_s = self.now.queue(mulaw, at)
        return late_s

    def fill(self, mulaw: bytes, at: float) -> None:
        self.now = self.now.fill(mulaw, at)

    def close(self) -> str:
        self.now, mark = self.now.close_sentence()
        return mark

    def say(self, *sentences: str, at: float = 0.0, whole: bool = True) -> list[str]:
        """Queue each sentence as one second of audio; returns the marks."""
        self.now = self.now.begin()
        marks = []
        for sentence in sentences:
            self.open(sentence)
            self.queue(SECOND, at)
            marks.append(self.close())
        if whole:
            self.now = self.now.complete()
        return marks

    def mark(self, name: str, at: float) -> None:
        self.now = self.now.on_mark(name, at)

    def interrupt(self, at: float) -> str:
        self.now, prefix = self.now.interrupt(at)
        return prefix

    def resume(self) -> tuple[bytes, ...]:
        self.now, again = self.now.resume()
        return again


@pytest.fixture
def line() -> Line:
    return Line()


def test_marks_carry_generation_and_sentence(line: Line) -> None:
    assert line.say("One.", "Two.") == ["g1.s1", "g1.s2"]
    assert line.say("Three.") == ["g2.s1"]


def test_audio_that_follows_before_the_last_has_been_played_is_in_time(line: Line) -> None:
    line.begin("One.")
    assert line.queue(SECOND, 10.0) == 0.0, "the first is never late: nothing sounds before it"
    assert line.queue(SECOND, 10.9) == 0.0
    assert line.queue(SECOND, 12.0) == 0.0, "just as the second ends"


def test_audio_that_follows_after_the_silence_began_is_late_by_that_silence(line: Line) -> None:
    line.begin("One.")
    line.queue(SECOND, 10.0)
    line.open("Two.")
    assert line.queue(SECOND, 11.3) == pytest.approx(0.3)
    assert line.queue(SECOND, 12.0) == 0.0, "the play-out clock has moved on with the gap"


def test_a_new_utterance_and_one_that_goes_on_begin_in_time(line: Line) -> None:
    line.say("One.", "Two.", whole=False)
    line.interrupt(0.5)
    line.resume()
    line.open("One.")
    assert line.queue(SECOND, 5.0) == 0.0
    line.begin("Three.")
    assert line.queue(SECOND, 60.0) == 0.0


def test_a_filler_bridges_a_gap(line: Line) -> None:
    line.begin("One.")
    line.queue(SECOND, 0.0)
    line.fill(SECOND, 1.0)
    assert line.queue(SECOND, 1.8) == 0.0


def test_the_bot_is_heard_until_its_last_mark(line: Line) -> None:
    assert not line.now.is_heard
    first, last = line.say("One.", "Two.")
    line.mark(first, 1.0)
    assert line.now.is_heard
    line.mark(last, 2.0)
    assert not line.now.is_heard


def test_the_bot_is_heard_between_two_sentences(line: Line) -> None:
    (first,) = line.say("One.", whole=False)
    line.mark(first, 1.0)
    assert line.now.is_heard
    line.now = line.now.complete()
    assert not line.now.is_heard


def test_a_provider_without_marks_has_played_when_they_are_given_up(line: Line) -> None:
    line.say("One.", "Two.", at=10.0)
    assert line.now.is_heard
    assert line.now.ends_at == pytest.approx(12.0)
    line.now = line.now.give_up()
    assert not line.now.is_heard


def test_what_is_not_whole_is_not_given_up(line: Line) -> None:
    line.say("One.", whole=False)
    assert line.now.give_up() == line.now


def test_an_interruption_keeps_whole_sentences_and_the_words_that_fit(line: Line) -> None:
    first, _ = line.say("What is your name?", "Please spell it for me.")
    line.mark(first, 1.1)
    line.mark("g1.s2.4800", 1.7)
    assert line.interrupt(1.9) == "What is your name? Please spell"


def test_of_a_sentence_that_was_cut_only_what_came_back_was_heard(line: Line) -> None:
    line.begin("What is the number of your house?")
    marks = []
    for piece in pieces(SECOND):
        marks.append(line.now.progress_mark)
        line.queue(piece, 0.0)
    line.close()
    assert marks == [None, "g1.s1.1600", "g1.s1.3200", "g1.s1.4800", "g1.s1.6400"]
    line.mark("g1.s1.3200", 0.7)
    assert line.interrupt(0.9) == "What is the", "the line is slow: more was sent, less was heard"


@pytest.mark.parametrize("count", ["", "x", "-5", "9" * 5000])
def test_a_mark_within_a_sentence_that_is_not_ours_says_nothing(line: Line, count: str) -> None:
    line.say("What is your name?")
    before = line.now
    line.mark(f"g1.s1.{count}", 0.5)
    line.mark("g1.s7.1600", 0.5)
    assert line.now == before


def test_nothing_was_heard_of_what_was_cut_at_once(line: Line) -> None:
    line.say("What is your name?")
    assert line.interrupt(0.0) == ""


def test_not_more_was_heard_than_was_sent(line: Line) -> None:
    line.begin("What is the number of your house and the street?")
    line.queue(SECOND[:4000], 0.0)
    assert line.interrupt(60.0) == "What is"


def test_cleared_marks_are_not_heard(line: Line) -> None:
    (mark,) = line.say("What is your name?")
    line.interrupt(0.5)
    line.mark(mark, 0.5)
    assert line.now.is_interrupted
    assert not line.now.is_heard


def test_marks_of_another_generation_and_unknown_ones_say_nothing(line: Line) -> None:
    (old,) = line.say("One.")
    line.say("Two.", at=5.0)
    for name in (old, "g2.s9", "", "nonsense"):
        line.mark(name, 5.1)
    assert line.now.is_heard


def test_a_mark_that_went_missing_is_made_up_for_by_the_next(line: Line) -> None:
    _, second, _ = line.say("One.", "Two.", "Three is the last.")
    line.mark(second, 2.0)
    assert line.interrupt(2.0) == "One. Two."


def test_a_cut_utterance_goes_on_after_what_was_heard(line: Line) -> None:
    first, *_ = line.say("One.", "Two is cut.", "Three.")
    line.mark(first, 1.0)
    line.interrupt(1.5)
    again = line.resume()
    assert again == (SECOND, SECOND)
    assert len(line.now.sentences) == 1
    line.open("Two is cut.")
    line.queue(again[0], 3.0)
    assert line.close() == "g2.s2"
    line.mark("g1.s2", 3.1)
    line.mark("g2.s2.4800", 3.6)
    assert line.interrupt(3.7) == "One. Two is"


def test_full_width_sentences_are_joined_without_a_space(line: Line) -> None:
    marks = line.say("您好。", "请问您的名字？")
    for mark in marks:
        line.mark(mark, 2.0)
    assert line.interrupt(2.0) == "您好。请问您的名字？"


def test_a_message_has_at_most_200_ms() -> None:
    cut = pieces(SECOND + b"\x2a")
    assert [len(piece) for piece in cut] == [1600] * 5 + [1]
    assert pieces(b"") == []


@given(st.text(alphabet="ab ,.您好", max_size=40), st.floats(0, 1))
def test_the_part_that_was_heard_is_a_beginning(text: str, share: float) -> None:
    assert text.startswith(whole_words(text, share))


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=12), st.floats(0, 1))
def test_no_word_is_cut_in_two(letters: list[str], share: float) -> None:
    text = " ".join(letter * 3 for letter in letters)
    heard = whole_words(text, share)
    assert heard.split() == text.split()[: len(heard.split())]


@given(
    st.lists(
        st.tuples(st.sampled_from(["mark", "cut", "resume", "say", "heard"]), st.integers(0, 4)),
        max_size=30,
    )
)
def test_what_was_heard_never_exceeds_what_was_said(steps: list[tuple[str, int]]) -> None:
    line, now = Line(), 0.0
    sentences = ("One two three.", "Four five.", "Six.")
    said = " ".join(sentences)
    line.say(*sentences)
    for step, number in steps:
        now += 0.3
        match step:
            case "mark":
                line.mark(f"g{1 + number // 3}.s{1 + number % 3}", now)
            case "cut":
                assert said.startswith(line.interrupt(now))
            case "resume":
                line.resume()
            case "say":
                line.say(*sentences, at=now)
            case _:
                assert line.now.give_up().is_heard in (True, False)
