"""One call of a caller, with what must have happened before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voicebot.business import Business
from voicebot.call import Step

from .caller import Caller
from .judge import MOST_TURNS, Call, Failure, Kind, judge
from .persona import Persona
from .phones import Phone

_SOMEBODY_ELSE = {"AU": "+61491578957", "GB": "+441134960999", "US": "+13035550199"}
_NUMBER_ANYWHERE = "+442079460999"


@dataclass(frozen=True)
class Result:
    """A call that was played, and what went wrong in it."""

    persona: Persona
    business: str
    call: Call
    failures: tuple[Failure, ...]
    was_offered: bool

    @property
    def is_right(self) -> bool:
        """True when nothing went wrong."""
        return not self.failures


async def play(persona: Persona, business: Business, phone: Phone, call_sid: str) -> Result:
    """Set up what the caller finds, hold the call, and judge it."""
    missing = await _set_up(persona, business, phone, call_sid)
    caller = Caller(persona, business, phone.now)
    call = await _hold(persona, phone, caller, call_sid)
    failures = (*missing, *caller.failures, *judge(persona, caller.wants, call))
    return Result(persona, business.company.id, call, failures, caller.was_offered)


async def _hold(persona: Persona, phone: Phone, caller: Caller, call_sid: str) -> Call:
    seen = await phone.ring(call_sid, persona.number)
    log, ended = [("bot", seen.words)], False
    while not seen.over and not ended and len(log) < 2 * MOST_TURNS:
        line = caller.next_line(seen)
        seen = await phone.say(line)
        log += [("caller", line.say), ("bot", seen.words)]
        ended = line.ends
    caller.hear(seen)
    await phone.hang_up()
    end = replace(await phone.look(call_sid), over=seen.over)
    before = await phone.look(f"{call_sid}-before") if persona.before else None
    return Call(tuple(log), end, ended, before)


async def _set_up(
    persona: Persona, business: Business, phone: Phone, call_sid: str
) -> list[Failure]:
    """Book the times of other callers, and the caller's own earlier appointment."""
    calls = [(f"{call_sid}-taken-{name}", _other(business, name)) for name in persona.taken]
    if (before := persona.before) is not None:
        booked = {**before.model_dump(), "email": "", "time": before.time}
        calls.append((f"{call_sid}-before", {Step(step): value for step, value in booked.items()}))
    failures = []
    for sid, truth in calls:
        plain = Persona.model_validate(
            {"id": sid, "kind": "set up", "times": persona.times, "truth": truth}
        )
        call = await _hold(plain, phone, Caller(plain, business, phone.now), sid)
        if not call.end.booked:
            failures.append(Failure(Kind.NOT_SET_UP, " / ".join(call.bot_words[-3:])))
    return failures


def _other(business: Business, moment: str) -> dict[Step, str]:
    return {
        Step.NAME: "Alex Elsewhere",
        Step.PHONE: _SOMEBODY_ELSE.get(business.region, _NUMBER_ANYWHERE),
        Step.ADDRESS: "2 Chapel Street",
        Step.EMAIL: "",
        Step.SERVICE: business.services[0].id,
        Step.TIME: moment,
    }
