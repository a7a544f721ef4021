"""Check a record after everything that happened. Pure: it knows nothing but the conversation's
acknowledgements (trace), the content of Redis (record), and the words that the caller heard.

    mandatory   acknowledged as in Redis or in the journal
    optional    under way when its process died, or acknowledged as in memory only; and what a
                lossy restart of Redis took from a session that had already ended
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

import orjson

from tests.chaos.trace import SAFE, Answer, SessionTrace, Told
from voicebot.call import FIELDS, Status, Step
from voicebot.collect.spoken import pronounce
from voicebot.store.layout import ANSWER_FIELD, timestamp_field
from voicebot.store.record import history_messages

_CLOSING_S = 0.15
"""A ledger that is closed in the moment in which Redis comes back may not have seen it yet."""
_BLINDED_S = 2.0
"""So long after a silence of Redis a session may still begin without seeing the record."""
_RACE_S = 0.5
"""Two workers' traces are read one after the other: so close together, nobody knows which."""


class Harm(StrEnum):
    """A fault of a record."""

    MESSAGE_LOST = "message lost"
    MESSAGE_TWICE = "message twice"
    MESSAGE_INVENTED = "message that nobody said"
    OUT_OF_ORDER = "out of order"
    FIELD_LOST = "field lost"
    FIELD_TORN = "fields of a step apart"
    OVERWRITTEN = "written by an owner that was taken over"
    RESUMED_BLIND = "asked again what was answered"
    SAID_UNSAVED = "said before it was saved"
    NEVER_ENDED = "call never ended"
    WRITTEN_LATE = "written late"
    NOTE_LOST = "note lost"
    NOTE_TWICE = "note twice, or out of order"
    REBOOKED_WRONG = "appointment not as it was moved or called off"
    PLACE_WRONG = "appointment without its place, or a place without one"
    NOT_FOUND = "appointment not found by its number"


@dataclass(frozen=True)
class Violation:
    """One broken promise."""

    harm: Harm
    call: str
    about: str


@dataclass(frozen=True)
class Stored:
    """A call's record, as a plain client reads it, and its places in the calendar.

    events  types and values of its stream
    places  where the calendar keeps one for this call for good: day and minute, "2026-12-03 570"
    """

    fields: dict[str, str]
    history: list[str]
    events: Sequence[tuple[str, str]] = ()
    places: Sequence[str] = ()


@dataclass(frozen=True)
class Evidence:
    """Everything about one call.

    forgotten  from when to when Redis lost what it had acknowledged
    sighted    Redis was there and remembered all the time: a session must know what was answered
    held_up    until when the test itself, which carries every word to Redis, stood still
    in_step    False where a clock was wrong while Redis was away: who is the newer of two sessions
               that began meanwhile is then told by their clocks, and may come out wrong
    findable   Redis was there and took writes all the time: an appointment is found by its number
    passed     the notes of other calls, which are passed on to the appointment they are for
    """

    call: str
    sessions: Sequence[SessionTrace]
    stored: Stored
    heard: Sequence[str] = ()
    forgotten: tuple[float, float] | None = None
    sighted: bool = False
    held_up: Sequence[float] = ()
    in_step: bool = True
    findable: bool = False
    passed: Sequence[str] = ()

    def commits(self) -> Iterator[tuple[Told, SessionTrace]]:
        """Return all commits, those of the oldest session first."""
        for session in self.sessions:
            for commit in session.commits:
                yield commit, session

    def is_mandatory(self, commit: Told, session: SessionTrace) -> bool:
        """Return whether this must be in the record."""
        if commit.answer is Answer.MEMORY:
            return not session.process_died
        return commit.answer in SAFE and not self._is_outside(commit, session)

    def _is_outside(self, commit: Told, session: SessionTrace) -> bool:
        """Return whether Redis lost it after its session had ended: it could not be resent."""
        if self.forgotten is None or commit.told_at < self.forgotten[0] - _RACE_S:
            return False
        return session.ended_at < self.forgotten[1] + _CLOSING_S


Broken = Iterator[tuple[Harm, object]]
"""Each broken promise, and what it is about."""


def judge(evidence: Evidence) -> list[Violation]:
    """Return every promise that is broken; none is the only good answer."""
    rules = (_messages, _order, _notes, _answers, _for_staff, _owner, _rebooked, _sight, _speech)
    broken = (found for rule in rules for found in rule(evidence))
    return [Violation(harm, evidence.call, str(about)) for harm, about in broken]


# -- messages ------------------------------------------------------------------------------


def _messages(evidence: Evidence) -> Broken:
    """Check that the history has each mandatory message once, and no message that was not said.

    Counted: two sessions of one call may say the same in the same millisecond.
    """
    wanted: Counter[str] = Counter()
    possible: Counter[str] = Counter()
    replaced: dict[str, str] = {}
    for commit, session in evidence.commits():
        must = evidence.is_mandatory(commit, session)
        possible.update([*commit.messages, *commit.revised[1:]])
        if commit.revised:
            written, heard = commit.revised
            replaced[written] = heard
            wanted[written] = max(0, wanted[written] - 1)
            wanted[heard] += must
        wanted.update(commit.messages if must else ())
    stored = Counter(evidence.stored.history)
    for message in wanted - stored:
        yield Harm.MESSAGE_LOST, message
    for message in stored - possible:
        yield Harm.MESSAGE_TWICE if possible[message] else Harm.MESSAGE_INVENTED, message
    for written, heard in replaced.items():
        if stored[written] and stored[heard]:
            yield Harm.MESSAGE_TWICE, f"{written} also as {heard}"


def _order(evidence: Evidence) -> Broken:
    """History reads in the order in which each session, and one after the other, spoke."""
    read = history_messages(evidence.stored.history)
    moments = [m.startedAt for m in read]
    if moments != sorted(moments):
        yield Harm.OUT_OF_ORDER, "moments go back"
    place = {(m.speaker.value, m.startedAt): n for n, m in enumerate(read)}
    for sessions in _successions(evidence.sessions):
        last = -1
        commits = [commit.messages for session in sessions for commit in session.commits]
        for message in (message for said in commits for message in history_messages(said)):
            here = place.get((message.speaker.value, message.startedAt))
            if here is not None and here < last:
                yield Harm.OUT_OF_ORDER, message
            last = max(last, -1 if here is None else here)


def _successions(sessions: Sequence[SessionTrace]) -> Iterator[list[SessionTrace]]:
    """Return each session alone, or all together where none overlapped and each saw the record.

    One that saw nothing has only its clock to go by, and that may be wrong.
    """
    for session in sessions:
        yield [session]
    if all(a.ended_at < b.opened_at and b.resumed for a, b in pairwise(sessions)):
        yield list(sessions)


# -- fields --------------------------------------------------------------------------------


def _answers(evidence: Evidence) -> Broken:
    fields = evidence.stored.fields
    moved = {time for time, _ in _appointments(evidence) if time is not None}
    for step in FIELDS:
        stored = fields.get(ANSWER_FIELD[step])
        permitted = _permitted(evidence, step.value, _answers_of)
        if step is Step.TIME and moved:
            as_told = any(time is None for time, _ in _appointments(evidence))
            permitted = [*moved, *(permitted if as_told else ())]
        if stored not in permitted:
            harm = Harm.FIELD_LOST if stored is None else Harm.OVERWRITTEN
            yield harm, f"{step}: {stored}, not {' or '.join(map(str, permitted))}"
        moment = fields.get(timestamp_field(step))
        if (stored is None) is not (moment is None):
            yield Harm.FIELD_TORN, f"{step}: {stored} with {moment}"
        elif step is Step.TIME and stored in moved:
            continue
        elif stored and moment and not _is_of_one_commit(evidence, step, stored, moment):
            yield Harm.FIELD_TORN, f"{step}: {moment} is not when {stored} was saved"
    booked = fields.get("servicebooked") == "true"
    called_off = fields.get("status") == Status.CANCELLED
    if booked is not (ANSWER_FIELD[Step.TIME] in fields and not called_off):
        yield Harm.FIELD_TORN, "servicebooked and serviceBookedTime"


def _permitted(
    evidence: Evidence, name: str, values_of: Callable[[Told], Mapping[str, str]]
) -> list[str | None]:
    """Return the last value that must be there, and every later one that may have come."""
    values: list[str | None] = []
    must_be = False
    for index in range(len(evidence.sessions) - 1, -1, -1):
        session = evidence.sessions[index]
        for commit in reversed(session.commits):
            if name not in values_of(commit):
                continue
            values.append(values_of(commit)[name])
            if evidence.is_mandatory(commit, session):
                must_be = True
                if evidence.in_step and not _is_late(commit, evidence.sessions[index + 1 :]):
                    return values
    return values if must_be else [*values, None]


def _answers_of(commit: Told) -> Mapping[str, str]:
    return commit.answers


def _staff_of(commit: Told) -> Mapping[str, str]:
    return commit.staff


def _for_staff(evidence: Evidence) -> Broken:
    """Check the work for staff and the caller's wish by the rules for answers."""
    for name in ("needs", "wish"):
        stored = evidence.stored.fields.get(name)
        permitted = _permitted(evidence, name, _staff_of)
        if stored not in permitted:
            harm = Harm.FIELD_LOST if stored is None else Harm.OVERWRITTEN
            yield harm, f"{name}: {stored}, not {' or '.join(map(str, permitted))}"


def _notes(evidence: Evidence) -> Broken:
    """Check that every mandatory note stands there once, in its session's order, and no other.

    What another call told for this appointment may stand there as well, behind its caller's name.
    """
    wanted: Counter[str] = Counter()
    possible: Counter[str] = Counter()
    for commit, session in evidence.commits():
        possible.update(commit.notes)
        wanted.update(commit.notes if evidence.is_mandatory(commit, session) else ())
    listed = [note_text(note) for note in read_list(evidence.stored.fields.get("notes"))]
    stored = Counter(listed)
    for note in wanted - stored:
        yield Harm.NOTE_LOST, note
    passed = Counter(evidence.passed)
    for note in (stored - possible).elements():
        _, _, told = orjson.loads(note)["text"].partition(": ")
        if not passed[told]:
            yield Harm.NOTE_TWICE, note
        passed[told] -= 1
    for session in evidence.sessions:
        own = [note for commit in session.commits for note in commit.notes]
        places = [listed.index(note) for note in own if note in stored]
        if places != sorted(places):
            yield Harm.NOTE_TWICE, f"notes of {session.id}"


def read_list(text: str | None) -> list[object]:
    """Return the elements of a JSON list; none where there is none."""
    found: list[object] = orjson.loads(text or "[]")
    return found


def note_text(note: object) -> str:
    """Return a note as commits write it."""
    return orjson.dumps(note).decode()


# -- appointments --------------------------------------------------------------------------

_Appointment = tuple[str | None, bool]
"""Its time, None for the one that sessions told, and whether it is called off."""


def _appointments(evidence: Evidence) -> set[_Appointment]:
    """Return how the appointment may stand after what later calls did with it.

    What was not acknowledged may be done or not; so may what a lossy restart took.
    """
    states: set[_Appointment] = {(None, False)}
    for index, session in enumerate(evidence.sessions):
        for asked in session.rebookings:
            after: set[_Appointment] = {
                (time, off) if off else (time, True) if not asked.time else (asked.time, False)
                for time, off in states
            }
            forgot = evidence.forgotten is not None and (
                asked.told_at > evidence.forgotten[0] - _RACE_S
            )
            states = after if asked.done and not forgot else states | after
        newer = evidence.sessions[index + 1 :]
        if session.rebookings and any("time" in c.answers for s in newer for c in s.commits):
            states |= {(None, False)}
    return states


def _rebooked(evidence: Evidence) -> Broken:
    """Check that an appointment is as later calls were told, by single steps, and has its place."""
    fields, states = evidence.stored.fields, _appointments(evidence)
    called_off = fields.get("status") == Status.CANCELLED
    if called_off not in {off for _, off in states}:
        yield Harm.REBOOKED_WRONG, f"status {fields.get('status')}, not one of {states}"
    told = Counter(e for e in evidence.stored.events if e[0] == "moved" or e == ("booked", "false"))
    # Called off, a call may book again: where its next session begins without seeing the record.
    bookings = sum(any("time" in c.answers for c in s.commits) for s in evidence.sessions)
    most = max(1, 0 if evidence.sighted else bookings)
    for event, times in told.items():
        if times > most:
            yield Harm.REBOOKED_WRONG, f"{event} happened {times} times"
    if called_off and not told[("booked", "false")] and evidence.forgotten is None:
        yield Harm.REBOOKED_WRONG, "it was called off without an event"
    if evidence.findable and any(session.unfound for session in evidence.sessions):
        yield Harm.NOT_FOUND, "by the number that called"
    if evidence.forgotten is None:
        yield from _places(evidence)


def _places(evidence: Evidence) -> Broken:
    """Check the appointment's place, unless Redis lost the appointment itself."""
    fields = evidence.stored.fields
    time = fields.get(ANSWER_FIELD[Step.TIME])
    booked = fields.get("servicebooked") == "true" and time is not None
    wanted = [_place(datetime.fromisoformat(str(time)))] if booked else []
    stored = list(evidence.stored.places)
    if (booked or fields.get("status") == Status.CANCELLED) and stored != wanted:
        yield Harm.PLACE_WRONG, f"{stored}, not {wanted}"


def _place(local: datetime) -> str:
    return f"{local.date()} {local.hour * 60 + local.minute}"


def _is_late(commit: Told, newer: Sequence[SessionTrace]) -> bool:
    """Told after another session had taken over: it is taken only where the record has none."""
    return any(commit.told_at > session.opened_at - _RACE_S for session in newer)


def _is_of_one_commit(evidence: Evidence, step: Step, stored: str, moment: str) -> bool:
    """Check that a value and its timestamp come from one and the same commit."""
    spans = [
        (commit.at, commit.until or "~")
        for commit, _ in evidence.commits()
        if commit.answers.get(step.value) == stored
    ]
    jumped = any(begun > ended for begun, ended in spans)  # the clock, and back meanwhile
    return not spans or jumped or any(begun <= moment <= ended for begun, ended in spans)


def _owner(evidence: Evidence) -> Broken:
    """Step, status and dialogue are the newest owner's."""
    newest = next((s for s in reversed(evidence.sessions) if s.commits), None)
    if newest is None or not evidence.in_step:
        return
    for name in ("step", "status", "dialogue"):
        permitted: list[str] = []
        for commit in reversed(newest.commits):
            if name in commit.owned:
                permitted.append(commit.owned[name])
                if evidence.is_mandatory(commit, newest):
                    if name == "status" and any(off for _, off in _appointments(evidence)):
                        break  # see _rebooked
                    if evidence.stored.fields.get(name) not in permitted:
                        yield Harm.OVERWRITTEN, f"{name} is not the newest owner's"
                    break


# -- conversations -------------------------------------------------------------------------


def _sight(evidence: Evidence) -> Broken:
    """Check that a session knows what sessions before it were told is saved."""
    for index, session in enumerate(evidence.sessions if evidence.sighted else ()):
        if any(-_RACE_S < session.opened_at - until < _BLINDED_S for until in evidence.held_up):
            continue
        for earlier in evidence.sessions[:index]:
            for commit in earlier.commits:
                if commit.answer in SAFE and commit.told_at < session.opened_at - _RACE_S:
                    for step in set(commit.answers) - set(session.known):
                        yield Harm.RESUMED_BLIND, step


def _speech(evidence: Evidence) -> Broken:
    """Check that no word reached the caller before it was acknowledged."""
    texts = [
        _letters(form)
        for commit, _ in evidence.commits()
        if commit.answer not in (Answer.NONE, Answer.FENCED)
        for message in history_messages(commit.messages)
        for form in (message.message, pronounce(message.message))
    ]
    for sentence in evidence.heard:
        if not any(_letters(sentence) in text for text in texts):
            yield Harm.SAID_UNSAVED, sentence


def _letters(text: str) -> str:
    return re.sub(r"[^\w]+", "", text).casefold()
