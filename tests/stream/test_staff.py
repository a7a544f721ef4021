"""Commands of staff in a call: between the turns, once, and settled."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from tests.stream.calls import JOHN, NAME, Dialogue, call, now
from tests.stream.doubles import SteadyVoice, spoken
from voicebot.call import COMMAND_LIFE_S, CallSid, CommandKind, CommandRefusal, StaffCommand
from voicebot.collect.collector import Hear, SayAloud
from voicebot.collect.events import Expectation, Silent, Utterance
from voicebot.errors import Fenced
from voicebot.ledger import Ledger
from voicebot.stream.paced_reading import READ_S
from voicebot.stream.staff import PAUSE_MS

pytestmark = pytest.mark.virtual_time


@dataclass
class Settlements:
    """What became of commands, in order."""

    of: dict[str, CommandRefusal | None] = field(default_factory=dict)

    def __call__(
        self, call_sid: CallSid, command: StaffCommand, refused: CommandRefusal | None
    ) -> None:
        assert command.id not in self.of, "settled twice"
        self.of[command.id] = refused


@dataclass
class Obedient(Dialogue):
    """A conversation that says what staff have it say, and asks again."""

    refuses: CommandRefusal | None = None

    async def __call__(self, ledger: Ledger, hear: Hear, say: SayAloud) -> object:
        for item in self.script:
            if isinstance(item, str):
                await self._say(item, ledger, say)
            else:
                await self._ask(item, ledger, hear, say)
        return None

    async def _ask(self, asked: Expectation, ledger: Ledger, hear: Hear, say: SayAloud) -> None:
        while not isinstance(heard := await hear(asked), Utterance):
            if isinstance(heard, Silent):
                continue
            assert isinstance(heard, StaffCommand)
            self.heard.append(heard)
            self.heard_at.append(asyncio.get_running_loop().time())
            if self.refuses is None:
                await self._say(heard.text, ledger, say)
            asked = replace(asked, refused=self.refuses)
        self.heard.append(heard)


def command(name: str = "1-0", text: str = "Sam is near.") -> StaffCommand:
    return StaffCommand(CommandKind.SAY, "Kim", now(), text, id=name)


async def test_a_command_follows_the_bots_own_words_and_is_settled_by_the_next_question() -> None:
    settled, dialogue = Settlements(), Obedient(["What is your name?", NAME, "Bye."])
    async with call(converse=dialogue, settle=settled, synthesizer=SteadyVoice(2000)) as c:
        await c.provider.until(lambda: c.provider.played > 0)
        c.sessions[0].command(command())
        await c.provider.until_heard(2)
        assert settled.of == {"1-0": None}
        assert c.provider.clears == 0
        await c.end_with(spoken(JOHN))
    said = [message.text for message in c.notebook.messages]
    assert said == ["What is your name?", "Sam is near.", "Bye."]


async def test_a_caller_who_is_speaking_is_heard_first() -> None:
    settled = Settlements()
    dialogue = Obedient(["Name?", NAME, "And?", NAME, "Bye."])
    async with call(converse=dialogue, settle=settled) as c:
        await c.provider.until_heard()
        speaking = asyncio.create_task(c.provider.speak(spoken(JOHN, 2000)))
        await asyncio.sleep(0.5)
        c.sessions[0].command(command())
        await speaking
        await c.provider.until_heard(2)
        await c.end_with(spoken(JOHN))
    assert [type(heard).__name__ for heard in dialogue.heard] == [
        *("Utterance", "StaffCommand", "Utterance")
    ]
    assert settled.of == {"1-0": None}


async def test_who_is_about_to_answer_is_waited_for() -> None:
    dialogue = Obedient(["Name?", NAME, "Bye."])
    async with call(converse=dialogue, settle=Settlements()) as c:
        await c.provider.until_heard()
        asked_at = asyncio.get_running_loop().time()
        await asyncio.sleep(2 * READ_S)  # its mark is read
        c.sessions[0].command(command())
        await c.provider.until(lambda: dialogue.heard_at)
        waited_s = dialogue.heard_at[0] - asked_at
        assert waited_s == pytest.approx(PAUSE_MS / 1000, abs=0.05)
        await c.provider.until_heard()
        await c.end_with(spoken(JOHN))


async def test_two_commands_are_obeyed_in_their_order_and_a_repeated_one_once() -> None:
    settled, dialogue = Settlements(), Obedient(["Name?", NAME, "Bye."])
    async with call(converse=dialogue, settle=settled) as c:
        await c.provider.until_heard()
        for name in ("1-0", "2-0", "1-0"):
            c.sessions[0].command(command(name, f"Sentence {name}."))
        await c.provider.until(lambda: len(settled.of) == 2)
        c.sessions[0].command(command("1-0"))
        await c.provider.until(lambda: not c.provider.is_playing)
        await c.end_with(spoken(JOHN))
    said = [message.text for message in c.notebook.messages]
    assert said == ["Name?", "Sentence 1-0.", "Sentence 2-0.", "Bye."]


async def test_a_refusal_says_why_and_the_caller_hears_nothing() -> None:
    settled = Settlements()
    dialogue = Obedient(["Name?", NAME, "Bye."], refuses=CommandRefusal.CLOSED)
    async with call(converse=dialogue, settle=settled) as c:
        await c.provider.until_heard()
        c.sessions[0].command(command())
        await c.provider.until(lambda: settled.of)
        await c.end_with(spoken(JOHN))
    assert settled.of == {"1-0": CommandRefusal.CLOSED}
    assert [message.text for message in c.notebook.messages] == ["Name?", "Bye."]


async def test_what_waits_when_the_caller_hangs_up_is_refused() -> None:
    settled, dialogue = Settlements(), Obedient(["Name?", NAME, "Bye."])
    async with call(converse=dialogue, settle=settled, synthesizer=SteadyVoice(4000)) as c:
        await c.provider.until(lambda: c.provider.played > 0)
        await c.provider.speak(spoken(JOHN, 300))
        c.sessions[0].command(command())
        await c.provider.hang_up()
        await c.ended.wait()
    assert settled.of == {"1-0": CommandRefusal.CALL_HAS_ENDED}


async def test_what_waits_when_the_line_is_lost_is_left_to_the_next_session() -> None:
    settled, dialogue = Settlements(), Obedient(["Name?", NAME, "Bye."])
    async with call(converse=dialogue, settle=settled, synthesizer=SteadyVoice(4000)) as c:
        await c.provider.until(lambda: c.provider.played > 0)
        await c.provider.speak(spoken(JOHN, 300))
        c.sessions[0].command(command())
        c.provider.socket.transport.abort()
        await c.ended.wait()
    assert settled.of == {}


async def test_a_call_that_another_server_carries_on_settles_nothing() -> None:
    settled, dialogue = Settlements(), Obedient(["Name?", NAME, "Bye."])
    async with call(converse=dialogue, settle=settled) as c:
        await c.provider.until_heard()
        await asyncio.sleep(2 * READ_S)  # its mark is read
        c.sessions[0].command(command())
        with suppress(Fenced):
            c.sessions[0].supersede()
        await c.ended.wait()
    assert settled.of == {}


async def test_a_command_that_comes_too_late_is_not_obeyed() -> None:
    settled, dialogue = Settlements(), Obedient(["Name?", NAME, "Bye."])
    async with call(converse=dialogue, settle=settled) as c:
        await c.provider.until_heard()
        old = replace(command(), at=now())
        await asyncio.sleep(COMMAND_LIFE_S + 1)
        c.sessions[0].command(old)
        await c.provider.until(lambda: settled.of)
        await c.end_with(spoken(JOHN))
    assert settled.of == {"1-0": CommandRefusal.TOO_LATE}
