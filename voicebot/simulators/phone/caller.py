"""The scripted caller: waits until the bot has finished, then says the next line."""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

from voicebot.call import Step
from voicebot.errors import PhoneError
from voicebot.simulators.phone.console import Console, Record
from voicebot.simulators.phone.line import MediaStream, Reply
from voicebot.simulators.phone.recordings import Clip
from voicebot.simulators.phone.script import Cue, Kind, Prompter, Script, ScriptLine

PATIENCE_S: Final = 30.0
"""A caller hangs up after so long a silence of the bot."""

SIGN_WAIT_S: Final = 3.4
"""A caller who dictates in groups waits so long for a sign of the bot, then goes on without."""

AFTER_SIGN_S: Final = 0.3
"""From the end of the sign to the next group."""

GONE_ON_S: Final = 0.5
"""The time into the bot's next sentence at which `hangup_after` ends the call."""


class Observer(Protocol):
    """Observes a call."""

    def said(self, who: str, text: str) -> None:
        """Report what `bot` or `caller` said."""

    def answered(self, latency_ms: float) -> None:
        """Report the latency from the caller's last voiced sample to the bot's first frame."""

    def noticed(self, text: str) -> None:
        """Report a remark of the phone."""


class Caller:
    """Plays a script, also through reconnections of the same call.

    clips         the script's spoken lines as audio
    hangup_after  hang up when this step is saved and the bot has gone on
    books         False: hang up when the time is read back, as a yes to that books
    """

    def __init__(
        self,
        script: Script,
        clips: Mapping[ScriptLine, Clip],
        observer: Observer,
        *,
        console: Console | None = None,
        hangup_after: Step | None = None,
        books: bool = True,
    ) -> None:
        self._prompter = Prompter(script)
        self._clips = clips
        self._observer = observer
        self._console = console
        self._hangup_after = hangup_after
        self._books = books
        self._shown = 0
        self.gave_up = False
        """True when the caller hung up because the bot was silent."""

    async def talk(self, line: MediaStream) -> None:
        """Converse until the stream is closed or the caller hangs up."""
        spoken_until, timed = line.clock.now(), False
        while not line.hung_up:
            reply = await self._bot_begins(line, spoken_until)
            if reply is None:
                return
            if timed and not reply.overlapped:
                self._observer.answered((reply.at - spoken_until) * 1000)
            record = await self.look()
            if self._is_to_hang_up(record):
                await line.clock.until(reply.at + GONE_ON_S)
                line.hang_up()
                return
            cue, values = (record.cue, record.values) if record else (None, {})
            script_line = self._prompter.line(cue, values)
            if script_line.interrupt_after_ms is None:
                await line.bot_finished()
            else:
                await line.clock.until(reply.at + script_line.interrupt_after_ms / 1000)
            timed = script_line.kind is not Kind.SILENCE
            spoken_until = self._say(line, script_line)
            for group in script_line.groups:
                await self._sign(line, spoken_until)
                spoken_until = self._say(line, group)
            await line.clock.until(spoken_until)

    async def look(self) -> Record | None:
        """Return the record, if a console answers, and report the bot's new messages."""
        record = await self._asked()
        said = record.bot_said if record else []
        for text in said[self._shown :]:
            self._observer.said("bot", text)
        self._shown = max(self._shown, len(said))
        return record

    async def skip_history(self) -> None:
        """Do not report messages from before this call."""
        record = await self._asked()
        self._shown = len(record.bot_said) if record else 0

    async def _asked(self) -> Record | None:
        if self._console is None:
            return None
        try:
            return await self._console.look()
        except PhoneError as error:
            self._observer.noticed(f"{error}; going on with the lines in their order")
            return None

    async def _bot_begins(self, line: MediaStream, after: float) -> Reply | None:
        """Wait for the bot; None when it was silent for too long and the caller hung up."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await line.reply(after)
        except TimeoutError:
            self._observer.noticed(f"the bot said nothing for {PATIENCE_S:.0f} s: hanging up")
            self.gave_up = True
            line.hang_up()
            return None

    async def _sign(self, line: MediaStream, after: float) -> None:
        """Wait for a sign that the bot listens, and until it was said."""
        await line.clock.until(after)
        try:
            async with asyncio.timeout(SIGN_WAIT_S):
                await line.reply(after)
        except TimeoutError:
            self._observer.noticed(f"no sign of the bot for {SIGN_WAIT_S} s: going on")
            return
        await line.clock.until(line.playout.ends_at + AFTER_SIGN_S)

    def _is_to_hang_up(self, record: Record | None) -> bool:
        step = self._hangup_after
        if not self._books and record is not None and record.cue == Cue(Step.TIME, confirming=True):
            self._observer.noticed("hanging up before it is booked")
            return True
        if step is None or record is None or step not in record.values:
            return False
        return record.cue is None or record.cue.step is not step

    def _say(self, line: MediaStream, script_line: ScriptLine) -> float:
        """Start to say it; return the moment of its last voiced sample or key."""
        match script_line.kind:
            case Kind.SILENCE:
                self._observer.said("caller", "(silence)")
                return line.clock.now()
            case Kind.HANG_UP:
                self._observer.said("caller", "(hangs up)")
                line.hang_up()
                return line.clock.now()
            case Kind.KEYS:
                self._observer.said("caller", f"(keys {script_line.text})")
                return line.press(script_line.text)
        clip = self._clips[script_line]
        self._observer.said("caller", clip.text)
        return line.speak(clip)
