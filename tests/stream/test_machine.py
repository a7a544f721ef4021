"""A call as a pure function of what happens in it: no socket, no loop, no clock."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stream.calls import CONFIRM, FOUR, NAME, PHONE, PHRASES, WORDS, asks
from tests.stream.machine import (
    EPOCH,
    PHRASE,
    SECOND,
    WINDOW_MS,
    Machine,
    asking,
    heard,
    pressed,
    some,
    words,
)
from voicebot.call import Phase, Step
from voicebot.collect.events import Expectation, Silent, TimeUp, Unheard
from voicebot.errors import CallEnded, Fenced
from voicebot.stream import events as ev
from voicebot.stream.caller import PREROLL_MS, is_backchannel, oldest_needed_ms
from voicebot.stream.events import AudioReady, SentenceBegan, Signal, Timer
from voicebot.stream.machine import step
from voicebot.stream.provider_dialect import Digit, Mark
from voicebot.stream.state import CallState, Waits
from voicebot.stream.voice import FAREWELL_MARK_S, FILLER_AGAIN_S
from voicebot.telemetry import Heard


def test_the_same_event_in_the_same_state_has_the_same_effects() -> None:
    machine = asking(NAME)
    machine.hear(400)
    now = ev.Now(1.0, EPOCH)
    assert step(machine.state, ev.Window(0.0), now) == step(machine.state, ev.Window(0.0), now)


def test_a_turn_is_followed_fed_and_asked_about_from_before_its_voice() -> None:
    machine = asking(NAME)
    machine.hear(1000, 0.0)
    effects = machine.hear(400)
    (follow,) = some(effects, ev.Follow)
    assert follow.start_ms == pytest.approx(1000 - PREROLL_MS, abs=WINDOW_MS)
    assert some(effects, ev.Feed)[-1].until_ms == pytest.approx(1400)
    (asked,) = some(machine.hear(100, 0.0), ev.Transcribe)
    assert asked.end_ms == pytest.approx(1440)
    assert oldest_needed_ms(machine.state) == 0.0, "a turn under way is kept"


def test_all_that_was_heard_is_read_and_delivered() -> None:
    machine = asking(NAME)
    machine.hear_pausing(400, 300)
    heard = words(machine.transcribe(PHRASES[1], "Jon Smith"))
    assert heard.transcripts == ("John Smith", "Jon Smith")


def test_a_whole_answer_is_delivered_with_its_reading_and_the_moment_it_began() -> None:
    machine = asking(NAME)
    machine.hear(200, 0.0)
    machine.hear_pausing(400, 300)
    heard = words(machine.transcribe(PHRASES[1]))
    assert heard.text == "John Smith"
    assert heard.hint is not None
    assert heard.hint.complete
    assert heard.started_at == EPOCH + timedelta(seconds=0.2)
    assert heard.heard_prefix is None


def test_a_heard_turn_tells_how_long_it_was_silent_and_what_the_recogniser_took() -> None:
    machine = asking(CONFIRM)
    machine.hear_pausing(400, 100)
    machine.tell(ev.Transcribed(machine.state.transcriptions, "yes", 0.1, queued=0.02))
    (told,) = some([*machine.effects, *machine.hear(1000, 0.0)], Heard)
    assert told.silent_s == pytest.approx(0.12, abs=0.03)  # a final answer's limit, from the pause
    assert (told.queued_s, told.worked_s) == (0.02, 0.1)


def test_what_speech_to_text_could_not_hear_is_told_so() -> None:
    machine = asking(NAME)
    machine.hear_pausing(400, 1000)
    assert some(machine.transcribe("", failed=True), Unheard)


def test_a_piece_of_a_number_is_transcribed_again_with_digits_as_words() -> None:
    for second, text in ((WORDS[3], WORDS[3]), ("nonsense", PHRASES[3])):
        machine = asking(PHONE)
        machine.hear_pausing(400, 2000)
        (again,) = some(machine.transcribe(PHRASES[3]), ev.Transcribe)
        assert again.hint.words_for_digits
        effects = machine.transcribe(second)
        assert words(effects).text == text
        assert some(effects, ev.DropTranscription) == [ev.DropTranscription(again.number)]


def test_where_the_second_reading_helps_nothing_a_whole_number_among_the_others_is_read_back() -> (
    None
):
    machine = asking(PHONE)
    machine.hear_pausing(400, 2000)
    machine.transcribe("0412 purple 5", "0412 345 678")
    delivered = words(machine.transcribe("nonsense"))
    assert delivered.text == "0412 345 678"
    assert delivered.transcripts == ("0412 345 678", "0412 purple 5")


def test_speech_over_the_bot_clears_the_line_and_is_an_answer_with_the_heard_prefix() -> None:
    machine = Machine()
    machine.say("What is your name please?")
    machine.ask(NAME)
    machine.at_s += 0.3
    assert ev.Command.CLEAR in machine.hear_pausing(300, 400)
    heard = words(machine.transcribe(PHRASES[1]))
    assert heard.heard_prefix
    assert "What is your name please?".startswith(heard.heard_prefix)


@pytest.mark.parametrize("text", ["Mm-hmm.", "", "Amen.", "L.", "Ow."])
def test_a_backchannel_or_a_noise_resumes_what_was_not_heard(text: str) -> None:
    machine = Machine()
    first, _ = machine.say("One.", "Two.")
    machine.ask(NAME)
    machine.at_s += 1.0
    machine.tell(Mark(first))
    machine.hear_pausing(300, 900)
    effects = machine.transcribe(text)
    (resume,) = some(effects, ev.Resume)
    assert (resume.first, resume.known) == (1, (SECOND,))
    assert not heard(effects)
    machine.tell(SentenceBegan("Two."), AudioReady(SECOND), Signal.SENTENCE_ENDED)
    machine.tell(Signal.RESUME_ENDED)
    assert machine.state.waits is Waits.CALLER


def spoken_over_the_bot(machine: Machine, text: str, ms: float = 300) -> Sequence[ev.Effect]:
    """The bot says something, and after 0.3 s of that the caller speaks; then the text is known."""
    machine.say("What is your name please?")
    machine.at_s += 0.3
    machine.hear(ms)
    machine.hear(900, 0.0)
    return machine.transcribe(text)


def test_who_speaks_over_the_bot_longer_than_a_backchannel_is_heard_whatever_it_means() -> None:
    machine = asking(NAME)
    assert words(spoken_over_the_bot(machine, "Amen.", 1500)).text == "Amen."


def test_what_is_said_again_over_the_same_words_is_heard_whatever_it_means() -> None:
    machine = asking(NAME)
    assert some(spoken_over_the_bot(machine, "Amen."), ev.Resume)
    machine.tell(SentenceBegan("What is …?"), AudioReady(SECOND), Signal.SENTENCE_ENDED)
    machine.tell(Signal.RESUME_ENDED)
    machine.hear_pausing(300, 900)
    assert words(machine.transcribe("Amen.")).text == "Amen."


def test_a_piece_of_an_answer_over_the_bots_words_waits_for_the_rest() -> None:
    machine = Machine()
    machine.say("And your number?")
    machine.ask(asks(Step.PHONE, "0412 345 678", idle=(PHRASES[FOUR],)))
    machine.hear_pausing(400, 700)
    assert not heard(machine.transcribe(PHRASES[FOUR]))
    assert not some(machine.hear(400), ev.Follow), "it is the same turn"


def test_the_voice_sounds_until_its_last_mark_and_watchers_are_told_each_change_once() -> None:
    machine = Machine()
    (mark,) = machine.say("What is your name?")
    machine.ask(NAME)
    machine.hear(1000, 0.0)
    machine.tell(Mark(mark))
    machine.hear(1000, 0.0)
    assert some(machine.effects, Phase) == [Phase.THINKING, Phase.SPEAKING, Phase.LISTENING]


def test_a_mark_that_does_not_come_is_waited_for_with_a_timer() -> None:
    machine = Machine()
    machine.say("What is your name?")
    (timer,) = some(machine.effects, ev.SetTimer)
    assert timer.timer is Timer.PLAYED
    assert machine.state.playback.is_heard
    machine.tell(Timer.PLAYED)
    assert not machine.state.playback.is_heard


def test_a_farewell_is_not_interrupted_and_waits_for_its_mark() -> None:
    machine = Machine()
    (mark,) = machine.say("Goodbye.")
    machine.at_s = 0.4
    (timer,) = some(machine.tell(Signal.FAREWELL_BEGAN), ev.SetTimer)
    assert timer.seconds == pytest.approx(0.6 + FAREWELL_MARK_S)
    assert ev.Command.CLEAR not in machine.hear(600)
    assert ev.Command.END_FAREWELL in machine.tell(Mark(mark))


def test_silence_is_told_and_is_no_answer_to_a_later_question() -> None:
    machine = asking(NAME)
    assert some(machine.hear(6100, 0.0), Silent)
    machine.hear(6100, 0.0)
    assert not heard(machine.ask(NAME))


def test_words_before_the_bot_puts_a_question_are_no_answer_to_it() -> None:
    machine = Machine()
    machine.hear_pausing(400, 2000)
    assert some(machine.tell(Signal.SAY_BEGAN, Signal.SPEECH_BEGAN), ev.DropTranscription)
    assert not heard(machine.ask(NAME))


# -- fillers ---------------------------------------------------------------------------------


def decided() -> Machine:
    machine = asking(PHONE, CallState(WINDOW_MS, fillers=PHRASE))
    pressed(machine, "0412345678#")
    return machine


def test_a_late_answer_is_bridged_again_and_again() -> None:
    machine = decided()
    assert ev.SetTimer(Timer.FILLER, PHRASE.after_s) in machine.effects
    said = []
    for _ in range(3):
        said += some(machine.tell(Timer.FILLER), ev.SayFiller)
        effects = machine.tell(ev.FillerReady(SECOND))
        assert effects[-1] == ev.SetTimer(Timer.FILLER, 1.0 + FILLER_AGAIN_S)
        assert some(effects, ev.Play) == [ev.Play(SECOND, filler=True)]
    first, again = PHRASE.sentences
    assert [filler.sentence for filler in said] == [first, again, again]


def test_a_transcript_that_is_late_is_bridged_as_well() -> None:
    machine = asking(NAME, CallState(WINDOW_MS, fillers=PHRASE))
    machine.hear_pausing(400, 1000)
    assert ev.SetTimer(Timer.FILLER, PHRASE.after_s) in machine.effects
    assert not heard(machine.effects)


def test_the_answers_first_frame_ends_the_fillers() -> None:
    machine = decided()
    assert ev.SetTimer(Timer.FILLER, None) in machine.tell(Signal.FIRST_FRAME_SENT)
    assert machine.tell(ev.FillerReady(SECOND)) == []


def test_without_phrases_nothing_is_bridged() -> None:
    machine = asking(PHONE)
    timers = some(pressed(machine, "0412345678#"), ev.SetTimer)
    assert Timer.FILLER not in {timer.timer for timer in timers}


def test_nobody_is_talked_over_by_a_filler() -> None:
    machine = decided()
    machine.hear(200)
    assert not some(machine.tell(Timer.FILLER), ev.SayFiller)


# -- the end ---------------------------------------------------------------------------------


def test_what_was_said_before_the_caller_went_is_heard_and_then_the_end_is_raised() -> None:
    machine = asking(NAME)
    machine.hear(400)
    machine.tell(Signal.CALLER_GONE)
    assert words(machine.transcribe(PHRASES[1])).text == "John Smith"
    (raised,) = some(machine.ask(NAME), ev.Over)
    assert isinstance(raised.why, CallEnded)


@pytest.mark.parametrize("transcribing", [False, True])
def test_a_closed_call_drops_what_is_under_way_and_raises_at_once(transcribing: bool) -> None:
    machine = asking(NAME)
    machine.hear(400)
    if transcribing:
        machine.hear(1000, 0.0)
    why = Fenced("a newer stream")
    effects = machine.tell(ev.Over(why))
    assert some(effects, ev.Over) == [ev.Over(why)]
    assert len(some(effects, ev.DropTranscription)) == transcribing


def test_the_longest_call_is_told_so() -> None:
    machine = asking(NAME)
    assert some(machine.tell(TimeUp()), TimeUp)


EVENTS = st.one_of(
    st.builds(ev.Window, st.sampled_from([0.0, 0.0, 1.0, 1.0, 1.0])),
    st.sampled_from([NAME, PHONE, CONFIRM, Digit("1"), Digit("#"), TimeUp(), *Timer]),
    st.builds(
        ev.Transcribed, st.integers(0, 4), st.sampled_from(["", "yes", "Amen."]), st.just(0.1)
    ),
    st.sampled_from([Mark("g1.s1"), Signal.CALLER_GONE, Signal.FIRST_FRAME_SENT]),
    st.just("say"),
)


@given(st.lists(st.tuples(EVENTS, st.integers(1, 40)), max_size=40))
def test_whatever_happens_a_question_has_one_answer_and_every_transcription_an_end(
    script: list[tuple[ev.CallEvent | str, int]],
) -> None:
    machine, open_now, asked = Machine(), set[int](), False
    for event, times in [*script, (NAME, 1), (ev.Over(Fenced("over")), 1)]:
        if isinstance(event, Expectation) and asked:
            continue  # the conversation asks one thing after the other
        if isinstance(event, str):
            effects: Sequence[ev.Effect] = []
            machine.say("One.", "Two.")
        else:
            asked |= isinstance(event, Expectation)
            effects = machine.tell(*[event] * (times if isinstance(event, ev.Window) else 1))
        if some(effects, ev.Resume):
            effects = [*effects, *machine.tell(Signal.RESUME_ENDED)]
        answers = [*heard(effects), *some(effects, ev.Over)]
        assert len(answers) <= asked
        asked = asked and not answers
        open_now |= {asked_for.number for asked_for in some(machine.effects, ev.Transcribe)}
        open_now -= {dropped.number for dropped in some(machine.effects, ev.DropTranscription)}
    assert not open_now
    assert not asked


@pytest.mark.parametrize("text", ["Mm-hmm.", "mm", "Hm...", "Uh-huh.", "Um, uh", "Oh!"])
def test_what_is_no_word_is_a_backchannel(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize("text", ["", "Amen.", "Um, Tuesday", "home", "no"])
def test_a_word_is_none(text: str) -> None:
    assert not is_backchannel(text)
