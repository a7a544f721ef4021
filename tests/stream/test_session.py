"""One call over a real socket, in virtual time: what is asked, heard, said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.stream.calls import (
    AMEN,
    CONFIRM,
    FIVE,
    FOUR,
    HUM,
    JOHN,
    NAME,
    NOISE,
    PHONE,
    PHRASES,
    WORDS,
    YES,
    Notebook,
    asks,
    call,
    now,
)
from tests.stream.doubles import (
    CodedTranscriber,
    SteadyVoice,
    silence,
    spoken,
)
from tests.virtual_time import in_virtual_time
from voicebot.call import (
    FIELDS,
    CallSid,
    Change,
    Phase,
    Saved,
    Status,
    Step,
)
from voicebot.collect.events import Silent, TimeUp, Utterance
from voicebot.stream.caller import MOST_KEYS


@in_virtual_time
async def test_a_question_is_asked_and_its_answer_heard() -> None:
    async with call("What is your name?", NAME, "Goodbye.") as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith"]
    assert [m.text for m in c.notebook.messages] == ["What is your name?", "John Smith", "Goodbye."]
    assert c.provider.close_code == 1000
    assert c.notebook.statuses == [Status.BOOKED]


@in_virtual_time
async def test_the_farewell_is_played_to_its_end_before_the_line_is_closed() -> None:
    async with call("One. Two. Three.", synthesizer=SteadyVoice(sentence_ms=2000)) as c:
        await c.ended.wait()
    assert c.provider.played == 3 * 16000


@in_virtual_time
async def test_the_farewell_is_not_cut_short_by_a_thank_you() -> None:
    async with call("You are booked. Goodbye.", synthesizer=SteadyVoice(sentence_ms=3000)) as c:
        await c.provider.until(lambda: c.provider.played > 0)
        await c.provider.speak(spoken(NOISE))
        await c.ended.wait()
    assert (c.provider.played, c.provider.clears) == (2 * 24000, 0)


@in_virtual_time
async def test_a_provider_without_marks_does_not_hold_the_line_for_ever() -> None:
    async with call("Goodbye.") as c:
        c.provider.on_hold = True
        await asyncio.wait_for(c.ended.wait(), 10)


@in_virtual_time
async def test_the_record_is_closed_before_the_line() -> None:
    """The provider asks what to do next as soon as the line is closed; the record must know."""
    async with call("Goodbye.") as c:
        await c.provider.until(lambda: c.provider.close_code is not None)
        assert c.notebook.closed.is_set()


@in_virtual_time
async def test_a_message_is_committed_before_its_first_frame() -> None:
    received_at_commit: list[int] = []

    class Watching(Notebook):
        async def commit(self, change: Change) -> Saved:
            await asyncio.sleep(0.5)
            received_at_commit.append(len(c.provider.received))
            return await super().commit(change)

    async with call("Hello.", notebook=Watching()) as c:
        await c.ended.wait()
    assert received_at_commit[0] == 0


@in_virtual_time
async def test_messages_carry_the_moment_at_which_they_began() -> None:
    async with call("What is your name?", NAME) as c:
        await c.provider.until_heard()
        began = now()
        await c.provider.speak(spoken(JOHN, 1000))
        await c.ended.wait()
    bot, caller = c.notebook.messages
    assert bot.started_at < caller.started_at
    assert abs(caller.started_at - began) < timedelta(milliseconds=60)


@in_virtual_time
async def test_a_complete_answer_is_answered_sooner_than_an_incomplete_one() -> None:
    async def answered_after(code: int) -> float:
        async with call(NAME, stt=CodedTranscriber(PHRASES, delay_s=0.05)) as c:
            await c.provider.speak(spoken(code))
            begun = asyncio.get_running_loop().time()
            await c.ended.wait()
        return c.dialogue.heard_at[0] - begun

    assert await answered_after(JOHN) == pytest.approx(0.3, abs=0.05)
    assert await answered_after(FOUR) == pytest.approx(0.8, abs=0.05)


@in_virtual_time
async def test_a_number_with_a_pause_in_it_is_one_answer() -> None:
    async with call(PHONE) as c:
        await c.provider.speak(spoken(FOUR) + silence(1200) + spoken(FIVE))
        await c.ended.wait()
    assert c.dialogue.texts == ["0412 345 678"]


@in_virtual_time
async def test_a_decode_that_is_overtaken_by_more_words_is_dropped() -> None:
    stt = CodedTranscriber(PHRASES, delay_s=0.5)
    async with call(PHONE, stt=stt) as c:
        await c.provider.speak(spoken(FOUR) + silence(300) + spoken(FIVE))
        await c.ended.wait()
    assert c.dialogue.texts == ["0412 345 678"]
    assert (len(stt.hints), stt.finished) == (2, 1)


@in_virtual_time
async def test_an_incomplete_number_is_heard_again_in_words() -> None:
    stt = CodedTranscriber(PHRASES, WORDS)
    async with call(PHONE, PHONE, CONFIRM, stt=stt) as c:
        await c.provider.speak(spoken(FOUR))
        await c.provider.until(lambda: len(c.dialogue.heard) == 1)
        await c.provider.speak(spoken(FIVE))
        await c.provider.until(lambda: len(c.dialogue.heard) == 2)
        await c.provider.speak(spoken(YES))
        await c.ended.wait()
    # The second reading counts only where it makes a whole number.
    assert c.dialogue.texts == ["zero four one two", "345 678", "yes"]
    assert [hint.words_for_digits for hint in stt.hints] == [False, True, False, True, False]


@in_virtual_time
async def test_silence_is_told_six_seconds_after_the_bot_was_heard() -> None:
    async with call("What is your name?", NAME, NAME) as c:
        await c.provider.until_heard()
        quiet_since = asyncio.get_running_loop().time()
        await c.ended.wait()
    assert c.dialogue.heard == [Silent(), Silent()]
    assert c.dialogue.heard_at[0] - quiet_since == pytest.approx(6.0, abs=0.1)


@in_virtual_time
async def test_the_caller_interrupts_the_bot() -> None:
    tts = SteadyVoice(sentence_ms=4000)
    async with call("What is your name please?", NAME, synthesizer=tts) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.speak(spoken(JOHN, 600))
        await c.ended.wait()
    (heard,) = c.dialogue.heard
    assert isinstance(heard, Utterance)
    assert heard.text == "John Smith"
    assert heard.heard_prefix is not None
    assert heard.heard_prefix
    assert "What is your name please?".startswith(heard.heard_prefix)
    assert heard.heard_prefix != "What is your name please?"
    assert c.provider.clears == 1
    assert c.provider.played < 16000


@in_virtual_time
async def test_an_interruption_stops_sentences_that_are_still_to_come() -> None:
    tts = SteadyVoice(sentence_ms=2000, delay_s=1.5)
    async with call("One. Two. Three. Four.", NAME, synthesizer=tts) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.speak(spoken(JOHN, 600))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith"]
    assert len(tts.said) <= 2


FIXED = frozenset(("Perfect.", "Thank you.", "Is that right?"))


@pytest.mark.parametrize(
    ("line", "begins_s"),
    [
        ("Thank you. I have Ann Lee. Is that right?", 2.0),
        ("Perfect. Thank you. I have Ann Lee.", 2.0),
        ("I have Ann Lee. Is that right?", 2.0),
        ("Thank you. Is that right?", 0.0),
        ("Thank you.", 0.0),
    ],
)
def test_an_opener_at_hand_waits_until_the_line_can_go_on_without_a_gap(
    line: str, begins_s: float
) -> None:
    @in_virtual_time
    async def scenario() -> None:
        tts = SteadyVoice(delay_s=2.0, fixed=FIXED)
        sentences = line.count(".") + line.count("?")
        loop = asyncio.get_running_loop()
        async with call(line, NAME, synthesizer=tts, fixed=FIXED) as c:
            began = loop.time()
            await c.provider.until(lambda: c.provider.played > 0)
            assert loop.time() - began == pytest.approx(begins_s, abs=0.1)
            await c.provider.until_heard(sentences)
            assert loop.time() - began == pytest.approx(begins_s + sentences, abs=0.1)

    scenario()


@in_virtual_time
async def test_nothing_is_written_down_as_said_while_an_opener_waits() -> None:
    tts = SteadyVoice(delay_s=2.0, fixed=FIXED)
    async with call("Thank you. I have Ann Lee.", NAME, synthesizer=tts, fixed=FIXED) as c:
        await asyncio.sleep(1.9)
        assert c.notebook.messages == []
        await c.provider.until_heard(2)
        assert [m.text for m in c.notebook.messages] == ["Thank you. I have Ann Lee."]


@in_virtual_time
async def test_after_a_backchannel_what_is_said_again_waits_for_what_is_not_made_yet() -> None:
    tts = SteadyVoice(sentence_ms=1000, delay_s=1.5)
    async with call("One. Two. Three.", NAME, synthesizer=tts) as c:
        await c.provider.until_heard(1)
        await c.provider.until(lambda: tts.said == ["One.", "Two."] and c.provider.is_playing)
        await c.provider.speak(spoken(HUM, 400))
        await c.provider.until(lambda: c.provider.clears == 1)
        await c.provider.until(lambda: c.provider.is_playing)
        assert tts.said[-1] == "Three."
        await c.provider.until_heard(2)
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith"]


@pytest.mark.parametrize("code", [HUM, NOISE, AMEN])
def test_a_backchannel_or_a_noise_lets_the_bot_go_on(code: int) -> None:
    @in_virtual_time
    async def scenario() -> None:
        tts = SteadyVoice(sentence_ms=2000)
        async with call("One. Two. Three.", NAME, "Bye.", synthesizer=tts) as c:
            await c.provider.until_heard(1)
            await c.provider.speak(spoken(code, 400))
            await c.provider.until(lambda: c.provider.clears == 1)
            await c.provider.until_heard(2)  # the two that were cleared, again
            await c.provider.speak(spoken(JOHN))
            await c.ended.wait()
        heard = c.dialogue.heard[0]
        assert isinstance(heard, Utterance)
        assert (heard.text, heard.heard_prefix) == ("John Smith", None)
        assert tts.said == ["One.", "Two.", "Three.", "Bye."]
        assert [m.text for m in c.notebook.messages] == ["One. Two. Three.", "John Smith", "Bye."]

    scenario()


@in_virtual_time
async def test_who_speaks_over_the_bot_longer_than_a_backchannel_is_heard_whatever_it_means() -> (
    None
):
    async with call("What is your name please?", NAME, synthesizer=SteadyVoice(4000)) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.speak(spoken(AMEN, 1500))
        await c.ended.wait()
    assert c.dialogue.texts == ["Amen."]


@in_virtual_time
async def test_a_piece_of_an_answer_over_the_bots_words_waits_for_the_rest() -> None:
    asked = asks(Step.PHONE, "0412 345 678", idle=(PHRASES[FOUR],))
    async with call("And your number?", asked, synthesizer=SteadyVoice(4000)) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.speak(spoken(FOUR, 400) + silence(700) + spoken(FIVE, 400))
        await c.ended.wait()
    assert c.dialogue.texts == ["0412 345 678"]


@in_virtual_time
async def test_what_is_said_again_over_the_same_words_is_heard_whatever_it_means() -> None:
    async with call("What is your name please?", NAME, synthesizer=SteadyVoice(4000)) as c:
        for clears in (1, 2):
            await c.provider.until(lambda: c.provider.played >= 8000 and c.provider.is_playing)
            await c.provider.speak(spoken(AMEN, 400))
            await c.provider.until(lambda clears=clears: c.provider.clears == clears)
        await c.ended.wait()
    assert c.dialogue.texts == ["Amen."]


@in_virtual_time
async def test_after_a_noise_the_bot_does_not_wait_as_long_as_for_an_answer() -> None:
    stt = CodedTranscriber(PHRASES, delay_s=0.05)
    async with call("Your number?", PHONE, stt=stt, synthesizer=SteadyVoice(3000)) as c:
        await c.provider.until(lambda: c.provider.played >= 4000)
        await c.provider.speak(spoken(NOISE, 400))
        noise_over = asyncio.get_running_loop().time()
        await c.provider.until(lambda: c.provider.is_playing)
        assert asyncio.get_running_loop().time() - noise_over < 0.6
        await c.provider.until_heard()
        await c.provider.key("0412345678#")
        await c.ended.wait()


@in_virtual_time
async def test_a_backchannel_between_two_sentences_loses_none_of_them() -> None:
    tts = SteadyVoice(sentence_ms=1000, delay_s=1.5)
    async with call("One. Two. Three.", NAME, synthesizer=tts) as c:
        await c.provider.until(lambda: c.provider.played >= 4000)
        await c.provider.speak(spoken(HUM, 400))
        await c.provider.until(lambda: tts.said[-1:] == ["Three."])
        await c.provider.until(lambda: not c.provider.is_playing)
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith"]
    assert list(dict.fromkeys(tts.said)) == ["One.", "Two.", "Three."]


@in_virtual_time
async def test_words_between_turns_are_not_taken_for_the_next_answer() -> None:
    tts = SteadyVoice(delay_s=3.0)
    async with call(NAME, "And your number?", CONFIRM, synthesizer=tts) as c:
        await c.provider.speak(spoken(JOHN) + silence(1000) + spoken(YES))
        await c.provider.until_heard()
        await c.provider.speak(spoken(YES))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith", "yes"]
    assert c.dialogue.heard_at[1] > 4.0


@in_virtual_time
async def test_watchers_are_told_what_the_bot_is_doing() -> None:
    phases: list[Phase] = []

    def announce(call_sid: CallSid, phase: Phase) -> None:
        phases.append(phase)

    tts = SteadyVoice(delay_s=0.5)
    async with call("Name?", NAME, "Bye.", synthesizer=tts, announce=announce) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    thinking, speaking, listening = Phase.THINKING, Phase.SPEAKING, Phase.LISTENING
    assert phases[:5] == [thinking, speaking, listening, thinking, speaking]


@in_virtual_time
async def test_a_turn_does_not_hear_the_end_of_the_one_before_it() -> None:
    async with call(CONFIRM, NAME, stt=CodedTranscriber(PHRASES, delay_s=0.05)) as c:
        await c.provider.speak(spoken(YES) + silence(240) + spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.texts == ["yes", "John Smith"]


@in_virtual_time
async def test_keys_are_an_answer_ended_by_hash() -> None:
    async with call("Number?", PHONE) as c:
        await c.provider.until_heard()
        await c.provider.key("0412345678#")
        await c.ended.wait()
    (heard,) = c.dialogue.heard
    assert isinstance(heard, Utterance)
    assert (heard.text, heard.keyed) == ("0412345678", True)


@in_virtual_time
async def test_keys_without_hash_are_an_answer_four_seconds_after_the_last() -> None:
    async with call(PHONE) as c:
        await c.provider.key("04")
        await asyncio.sleep(3.5)
        await c.provider.key("12")
        pressed = asyncio.get_running_loop().time()
        await c.ended.wait()
    assert c.dialogue.texts == ["0412"]
    assert c.dialogue.heard_at[0] - pressed == pytest.approx(4.0, abs=0.1)


@in_virtual_time
async def test_a_yes_in_keys_is_heard_two_seconds_after_its_key_and_with_hash_at_once() -> None:
    for keys, after_s in (("1", 3.0), ("1#", 1.0)):
        async with call(CONFIRM) as c:
            began = asyncio.get_running_loop().time()
            await asyncio.sleep(1)
            await c.provider.key(keys)
            await c.ended.wait()
        assert c.dialogue.texts == ["1"]
        assert c.dialogue.heard_at[0] - began == pytest.approx(after_s, abs=0.1)


@pytest.mark.parametrize("step", FIELDS)
def test_keys_at_a_read_back_are_one_answer_in_every_step(step: Step) -> None:
    @in_virtual_time
    async def scenario() -> None:
        for keys in ("0411222333#", "1300222333#", "0411222333"):
            async with call(replace(CONFIRM, step=step)) as c:
                for key in keys:
                    await asyncio.sleep(1)
                    await c.provider.key(key)
                await c.ended.wait()
            assert c.dialogue.texts == [keys.rstrip("#")]

    scenario()


@in_virtual_time
async def test_a_key_that_is_pressed_twice_is_no_yes_to_the_next_read_back() -> None:
    email = replace(CONFIRM, step=Step.EMAIL)
    async with call(CONFIRM, "And your e-mail is …?", email) as c:
        await c.provider.key("11")
        await c.ended.wait()
    assert c.dialogue.texts == ["11", "Silent"]


@in_virtual_time
async def test_a_key_that_comes_while_the_bot_thinks_is_no_yes_to_what_it_asks_next() -> None:
    email = replace(CONFIRM, step=Step.EMAIL)
    tts = SteadyVoice(delay_s=3.0)
    async with call(CONFIRM, "And your e-mail is …?", email, synthesizer=tts) as c:
        await c.provider.key("1#")
        await c.provider.until(lambda: len(c.dialogue.heard) == 1)
        await c.provider.key("1")
        await c.ended.wait()
    assert c.dialogue.texts == ["1", "Silent"]


@in_virtual_time
async def test_a_key_in_the_middle_of_a_question_answers_that_question() -> None:
    tts = SteadyVoice(sentence_ms=2000, delay_s=1.5)
    async with call(NAME, "Your number is …. Is that right?", CONFIRM, synthesizer=tts) as c:
        await c.provider.speak(spoken(JOHN))
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.key("1")
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith", "1"]
    assert isinstance(c.dialogue.heard[1], Utterance)
    assert c.dialogue.heard[1].heard_prefix is not None


@in_virtual_time
async def test_a_hash_that_comes_too_late_does_not_interrupt_the_bot() -> None:
    tts = SteadyVoice(sentence_ms=3000)
    async with call(PHONE, "Is that right?", CONFIRM, synthesizer=tts) as c:
        await c.provider.key("0412345678")
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.key("#")
        await c.provider.until_heard()
        await c.provider.key("1")
        await c.ended.wait()
    assert c.dialogue.texts == ["0412345678", "1"]
    assert c.provider.clears == 0


@in_virtual_time
async def test_what_a_stuck_key_adds_is_dropped() -> None:
    async with call(PHONE) as c:
        await c.provider.key("5" * 300 + "#")
        await c.ended.wait()
    assert c.dialogue.texts == ["5" * MOST_KEYS]


@in_virtual_time
async def test_a_key_stops_the_bot_and_its_tone_is_no_speech() -> None:
    async with call("Please key in your number.", PHONE, synthesizer=SteadyVoice(5000)) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.key("0")
        await c.provider.speak(spoken(JOHN, 300) + silence(1800))
        await c.provider.key("4#")
        await c.ended.wait()
    (heard,) = c.dialogue.heard
    assert isinstance(heard, Utterance)
    assert (heard.text, heard.keyed) == ("04", True)
    assert heard.heard_prefix is not None
    assert c.provider.clears == 1


@in_virtual_time
async def test_a_lone_hash_is_no_answer() -> None:
    async with call(PHONE) as c:
        await c.provider.key("#")
        await c.ended.wait()
    assert c.dialogue.heard == [Silent()]


@in_virtual_time
async def test_a_call_that_lasts_too_long_is_told_so_and_may_say_goodbye() -> None:
    async with call(NAME, "Goodbye.", max_call_s=4.0) as c:
        await c.ended.wait()
    assert c.dialogue.heard == [TimeUp()]
    assert c.provider.played == 8000


@in_virtual_time
async def test_a_conversation_that_does_not_say_goodbye_is_cut() -> None:
    async with call(*[NAME] * 100, max_call_s=4.0) as c:
        await c.ended.wait()
    assert 64 <= asyncio.get_running_loop().time() < 70
