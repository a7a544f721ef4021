"""Questions: the clauses that ask, what each asks about, and the fields that it names."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.call import FIELDS, Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.clauses import REQUESTS, Clause, ends_sentence
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.types import (
    IDLE,
    KNOWN,
    Ask,
    Asked,
    Situation,
)
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_given

_UNKNOWN_WORD = 3
"""Guesses in each word of a question that no row of [ask] knows, or of a wish taken for one."""

EXISTING = "want.existing"
OTHER_TIME, THING = "clause.other_time", "booked.thing"
THEIRS = "booked.theirs"
"""Tag of a sentence in which another person cancelled: "my neighbour had to cancel his"."""
TOLD = "note.request"
"""Asks us to tell staff something; the whole clause is told."""
ASKS_OFFERED = "ask.offered"
"""Asks whether we do something; where we do, that is the service."""

_FIRST = "first"
"""The value of what asks only where a clause begins: "hacen mudanzas"."""
BEHIND = "behind"
"""The value of what asks only right behind a yes: "yes, if you come by nine"."""

_KNOWN, _IDLE = f"ask.{KNOWN}", f"ask.{IDLE}"
COMPANY = "ask.company"
_NAMES_US = "topic.company"
"""Opens the question whether we are who the caller thinks: anything may follow."""
OF_WORK = tuple(
    f"topic.{each}" for each in ["plain", "price", "varies", "when", "other_price", "quality"]
)
"""In a question they show that it is of the work, or what it costs, and not of who we are."""
_CASE, _WROTE = "topic.case", ("record.wrote", "record.notes", "topic.kept")
_CALLED, _ELSEWHERE = "topic.called", "topic.elsewhere"
_TAG = "topic.tag"
"""Behind a statement it asks for assent: "it's close by, isn't it"."""
_OPEN = "topic.open"
"""A word for the field that is asked for, when it is asked back."""
_QUIET = ("quiet.function", "quiet.link", "quiet.courtesy", "clause.ask", "clause.before")
OF_AREA = "ask.area"
_OF_VISITS = ("ask.free", OF_AREA, "ask.opening")
_PRICE = "topic.price"
_FREE, _BOTH = "ask.free", "ask.both"
"""The first asks for times; those of a day that it names are a window, which is worth more."""
_PROPOSED = ("time.at", "time.day", "time.weekday", "time.part")
"""Beside them "can you do it" proposes a time."""

_NO_QUESTIONS = {False: ("act.", "want."), True: ("act.", "want.", "no.")}
"""Acts that make no question of a clause that asks, and of a wish."""

_ASKS_WRITTEN = (
    *(*_QUIET, _OPEN, _KNOWN),
    *(f"record.{each}" for each in ("written", "wrote", "all", "field", "notes", "beside")),
)
"""Words that ask what is written down; what else is said names what is meant."""


def question(said: Utterance, clause: Clause, situation: Situation) -> Iterator[Candidate]:
    """Give a whole clause as a question, with the topic of the first row that is in it.

    A question that no row of [ask] knows, and a wish in the form of one, is one only where nothing
    in it is understood: "may I have the postcode", not "can I come at three" or "is there a booking
    under Ann Lee". It is none where it is an act: "can I talk to somebody".
    """
    if tag := _tag(said, clause):
        yield from _asks_assent(said, clause, tag)
        return
    inside = _matches(said, clause)
    wish = any(match.tag in REQUESTS for match in inside)
    if not clause.asked and not wish:
        return
    steps = _steps_asked(said, clause)
    topic = _KNOWN if steps else _topic(said, clause)
    if topic == ASKS_OFFERED and _asks_for_a_time(said, clause, inside):
        return
    if topic == COMPANY and any(said.in_clause(clause, *OF_WORK)):
        topic = ""  # "is that okay?"
    acts_inside = any(m.tag.startswith(_NO_QUESTIONS[wish]) for m in inside)
    first, end = clause.first, clause.end
    while first < end - 1 and (lead := _leads(said, first)) and lead < end:
        first = lead
    acts_inside |= said.at(first, "flexible.any", "flexible.soonest") is not None
    if topic in _OF_VISITS and any(m.tag == EXISTING for m in inside):
        topic = ""  # "what time is the plumber due" asks for no free one
    told = any(m.tag == TOLD for m in inside) or all(said.is_sound(at) for at in range(first, end))
    if told or (not topic and (acts_inside or clause.withdrawn)):
        return
    span = said.span(first, end)
    words = sum(not said.is_sound(at) for at in range(first, end))
    unknown = _UNKNOWN_WORD * words - 1
    asks_nothing = _goes_on(said, clause)
    of_time = topic == COMPANY and is_of_time(said, clause)
    of_time |= not topic and _names_a_time(said, clause, inside)
    if of_time or (not topic and (asks_nothing or _asks_back(said, clause, situation))):
        topic = _IDLE  # "is that Wednesday?" is answered by the read-back itself
    if not (topic or situation.record) and situation.step is Step.NAME:
        named = said.at(first, _NAMES_US) and not any(said.in_clause(clause, *OF_WORK))
        topic = COMPANY if named else ""
    broken_off = said.text[: said.span(first, end)[1]].endswith(("...", "…"))
    if not topic and (broken_off or _in_the_room(said, clause, situation)):
        topic = _IDLE
    act = Ask(topic.partition(".")[2], said.text[slice(*span)], span, steps)
    known = topic and topic not in (ASKS_OFFERED, _IDLE)
    timed = is_of_time(said, clause)
    guesses = (topic == _FREE or (topic == _BOTH and timed)) if known else unknown
    yield Candidate(act, first, end, 0 if said.at(first, _CASE) and not timed else guesses)


def _names_a_time(said: Utterance, clause: Clause, inside: list[Match]) -> bool:
    """Return True for "Friday?" and "after five, yeah?", which ask by their mark alone."""
    return _all_of_time(said, inside, clause.first, clause.end) and not _asks(said, clause)


def _asks_for_a_time(said: Utterance, clause: Clause, inside: list[Match]) -> bool:
    """Return True for "could you do the twentieth", which names no work."""
    first = max(m.end for m in inside if m.tag == ASKS_OFFERED)
    return _all_of_time(said, inside, first, clause.end)


def _all_of_time(said: Utterance, inside: list[Match], first: int, end: int) -> bool:
    told = (m for m in inside if m.tag.startswith(("time.", "quiet.", "yes.agree")))
    of_time = {n for m in told for n in range(m.first, m.end)}
    tokens = range(first, end)
    named = any(m.tag in (*_PROPOSED, "time.ordinal") and m.first >= first for m in inside)
    timed = named or any(map(said.numbers.group, tokens))
    return timed and all(n in of_time or said.is_sound(n) or said.numbers.group(n) for n in tokens)


def _asks(said: Utterance, clause: Clause) -> bool:
    return any(said.in_clause(clause, "clause.ask", "clause.asks", "clause.told", *REQUESTS))


def _goes_on(said: Utterance, clause: Clause) -> bool:
    """Return True where a clause asks by its mark alone, and the one before it asks already.

    "Do I get something saying it's booked?" is one question.
    """
    if not clause.first or ends_sentence(said.tokens, clause.first - 1):
        return False
    before = said.clause(clause.first - 1)
    asks = before.asked or any(said.in_clause(before, *REQUESTS))
    told = any(said.in_clause(before, TOLD))  # "tell him to bring one, I've got none there?"
    return not _asks(said, clause) and (told or (asks and bool(_topic(said, before))))


def _topic(said: Utterance, clause: Clause) -> str:
    """Return the tag of the row that tells what a clause is about; "" where none does."""
    inside = _matches(said, clause)
    first = clause.first
    while first < clause.end and (lead := _leads(said, first)):
        first = lead
    asked = (m for m in inside if m.tag.startswith("ask.") and m.value != BEHIND)
    asked = (m for m in asked if m.value != _FIRST or m.first == first)
    longest = sorted(asked, key=lambda match: (match.first, -match.end))
    tags = [m.tag for m in longest if m.tag != OF_AREA or not of_time(said, m)]
    rows = (tag for tag in sorted(tags, key=COMPANY.__eq__))  # "is this recorded": no company
    wrote = _KNOWN if any(said.in_clause(clause, *_WROTE)) else ""
    return next(rows, wrote or next((m.tag for m in inside if m.tag == _PRICE), ""))


def _matches(said: Utterance, clause: Clause) -> list[Match]:
    return [match for here in said.matches[clause.first : clause.end] for match in here]


def _tag(said: Utterance, clause: Clause) -> Match | None:
    """Return the "isn't it" that is all of a clause, and stands behind another."""
    tag = said.at(clause.first, _TAG)
    behind = range(tag.end, clause.end) if tag else ()
    whole = tag and all(said.is_sound(at) or said.at(at, "quiet.courtesy") for at in behind)
    return (
        tag if whole and clause.first and not ends_sentence(said.tokens, clause.first - 1) else None
    )


def _asks_assent(said: Utterance, clause: Clause, tag: Match) -> Iterator[Candidate]:
    """Give what the statement before a "isn't it" asks, if a row knows it.

    Of what we do ("you'll ring first, won't you") staff are asked, of all else nobody.
    """
    before = said.clause(clause.first - 1)
    steps = _steps_asked(said, before)
    about_us = tag.value or any(said.in_clause(before, "topic.ours"))
    topic = _KNOWN if steps else _topic(said, before) or ("" if about_us else _IDLE)
    about = said.text[slice(*said.span(before.first, clause.end))]
    span = said.span(clause.first, clause.end)
    yield Candidate(Ask(topic.partition(".")[2], about, span, steps), clause.first, clause.end)


def is_of_time(said: Utterance, clause: Clause) -> bool:
    """Return True for "is that Wednesday?", which asks nobody's name."""
    return any(said.in_clause(clause, *_PROPOSED))


def _leads(said: Utterance, at: int) -> int:
    """Return where a sound or a word before a question ends; 0 for the question itself."""
    before = said.at(at, "clause.before")
    return before.end if before else at + 1 if said.is_sound(at) else 0


def _in_the_room(said: Utterance, clause: Clause, situation: Situation) -> bool:
    """Return True where the caller asks another person in the room: "what do you think, Jim?".

    They are called by a name, of which the open question is no answer, or what follows says so:
    "did you feed the dog? Sorry, not you".
    """
    ends = [n + 1 for n in range(len(said)) if ends_sentence(said.tokens, n)]
    first = max((n for n in ends if n <= clause.first), default=0)
    end = min((n for n in ends if n >= clause.end), default=len(said))
    if end < len(said) and said.at(end, _ELSEWHERE):
        return True
    last = end - 1 if said.tokens[end - 1].is_sign else end
    called = [last - 1] if said.low(last - 2) == "," else []
    if situation.step is not Step.NAME and said.low(first + 1) == ",":
        called.append(first)
    return any(said.at(at, _CALLED) or is_given(said.low(at)) for at in called)


def _asks_back(said: Utterance, clause: Clause, situation: Situation) -> bool:
    """Return True for a question that the open question itself answers, put again.

    "My number, is it?", "E what?", "do you mean the home address?".
    """
    if situation.asked is Asked.CHOICE or clause.others:
        return False
    begin = clause.first
    if begin and not ends_sentence(said.tokens, begin - 1):
        begin = said.clause(begin - 1).first  # "the e-, what?"
    named = [m for m in said.all(_OPEN, first=begin, end=clause.end) if m.value == situation.step]
    around = said.in_clause(clause, *_QUIET, _OPEN, "topic.back", "act.repeat")
    quiet = {n for m in around for n in range(m.first, m.end)}
    every = (said.is_sound(n) or n in quiet for n in range(clause.first, clause.end))
    return bool(named) and all(every)


def missed(said: Utterance) -> tuple[Match, ...]:
    """Return the words that object to our answer; "no, I mean" does where something is asked."""
    asks = any(clause.asked for clause in said.clauses)
    return tuple(match for match in said.all("topic.missed") if asks or not match.value)


def of_time(said: Utterance, match: Match) -> bool:
    """Return True for 今天能来吗 and 能来看看吗, which name no place."""
    word, to = match.end - 1, said.at(match.end - 2, "address.lead")
    everyday = to and said.lexicon.is_everyday(said.low(word))
    if (everyday and not said.at(word, "quiet.function")) or any(
        said.all("time.month", first=match.first, end=match.end)
    ):
        return True  # "¿le van a llamar?", "¿trabajan en agosto?"
    if any(wish.first <= match.first and match.end <= wish.end for wish in said.all(*REQUESTS)):
        return True  # 能来看看吗
    ends = (match.first, match.first + 1)
    return any(said.before(at, "time.day", "time.weekday", "time.part") for at in ends)


def other_times(said: Utterance) -> Iterator[Match]:
    """Give what asks for another time; "do it" only where one is named: not "my son will do it"."""
    for match in said.all(OTHER_TIME):
        clause = said.clause(match.first)
        if match.value != _TIMED or any(said.in_clause(clause, *_PROPOSED, "time.next")):
            yield match


_TIMED = "timed"


def only_asks(said: Utterance, clause: Clause) -> bool:
    """Return True for "did you write down the gate code?", which tells staff nothing."""
    wish = any(said.in_clause(clause, *REQUESTS, TOLD))
    return clause.asked and not wish and any(said.in_clause(clause, "clause.ask", "clause.asks"))


def _steps_asked(said: Utterance, clause: Clause) -> tuple[Step, ...]:
    """Return the fields that a question names whose values we may have written down.

    "What number have you got for me", "can you read it all back".
    """
    if any(said.in_clause(clause, "record.ends")):  # "my number's wrong, is it 321 at the end?"
        named = tuple(Step(field.value) for field in said.all("record.field"))
        return named or (Step.PHONE,)
    written = any(said.in_clause(clause, "ask.known", "record.written"))
    return fields_named(said, clause) if written else ()


def fields_named(said: Utterance, clause: Clause) -> tuple[Step, ...]:
    """Return the fields that a clause names, or the one before it: "my e-mail, have you got it"."""
    if any(said.in_clause(clause, "record.all")):
        return FIELDS
    fields = list(said.in_clause(clause, "record.field"))
    if not fields and clause.first and not ends_sentence(said.tokens, clause.first - 1):
        fields = list(said.in_clause(said.clause(clause.first - 1), "record.field"))
    fields = fields or list(said.in_clause(clause, "record.valued"))
    booked = (Step.SERVICE, Step.TIME) if any(said.in_clause(clause, "record.booked")) else ()
    return tuple(dict.fromkeys((*(Step(field.value) for field in fields), *booked)))


def content_of(said: Utterance, *asking: str) -> tuple[str, ...]:
    """Return what a question names, without the words that ask: of our notes, or those tags.

    Each word; where none are parted, each stretch of signs.
    """
    tags = {*(asking or _ASKS_WRITTEN), *_QUIET}
    asks = (match for here in said.matches for match in here if match.tag in tags)
    told = {n for match in asks for n in range(match.first, match.end)}
    left = [n for n in range(len(said)) if not said.is_sound(n) and n not in told]
    found: list[str] = []
    for n in left:
        joins = n - 1 in left and said.tokens[n].kind is Kind.HAN
        found.append(found.pop() + said.low(n) if joins and found else said.low(n))
    return tuple(each for each in found if len(each) > 1 or not each.isascii())
