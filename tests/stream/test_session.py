"""One call over a real socket, in virtual time: what is asked, heard, said."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.collect.conversation import at
from tests.stream.calls import (
    CONFIRM,
    EPOCH,
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
    call,
    now,
)
from tests.stream.doubles import CodedTranscriber, SteadyVoice, silence, spoken
from voicebot.call import CallSid, Change, Phase, Saved, Status, Step
from voicebot.collect.collector import Hear, SayAloud, converse, expectation
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import TimeUp, Utterance
from voicebot.collect.understand import understand_by_rules
from voicebot.ledger import Ledger
from voicebot.stream.state import FillerPhrases

pytestmark = pytest.mark.virtual_time


async def test_a_question_is_asked_and_its_answer_heard() -> None:
    async with call("What is your name?", NAME, "Goodbye.") as c:
        await c.provider.until_heard()
        await c.end_with(spoken(JOHN))
    assert c.dialogue.texts == ["John Smith"]
    assert [m.text for m in c.notebook.messages] == ["What is your name?", "John Smith", "Goodbye."]
    assert c.provider.close_code == 1000
    assert c.notebook.statuses == [Status.BOOKED]


async def test_the_farewell_is_played_to_its_end_before_the_line_is_closed() -> None:
    async with call("One. Two. Three.", synthesizer=SteadyVoice(sentence_ms=2000)) as c:
        await c.ended.wait()
    assert c.provider.played == 3 * 16000


async def test_a_provider_without_marks_does_not_hold_the_line_for_ever() -> None:
    async with call("Goodbye.") as c:
        c.provider.on_hold = True
        await asyncio.wait_for(c.ended.wait(), 10)


async def test_the_record_is_closed_before_the_line() -> None:
    """The provider asks what to do next as soon as the line is closed; the record must know."""
    async with call("Goodbye.") as c:
        await c.provider.until(lambda: c.provider.close_code is not None)
        assert c.notebook.closed.is_set()


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


async def test_a_decode_that_is_overtaken_by_more_words_is_dropped() -> None:
    stt = CodedTranscriber(PHRASES, delay_s=0.5)
    async with call(PHONE, stt=stt) as c:
        await c.end_with(spoken(FOUR) + silence(300) + spoken(FIVE))
    assert c.dialogue.texts == ["0412 345 678"]
    assert (len(stt.hints), stt.finished) == (2, 1)


async def test_the_caller_interrupts_the_bot() -> None:
    tts = SteadyVoice(sentence_ms=4000)
    async with call("What is your name please?", NAME, synthesizer=tts) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.end_with(spoken(JOHN, 600))
    (heard,) = c.dialogue.heard
    assert isinstance(heard, Utterance)
    assert heard.text == "John Smith"
    assert heard.heard_prefix is not None
    assert heard.heard_prefix
    assert "What is your name please?".startswith(heard.heard_prefix)
    assert heard.heard_prefix != "What is your name please?"
    assert c.provider.clears == 1
    assert c.provider.played < 16000


async def test_an_interruption_stops_sentences_that_are_still_to_come() -> None:
    tts = SteadyVoice(sentence_ms=2000, delay_s=1.5)
    async with call("One. Two. Three. Four.", NAME, synthesizer=tts) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.end_with(spoken(JOHN, 600))
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
async def test_an_opener_at_hand_waits_until_the_line_can_go_on_without_a_gap(
    line: str, begins_s: float
) -> None:
    tts = SteadyVoice(delay_s=2.0, fixed=FIXED)
    sentences = line.count(".") + line.count("?")
    loop = asyncio.get_running_loop()
    async with call(line, NAME, synthesizer=tts, fixed=FIXED) as c:
        began = loop.time()
        await c.provider.until(lambda: c.provider.played > 0)
        assert loop.time() - began == pytest.approx(begins_s, abs=0.1)
        await c.provider.until_heard(sentences)
        assert loop.time() - began == pytest.approx(begins_s + sentences, abs=0.1)


@pytest.mark.parametrize(
    ("line", "waits_s"),
    [
        ("Perfect. I have Ann Lee.", 0.0),  # a second of opener, 0.4 s to make the rest
        ("Perfect. Thank you. I have Ann Lee. Is that right?", 0.0),
        ("I have Ann Lee. Is that right?", 0.4),
    ],
)
async def test_an_opener_that_sounds_longer_than_sentences_take_does_not_wait(
    line: str, waits_s: float
) -> None:
    tts = SteadyVoice(delay_s=0.4, fixed=FIXED)
    sentences = line.count(".") + line.count("?")
    loop = asyncio.get_running_loop()
    async with call("I am Bo.", NAME, line, NAME, synthesizer=tts, fixed=FIXED) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN))
        await c.provider.until(lambda: bool(c.dialogue.heard_at))
        began, played = c.dialogue.heard_at[0], c.provider.played
        await c.provider.until(lambda: c.provider.played > played)
        assert loop.time() - began == pytest.approx(waits_s, abs=0.1)
        await c.provider.until_heard(sentences)
        assert loop.time() - began == pytest.approx(waits_s + sentences, abs=0.1)


async def test_nothing_is_written_down_as_said_while_an_opener_waits() -> None:
    tts = SteadyVoice(delay_s=2.0, fixed=FIXED)
    async with call("Thank you. I have Ann Lee.", NAME, synthesizer=tts, fixed=FIXED) as c:
        await asyncio.sleep(1.9)
        assert c.notebook.messages == []
        await c.provider.until_heard(2)
        assert [m.text for m in c.notebook.messages] == ["Thank you. I have Ann Lee."]


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
        await c.end_with(spoken(JOHN))
    assert c.dialogue.texts == ["John Smith"]


async def test_a_piece_of_a_number_is_heard_again_in_words() -> None:
    stt = CodedTranscriber(PHRASES, WORDS)
    async with call(PHONE, stt=stt) as c:
        await c.end_with(spoken(FOUR))
    assert c.dialogue.texts == ["zero four one two"]
    assert [hint.words_for_digits for hint in stt.hints] == [False, True]


@pytest.mark.parametrize("yes_ms", [400, 1300])
async def test_a_yes_over_a_read_back_is_none_until_its_value_was_heard(yes_ms: int) -> None:
    """The value is read back again, and waits for another yes."""

    async def reads_back(ledger: Ledger, hear: Hear, say: SayAloud) -> object:
        answers = {Step.PHONE: "+61412345678"}
        held = at(Step.PHONE, mode=Mode.CONFIRMING, answers=answers)
        understand = understand_by_rules
        return await converse(
            held, hear=hear, say=say, ledger=ledger, understand=understand, clock=now
        )

    async with call(converse=reads_back) as c:
        await c.provider.until_heard(2)  # who speaks; then the number is read back
        await asyncio.sleep(0.2)
        await c.provider.speak(spoken(YES, yes_ms))
        await asyncio.sleep(4)  # the bot has read it (again), and nobody says a word
        assert not [change for change in c.notebook.changes if change.confirmed]
        await c.provider.speak(spoken(YES))
        await c.provider.until(lambda: any(x.confirmed for x in c.notebook.changes))
        await c.provider.hang_up()
    read_back = [m for m in c.notebook.messages if "0412 345 678" in m.text]
    assert len(read_back) == 2


async def test_who_dictates_in_groups_is_encouraged_and_heard_as_a_whole() -> None:
    question, signs = expectation(at(Step.PHONE), lambda: EPOCH), ("Go on.", "Yes.")
    tts = SteadyVoice(sentence_ms=400)
    async with call("Number?", question, synthesizer=tts, backchannels=signs) as c:
        await c.provider.until_heard()
        before = c.provider.played
        await c.provider.speak(spoken(FOUR))
        await c.provider.until(lambda: c.provider.played > before, 3.4)
        await c.end_with(silence(600) + spoken(FIVE))
    assert c.dialogue.texts == ["0412 345 678"]
    assert tts.said == ["Number?", "Go on."]
    assert [m.text for m in c.notebook.messages] == ["Number?", "0412 345 678"]


async def test_a_backchannel_lets_the_bot_go_on() -> None:
    tts = SteadyVoice(sentence_ms=2000)
    async with call("One. Two. Three.", NAME, "Bye.", synthesizer=tts) as c:
        await c.provider.until_heard(1)
        await c.provider.speak(spoken(HUM, 400))
        await c.provider.until(lambda: c.provider.clears == 1)
        await c.provider.until_heard(2)  # the two that were cleared, again
        await c.end_with(spoken(JOHN))
    heard = c.dialogue.heard[0]
    assert isinstance(heard, Utterance)
    assert (heard.text, heard.heard_prefix) == ("John Smith", None)
    assert tts.said == ["One.", "Two.", "Three.", "Bye."]
    assert [m.text for m in c.notebook.messages] == ["One. Two. Three.", "John Smith", "Bye."]


async def test_after_a_noise_the_bot_goes_on_sooner_than_after_an_answer() -> None:
    stt = CodedTranscriber(PHRASES, delay_s=0.05)
    async with call("Your number?", PHONE, stt=stt, synthesizer=SteadyVoice(3000)) as c:
        await c.provider.until(lambda: c.provider.played >= 4000)
        await c.provider.speak(spoken(NOISE, 400))
        noise_over = asyncio.get_running_loop().time()
        await c.provider.until(lambda: c.provider.is_playing)
        assert asyncio.get_running_loop().time() - noise_over < 0.6
        await c.provider.until_heard()
        await c.provider.hang_up()


async def test_a_late_answer_is_bridged_with_phrases_that_are_no_messages_of_the_record() -> None:
    class LateTts(SteadyVoice):
        async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
            if sentence == "Thank you.":
                await asyncio.sleep(6.0)
            async for mulaw in super().speak(sentence):
                yield mulaw

    tts, phrases = LateTts(500), FillerPhrases(("One moment.", "Just a second."), after_s=0.7)
    async with call("Hello.", NAME, "Thank you.", synthesizer=tts, fillers=phrases) as c:
        await c.provider.until_heard()
        await c.end_with(spoken(JOHN))
    assert tts.said == ["Hello.", "One moment.", *["Just a second."] * 2, "Thank you."]
    assert c.provider.played == 5 * 4000
    assert [m.text for m in c.notebook.messages] == ["Hello.", "John Smith", "Thank you."]


async def test_a_backchannel_between_two_sentences_loses_none_of_them() -> None:
    tts = SteadyVoice(sentence_ms=1000, delay_s=1.5)
    async with call("One. Two. Three.", NAME, synthesizer=tts) as c:
        await c.provider.until(lambda: c.provider.played >= 4000)
        await c.provider.speak(spoken(HUM, 400))
        await c.provider.until(lambda: tts.said[-1:] == ["Three."])
        await c.provider.until(lambda: not c.provider.is_playing)
        await c.end_with(spoken(JOHN))
    assert c.dialogue.texts == ["John Smith"]
    assert list(dict.fromkeys(tts.said)) == ["One.", "Two.", "Three."]


async def test_watchers_are_told_what_the_bot_is_doing() -> None:
    phases: list[Phase] = []

    def announce(call_sid: CallSid, phase: Phase) -> None:
        phases.append(phase)

    tts = SteadyVoice(delay_s=0.5)
    async with call("Name?", NAME, "Bye.", synthesizer=tts, announce=announce) as c:
        await c.provider.until_heard()
        await c.end_with(spoken(JOHN))
    thinking, speaking, listening = Phase.THINKING, Phase.SPEAKING, Phase.LISTENING
    assert phases[:5] == [thinking, speaking, listening, thinking, speaking]


async def test_a_turn_does_not_hear_the_end_of_the_one_before_it() -> None:
    async with call(CONFIRM, NAME, stt=CodedTranscriber(PHRASES, delay_s=0.05)) as c:
        await c.end_with(spoken(YES) + silence(240) + spoken(JOHN))
    assert c.dialogue.texts == ["yes", "John Smith"]


async def test_keys_without_hash_are_an_answer_four_seconds_after_the_last() -> None:
    async with call(PHONE) as c:
        await c.provider.key("04")
        await asyncio.sleep(3.5)
        await c.provider.key("12")
        pressed = asyncio.get_running_loop().time()
        await c.ended.wait()
    assert c.dialogue.texts == ["0412"]
    assert c.dialogue.heard_at[0] - pressed == pytest.approx(4.0, abs=0.1)


async def test_a_yes_in_keys_is_heard_two_seconds_after_its_key_and_with_hash_at_once() -> None:
    for keys, after_s in (("1", 3.0), ("1#", 1.0)):
        async with call(CONFIRM) as c:
            began = asyncio.get_running_loop().time()
            await asyncio.sleep(1)
            await c.provider.key(keys)
            await c.ended.wait()
        assert c.dialogue.texts == ["1"]
        assert c.dialogue.heard_at[0] - began == pytest.approx(after_s, abs=0.1)


async def test_a_call_that_lasts_too_long_is_told_so_and_may_say_goodbye() -> None:
    async with call(NAME, "Goodbye.", max_call_s=4.0) as c:
        await c.ended.wait()
    assert c.dialogue.heard == [TimeUp()]
    assert c.provider.played == 8000


async def test_a_conversation_that_does_not_say_goodbye_is_cut() -> None:
    async with call(*[NAME] * 100, max_call_s=4.0) as c:
        await c.ended.wait()
    assert 64 <= asyncio.get_running_loop().time() < 70
