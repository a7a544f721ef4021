"""Choose a caller's next words from what the bot asks and says. Pure."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

import phonenumbers

from voicebot.business import Business
from voicebot.call import FIELDS, Step

from .judge import Failure, Kind
from .moments import Moment, heard
from .persona import Line, Persona
from .phones import Seen
from .wants import Wants, words_of

_PLAIN = {
    "en": {
        "name": "My name is {}",
        "service": "I need {}",
        "yes": "Yes",
        "no": "No, it's {}",
        "none": "I don't have one",
        "never": "I'd rather not say",
        "all": "No, that's everything, thank you",
        "unwanted": "No, I don't want an appointment",
    },
    "es": {
        "name": "Me llamo {}",
        "service": "Necesito {}",
        "yes": "Sí",
        "no": "No, es {}",
        "none": "No tengo",
        "never": "Prefiero no decirlo",
        "all": "No, nada más, gracias",
        "unwanted": "No, no quiero ninguna cita",
    },
    "zh-CN": {
        "name": "我叫{}",
        "service": "我要{}",
        "yes": "对",
        "no": "不对，是{}",
        "none": "没有",
        "never": "不方便说",
        "all": "没有了，谢谢",
        "unwanted": "不用预约",
    },
}
_ANYTHING_ELSE = re.compile(
    r"anything else|that everything|algo más|还有.{0,6}(吗|需要|别的)", re.I
)
_CORRECTED_AT_MOST = 2
"""A caller gives up correcting what is only said in passing."""


class Caller:
    """One caller in a call: what it has said, what it waits for, and what went wrong so far."""

    def __init__(self, persona: Persona, business: Business, now: datetime) -> None:
        self.persona, self._business = persona, business
        self.wants = Wants(persona, business, now)
        self.failures: list[Failure] = []
        self.was_offered = False
        self._plain = _PLAIN[business.language]
        self._used: Counter[str] = Counter()
        self._corrected: Counter[Step] = Counter()
        self._offered: list[datetime] = []
        self._offered_before = False
        self._waiting: list[tuple[Line, int]] = []
        self._last = Line()

    def next_line(self, seen: Seen) -> Line:
        """Hear the bot's words, note what they fail to do, and return what is said next."""
        self.hear(seen)
        line = self._next(seen)
        said = line.say.format(**self.wants.moments, o=self.wants.chosen)
        self._last = line.model_copy(update={"say": said})
        if line.changes:
            self.wants.change(line.changes)
        if line.wrong:
            self._fail(Kind.SAID_WRONG, line.wrong)
        if line.answer:
            self._waiting.append((line, line.within))
        return self._last

    def hear(self, seen: Seen) -> None:
        """Note what the bot's words fail to do; also after the caller's own last line."""
        last, self._last = self._last, Line()
        offered = self._times(seen)
        if last.offered:
            taken = bool(self._offered) and (seen.step, seen.asking) == (Step.TIME, "confirm")
            named = len(offered) > 1 or seen.asking == "choice" or taken  # "the soonest" of three
            self.was_offered |= named
            if not named:
                self._fail(Kind.NOT_OFFERED, last.say)
        if seen.asking == "choice":
            self._offered_before = bool(self._offered or last.offered)
            self._offered = offered or self._offered
        if last.takes and seen.asking == last.takes:
            self._fail(Kind.NOT_UNDERSTOOD, last.say)
        for step in self.persona.told:
            if self._used["opening"] and seen.asking == step and step not in self._asked_for:
                self._fail(Kind.ASKED_AGAIN, step)
        self._hear_answers(seen)

    @property
    def _asked_for(self) -> set[Step]:
        """Steps whose question the caller has noted as put once too often."""
        return {Step(f.words) for f in self.failures if f.kind is Kind.ASKED_AGAIN}

    def _times(self, seen: Seen) -> list[datetime]:
        """Return the times of the last sentence with any; one before may name what is taken."""
        sentences = re.split(r"(?<=[.?!。！？]) *", seen.words)
        named = (heard(s, self.wants.now, self._business.language) for s in reversed(sentences))
        return next((times for times in named if times), [])

    def _hear_answers(self, seen: Seen) -> None:
        waiting = []
        for line, left in self._waiting:
            if re.search(line.answer, seen.words, re.I):
                continue
            if left > 1 and not seen.over:
                waiting.append((line, left - 1))
            else:
                self._fail(Kind.UNANSWERED, line.say)
        self._waiting = waiting

    def _fail(self, kind: Kind, words: str) -> None:
        self.failures.append(Failure(kind, words.format(**self.wants.moments, o=self.wants.chosen)))

    def _next(self, seen: Seen) -> Line:
        if not self._used["opening"]:
            return self._own("opening") or self._plainly(Step.NAME)
        for cue in self.persona.says:
            is_heard = cue.startswith("hear:") and re.search(cue[5:], seen.words, re.I)
            if is_heard and (line := self._own(cue)):
                return line
        if _ANYTHING_ELSE.search(seen.words):
            return Line(say=self._plain["all"])
        if seen.asking == "choice":
            return self._choice()
        if seen.asking == "confirm":
            return self._answer_to_read_back(seen)
        if (wrong := self._said_wrong(seen)) and self._corrected[wrong] < _CORRECTED_AT_MOST:
            return self._correction(wrong)
        step = Step(seen.asking or seen.step)
        return self._own(step) or self._plainly(step)

    def _own(self, cue: str) -> Line | None:
        lines, used = self.persona.says.get(cue, ()), self._used[cue]
        self._used[cue] += 1
        return lines[used] if used < len(lines) else None

    def _choice(self) -> Line:
        if not (self._offered_before or self._used[Step.TIME]) and (wish := self._own(Step.TIME)):
            return wish  # some times are named with the question for it
        line = self._own("offer")
        if line is not None and not line.picks:
            return line
        fitting = [at for at in self._offered if self.wants.time_fits(at)]
        if line is not None and self._offered:
            picked = self._offered[line.picks - (line.picks > 0)] if self._can(line) else None
            if picked is not None and picked not in fitting:
                self._fail(Kind.NOT_OFFERED, f"{picked:%a %d %H:%M} does not suit")
            self._choose(picked or self._offered[0])
            return line
        if not fitting:
            return self._own(Step.TIME) or self._plainly(Step.TIME)
        self._choose(fitting[0])
        return Line(say="{o.whole}")

    def _can(self, line: Line) -> bool:
        return abs(line.picks) <= len(self._offered)

    def _choose(self, at: datetime) -> None:
        self.wants.chosen = Moment(at, self._business.language)

    def _answer_to_read_back(self, seen: Seen) -> Line:
        if wrong := self._read_back_wrong(seen):
            return self._correction(wrong)
        if seen.step == Step.TIME and self._wants_no_time:
            return Line(say=self._plain["unwanted"])
        return self._own(f"{seen.step}?") or Line(say=self._plain["yes"])

    @property
    def _wants_no_time(self) -> bool:
        """True when the caller neither books an appointment nor changes one."""
        expect = self.persona.expect
        return expect.booked is False and expect.before in ("", "stands")

    def _read_back_wrong(self, seen: Seen) -> Step | None:
        """Return the step whose value is read back wrongly; the time by the bot's words."""
        if wrong := self._said_wrong(seen):
            return wrong
        step = Step(seen.step)
        if step is Step.TIME:
            times = self._times(seen)
            return step if times and not self.wants.time_fits(times[-1]) else None
        right = step not in FIELDS or self.wants.is_right(step, seen.answers.get(step))
        return None if right or step not in seen.answers else step

    def _said_wrong(self, seen: Seen) -> Step | None:
        """Return a step whose stored value is wrong, and is in the bot's words."""
        words = set(words_of(seen.words))
        for step in (Step.NAME, Step.ADDRESS, Step.SERVICE):
            value = seen.answers.get(step)
            if value and not self.wants.is_right(step, value):
                shown = self._service_name(value) if step is Step.SERVICE else value
                if set(words_of(shown)) <= words:
                    return step
        return None

    def _service_name(self, value: str) -> str:
        offer = self._business.offer(value)
        return offer.name if offer else value

    def _correction(self, step: Step) -> Line:
        self._corrected[step] += 1
        own = self._own(f"{step}!")
        return own or Line(say=self._plain["no"].format(self._value(step)))

    def _plainly(self, step: Step) -> Line:
        if step not in FIELDS:
            return Line(say=self._plain["all"])
        value = self._value(step)
        if not value:
            return self._again(step)
        return Line(say=self._plain.get(step, "{}").format(value))

    def _again(self, step: Step) -> Line:
        """Return what is said where nothing is left to say: none, or what the caller rang for."""
        if self.wants.is_known(step) and step is not Step.TIME:
            return Line(say=self._plain["none"])
        says, rang_for = self.persona.says, self.persona.says.get("opening", ())
        mine = says.get(step, ()) or (rang_for if not self.persona.expect.booked else ())
        return Line(say=mine[-1].say if mine else self._plain["never"])

    def _value(self, step: Step) -> str:
        """Return the wanted value as the caller says it; empty where there is none."""
        if step is Step.TIME:
            moment = self.wants.chosen or next(iter(self._named_moments()), None)
            return moment.whole if moment else ""
        value = next(iter(self.wants.forms(step)), "")
        if step is Step.PHONE and value:
            number = phonenumbers.parse(value)
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        if step is Step.SERVICE:
            return self._service_name(value)
        return re.sub(r"[()]", "", value) if step is Step.ADDRESS else value

    def _named_moments(self) -> list[Moment]:
        named = [self.wants.moments[name] for name in self.wants.forms(Step.TIME)]
        if named or not self.wants.is_known(Step.TIME):
            return named
        return [moment for moment in self.wants.moments.values() if self.wants.time_fits(moment.at)]
