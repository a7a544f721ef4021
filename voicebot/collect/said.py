"""An utterance as the conversation asks after it: its acts by kind, its values, what is unread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from voicebot.call import Step
from voicebot.collect.answers import WHOLE_WITHOUT
from voicebot.collect.understanding import (
    IDLE,
    Act,
    Affirm,
    Ask,
    Asked,
    Correct,
    Decline,
    Deny,
    Flexible,
    Leave,
    Note,
    Provide,
    Reading,
    Repeat,
    Situation,
    Span,
    Thank,
    Utterance,
    Wait,
    Want,
    Window,
    Withdraw,
    adds_a_job,
    assents,
    commits,
    consents,
    missed,
    utterance,
)
from voicebot.collect.understanding.clauses import REQUESTS, Clause
from voicebot.collect.understanding.consent import is_no_figure, is_part_of
from voicebot.collect.understanding.text import Kind

A = TypeVar("A", bound=Act)

_A_SENTENCE = 3
"""Words from which on they may be a sentence; unread beside a value, they are kept for staff."""
_SAID_AGAIN = (Step.PHONE, Step.ADDRESS, Step.SERVICE)
"""Steps whose value, said again after a no, is the one that was read back."""
_OF_A_TIME = frozenset({"time.weekday", "time.part", "time.onward", "time.early"})
_OF_A_VALUE = (
    *("no.wrong", "no.plain", "mend.remove", "mend.mark", "phone.tail"),
    *("spelling.letter", "name.hint", "name.told", "time.another", "name.hint_none"),
)
"""Words that may mend what was read back, in whatever sentence."""
_OF_PARTING = ("act.leave", "act.thank", "want.nothing", "no.plain", "quiet.courtesy", "yes.agree")
MAY_ASK_A_FIELD = ("", IDLE, "known", "place", "company", "services")
"""Topics of "what address is it", beside those that are understood."""
_NO_STORY = (Step.NAME, Step.ADDRESS, Step.EMAIL)
"""Steps whose values tell of nothing: 7 Flood Street is no flood."""


_NO_REFUSAL: Final = ("email.at", "mend.not", "clause.deny")
"""Phrases beside which a no refuses no address: a piece of one, and what puts us right."""


@dataclass(frozen=True)
class Said:
    """An utterance and its acts, asked by kind, in the situation before it."""

    text: str
    reading: Reading
    situation: Situation
    read_back: tuple[Step, ...] = ()  # whose values a yes was waited for

    def of(self, kind: type[A]) -> tuple[A, ...]:
        """Return the acts of this kind, in the order spoken."""
        return tuple(act for act in self.reading.acts if isinstance(act, kind))

    def has(self, *kinds: type[Act]) -> bool:
        """Return True when there is an act of these kinds."""
        return any(isinstance(act, kinds) for act in self.reading.acts)

    def ends_with(self, kind: type[Act]) -> bool:
        """Return True when the last act, but for thanks, is of this kind."""
        acts = [act for act in self.reading.acts if not isinstance(act, Thank)]
        return bool(acts) and isinstance(acts[-1], kind)

    @property
    def leaves(self) -> bool:
        """A goodbye at the end; or words of parting and no other, whatever they are taken for."""
        said = utterance(self.text, self.situation.language)
        at, bye = 0, False
        while at < len(said):
            part = said.at(at, *_OF_PARTING)
            if part is None and not said.is_sound(at):
                return self.ends_with(Leave)
            bye = bye or (part is not None and part.tag == "act.leave")
            at = part.end if part else at + 1
        return bye or self.ends_with(Leave)

    @property
    def names_a_booking(self) -> bool:
        """True for "my booking", "I already have a booking": one that stands."""
        tags = utterance(self.text, self.situation.language).tags
        return self.wants("existing") or not tags.isdisjoint(("want.existing", "booked.thing"))

    @property
    def has_booked(self) -> bool:
        """A booking is there, not in the making: "I already have one", or the number has one."""
        tags = utterance(self.text, self.situation.language).tags
        return bool(self.situation.coming) or "booked.already" in tags

    @property
    def names_a_move(self) -> bool:
        """A word that moves a booking: "what if I just move it?"."""
        return "booked.change" in utterance(self.text, self.situation.language).tags

    def wants(self, *what: str) -> bool:
        """Return True when one of these is wished for."""
        return any(want.what in what for want in self.of(Want))

    @cached_property
    def values(self) -> tuple[Provide | Correct, ...]:
        """Whole values, and mended ones."""
        return tuple(
            act
            for act in self.reading.acts
            if isinstance(act, (Provide, Correct))
            and act.value is not None
            and not (isinstance(act, Provide) and act.missing and not self._will_do(act))
        )

    def _will_do(self, act: Provide) -> bool:
        """Return whether a value that is not whole, and was not asked for, is kept as it is."""
        asked_for = act.step is self.situation.step and self.situation.asked is Asked.ANSWER
        return act.missing in WHOLE_WITHOUT and not asked_for

    def piece(self, step: Step) -> Provide | None:
        """Return the unfinished answer to a step."""
        found = (a for a in self.of(Provide) if a.step is step and a.missing)
        return next(found, None)

    def _clause_of(self, act: Provide) -> tuple[Utterance, Clause]:
        heard = utterance(self.text, self.situation.language)
        return heard, heard.clause(heard.token_at(act.span[0]))

    def asks_of(self, act: Provide) -> bool:
        """Return whether an act's clause asks or proposes, and ends with the mark of it."""
        heard, clause = self._clause_of(act)
        proposes = any(heard.in_clause(clause, "time.suggests"))
        return (clause.asked or proposes) and heard.low(clause.end - 1) == "?"

    def wishes_for(self, act: Provide) -> bool:
        """Return whether an act's clause is a wish in the form of a question: "can you come …"."""
        heard, clause = self._clause_of(act)
        return any(heard.in_clause(clause, *REQUESTS))

    @property
    def leaves_open(self) -> bool:
        """More than one time is wished for, or one is left out."""
        left = any(note.leaves and note.leaves != Window() for note in self.of(Note))
        return left or self.has(Flexible)

    @property
    def asks_for_times(self) -> bool:
        """ "When can you?", read together with the days that were told."""
        return "ask.free" in utterance(self.text, self.situation.language).tags

    def takes_back(self, step: Step) -> bool:
        """Return True when no value of a step is to be kept: "no, leave it out"."""
        if any(act.step is step for act in self.values):
            return False
        none = "" if self.has(Affirm) else "has none"  # "yes, but I never read it"
        refused = (act for act in self.of(Decline) if act.why in ("refuses", none))
        withdrawn = any(act.step is step for act in self.of(Withdraw))
        return withdrawn or any((act.step or self.situation.step) is step for act in refused)

    @property
    def books(self) -> bool:
        """A booking is wished for, by itself or of a service: "send me another plumber"."""
        of_service = any(act.step is Step.SERVICE for act in self.values)
        tags = utterance(self.text, self.situation.language).tags
        return self.wants("booking") or (of_service and "want.booking" in tags)

    @property
    def told(self) -> str:
        """The words that tell something: without known questions, names and addresses."""
        text = self.text
        for ask in self.of(Ask):
            if ask.topic:
                text = text.replace(ask.about, " ")
        for act in self.values:
            if act.step in _NO_STORY:
                text = text.replace(self.text[slice(*act.span)], " ")
        return text

    @property
    def unread(self) -> bool:
        """Words that no act explains."""
        return bool(self.reading.rest)

    @property
    def unread_text(self) -> str:
        """What no act explains."""
        return " ".join(self.text[slice(*span)] for span in self.reading.rest)

    @cached_property
    def left_over(self) -> str:
        """The sentences that hold words which no act explains."""
        said = utterance(self.text, self.situation.language)
        rest = self.to_tell
        left = (n for n, t in enumerate(said.tokens) if any(a <= t.start < b for a, b in rest))
        return " ".join(dict.fromkeys(said.sentence(n) for n in left)) or self.text

    @cached_property
    def to_tell(self) -> tuple[Span, ...]:
        """The unread words, without the reason given for a wait: "hang on, he's got the hose"."""
        said = utterance(self.text, self.situation.language)
        waits = {said.sentence(said.token_at(act.span[0])) for act in self.of(Wait)}
        rest = self.reading.rest
        return tuple(r for r in rest if said.sentence(said.token_at(r[0])) not in waits)

    @property
    def tells_more(self) -> bool:
        """Unread words enough to tell staff something: a sentence of its own."""
        return sum(words_in(self.text[a:b]) for a, b in self.to_tell) >= _A_SENTENCE

    @property
    def is_a_sentence(self) -> bool:
        """True for words enough to tell something, of which not all are understood."""
        return self.unread and words_in(self.text) >= _A_SENTENCE

    @property
    def says_more(self) -> bool:
        """Unread words that may be of use to staff: more than a "but"."""
        return sum(words_in(self.text[a:b]) for a, b in self.to_tell) > 1

    def is_among_words(self, act: Provide | Correct) -> bool:
        """Return whether a value stands among words that nobody understands.

        Beside a name only those of its own clause count: "Ann Bell, my tap won't stop".
        """
        if not self.unread or act.step is not Step.NAME:
            return self.unread
        said, rest = utterance(self.text, self.situation.language), self.reading.rest
        clause = said.clause(said.token_at(act.span[0]))
        unread = [n for n, t in enumerate(said.tokens) if any(a <= t.start < b for a, b in rest)]
        name = (act.value or "").casefold().split()
        near = any(clause.first <= n < clause.end or said.tokens[n].low in name for n in unread)
        return near or self.may_mend

    @property
    def tells_staff(self) -> bool:
        """Something is told that staff may want: unread words, a note, a day or an hour."""
        timed = self.piece(Step.TIME) or any(act.step is Step.TIME for act in self.values)
        return self.says_more or bool(timed) or self.has(Note, Flexible)

    @property
    def may_mend(self) -> bool:
        """Words beside a yes may be about the value itself: a figure, a letter, "the last bit"."""
        said = utterance(self.text, self.situation.language)
        rest = self.reading.rest
        noted = [note.span for note in self.of(Note)]
        other = self._elsewhere(said)
        rest = tuple(
            span
            for span in rest
            if not any(a <= span[0] and span[1] <= b for a, b in noted)
            and said.sentence(said.token_at(span[0])) not in other
        )
        unread = [n for n, t in enumerate(said.tokens) if any(a <= t.start < b for a, b in rest)]
        held = "".join(self.situation.record.get(step, "") for step in self.read_back).casefold()
        unread = [n for n in unread if not is_part_of(said, n, held)]
        letters = (n for n in unread if said.tokens[n].kind is Kind.LETTER)
        spelled = any(not said.at(n, "spelling.lone_word") for n in letters)
        ones = {n for m in said.all("number.no_digit") for n in range(m.first, m.end)}
        figures = (n for n in unread if said.numbers.group(n) and not is_no_figure(said, n))
        return spelled or bool(set(figures) - ones) or any(said.at(n, *_OF_A_VALUE) for n in unread)

    def _elsewhere(self, said: Utterance) -> set[str]:
        """Return the sentences that refuse or mend a field which was not read back."""
        kinds = (Decline, Correct, Withdraw)
        acts = [a for a in self.reading.acts if isinstance(a, kinds) and a.step]
        starts = (act.span[0] for act in acts if act.step not in self.read_back)
        return {said.sentence(said.token_at(start)) for start in starts}

    @property
    def only_denies(self) -> bool:
        """A no that opens a sentence, and no other answer: "no dear, I've only got the kettle".

        Not one that objects: "no, that's not what I rang about".
        """
        said = utterance(self.text, self.situation.language)
        opens = (said.is_opening(said.token_at(act.span[0])) for act in self.of(Deny))
        told = self.has(Correct, Want, Wait, Repeat, Ask, Provide)
        return any(opens) and not told and said.tags.isdisjoint(_NO_REFUSAL)

    @property
    def undoes_a_yes(self) -> bool:
        """A no, a mend or a pause beside a yes that may be about what was read back.

        "No e-mail, I don't do that" and "hang on, the dog's got the hose" are about something else.
        """
        said = utterance(self.text, self.situation.language)
        undone = (act for act in self.reading.acts if isinstance(act, Decline | Correct | Withdraw))
        if any(act.step is None or act.step in self.read_back for act in undone):
            return True
        elsewhere = self._elsewhere(said)
        denies = {said.sentence(said.token_at(act.span[0])) for act in self.of(Deny)}
        why = " ".join(self.text[a:b] for a, b in self.reading.rest if (a, b) not in self.to_tell)
        of_value = {"refuse.field", "lead.is"} & utterance(why, self.situation.language).tags
        waits = self.has(Wait) and (not why or of_value)  # "okay, one moment"
        return self.has(Repeat) or bool(denies - elsewhere) or bool(waits)

    @property
    def objects(self) -> bool:
        """A no, or words beside a value that nobody understands."""
        return self.unread or self.has(Deny, Decline)

    @property
    def fields_asked(self) -> tuple[Step, ...]:
        """The fields whose values are asked for, also those that are only named in a question."""
        asked = [ask for ask in self.of(Ask) if ask.topic in MAY_ASK_A_FIELD]
        if not asked:
            return ()
        said = utterance(self.text, self.situation.language)
        steps = [step for ask in asked for step in ask.steps]
        steps += [Step(field.value) for field in said.all("record.field")]
        given = [act.step for act in self.values if isinstance(act, Provide)]
        steps += [step for step in given if step in (Step.ADDRESS, Step.EMAIL)]
        return tuple(dict.fromkeys(steps))

    @property
    def shift(self) -> str:
        """ "earlier", "later", "sooner", the "same" hour or "day", where a booking is moved so."""
        tags = utterance(self.text, self.situation.language).tags
        words = {each: f"booked.{each}" for each in ("sooner", "earlier", "later")}
        words = {"same": "time.again"} | words | {"day": "booked.that_day"}
        return next((each for each, tag in words.items() if tag in tags), "")

    def asks_how(self, ask: Ask) -> bool:
        """Return whether a question is of the answer that follows it."""
        own = [a for a in self.of(Provide) if a.step is self.situation.step and a.span > ask.span]
        tags = utterance(ask.about, self.situation.language).tags
        return bool(own) and "topic.how_told" in tags

    @property
    def missed(self) -> bool:
        """Our answer was none to the question: "that's not what I asked"."""
        return bool(missed(utterance(self.text, self.situation.language)))

    @property
    def names_a_time(self) -> bool:
        """A weekday, a part of the day or an hour is named, or before or after one."""
        return bool(_OF_A_TIME & set(utterance(self.text, self.situation.language).tags))

    @property
    def keeps(self) -> bool:
        """The booking that was found is to stay: "don't cancel it", "keep it, please"."""
        kept = "clause.keeps" in utterance(self.text, self.situation.language).tags
        return kept or self.wants("keep")

    @property
    def insists(self) -> bool:
        """A no, and then the very value that was read back: "No no. 8 Elm Street, Glebe".

        Not a name nor an e-mail, which may only sound the same; nor a time, as it books.
        """
        held = self.situation.record
        told = [act for act in self.values if isinstance(act, Provide) and act.step in _SAID_AGAIN]
        denied = [act.span for act in self.of(Deny)]
        return (
            bool(told and denied)
            and not self.unread
            and not self.has(Correct, Ask, Want)
            and self.read_back == (self.situation.step,)
            and all(act.step in self.read_back and act.value == held.get(act.step) for act in told)
            and max(denied) < min(act.span for act in told)
        )

    @property
    def agrees(self) -> bool:
        """A plain yes: beside it only thanks, and other answers where it does not book."""
        return consents(self.reading, self.situation)

    @property
    def adds_a_job(self) -> bool:
        """Beside a yes a service is one more job, unless it is put in the place of the first."""
        return adds_a_job(self.text, self.reading, self.situation)

    def commits(self, *, again: bool) -> bool:
        """A yes that books whatever stands beside it; `again`: the read-back was put again."""
        return commits(self.text, self.reading, self.situation, again=again)

    @property
    def assents(self) -> bool:
        """A yes that goes on to something else: enough for what books nothing."""
        books = self.situation.step is Step.TIME or not self.read_back
        return not books and assents(self.text, self.reading, self.situation)


def words_in(text: str) -> int:
    """Return how many words a text has; where none are parted, two characters count as one."""
    parted = text.split()
    return max(len(parted), sum(not each.isascii() for each in text) // 2)
