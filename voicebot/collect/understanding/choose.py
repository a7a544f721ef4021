"""Candidates to one reading: the most words explained, by the fewest acts and guesses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.clauses import REQUESTS, Clause, ends_sentence
from voicebot.collect.understanding.fields.runs import owner_behind
from voicebot.collect.understanding.lexicon import SOUND
from voicebot.collect.understanding.questions import missed
from voicebot.collect.understanding.types import (
    OFFERED,
    Act,
    Affirm,
    Ask,
    Asked,
    Correct,
    Decline,
    Deny,
    Flexible,
    Note,
    Provide,
    Reading,
    Situation,
    Span,
    Want,
)
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_given

_ASK_OF_TIMES = ("ask.weekends", "ask.punctual", "ask.cancel", "topic.price")
"""Rows in whose questions no time is wished for."""
_NO_WISHES = ("cancel", "visitor", "tell", "idle", "punctual", "ring_ahead")
"""Topics of questions what becomes of a booking that does not suit, and of what staff are told."""
_PRICE, _FREE, _AREA = "price", "free", "area"
"""The topic of the question what work costs: who asks wants it done."""
_RINGS = "call_back"
"""A wish; not in what whoever comes is told: "have him ring me before he comes"."""
_WORD, _GUESS, _ACT = 10, 3, 1
"""The worth of a word explained, and the cost of a guess and of an act."""
_REFUSES, _STANDS = "refuses", "existing"
_NO_ANSWER = (_REFUSES, "has none")
_REFUSABLE = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)
_OPENING = ("yes.agree", "yes.before", "no.plain", "quiet.link", "quiet.courtesy", "clause.before")
"""Tags of the words that may stand before a value without being part of it: "yes, and", "no,"."""
_MENDS = ("clause.mend", "clause.handed_on", "record.field")
_FRAMES = {
    Step.PHONE: ("phone.lead",),
    Step.ADDRESS: ("address.label", "address.lead", "address.job"),
    Step.EMAIL: ("email.lead",),
}
"""Tags of the words that lead up to a new value of a field, by step: "my number is"."""


def choose(said: Utterance, candidates: Iterable[Candidate], situation: Situation) -> Reading:
    """Return the acts of the candidates that together explain most, and what is left."""
    every = [each for each in candidates if each.end > each.first]
    counting = [each for each in every if _counts(said, each, situation)]
    known = [_noted_if_beside(said, each, situation) for each in counting]
    chosen = _best(said, known)
    told = [each for wide in chosen for each in _best(said, list(_inside(said, wide, known)))]
    told += _besides(known, (*chosen, *told))
    acts = [each.act for each in (*chosen, *told) if each.act]
    in_order = sorted(acts, key=lambda act: act.span) if told else acts
    given = {act.step for act in acts if isinstance(act, Correct | Provide) and act.value}
    mended = [a for a in in_order if isinstance(a, Correct) and not a.value and a.step in given]
    # "the street's wrong, it's Battle Street" is one correction
    kept = [act for act in in_order if act not in mended]
    return Reading(tuple(_last_word(kept, situation)), _rest(said, chosen))


def _last_word(acts: Sequence[Act], situation: Situation) -> Sequence[Act]:
    """Return the acts without a value that is refused behind it, or the refusal of a value given.

    "j at tutty dot com. No, leave it out" gives none; "I don't use mine, take j at tutty" does.
    """
    kept = list(acts)
    for no in acts:
        step = no.step or situation.step if isinstance(no, Decline) else None
        given = [a for a in kept if isinstance(a, Provide | Correct) and a.step is step]
        if isinstance(no, Decline) and no.why in _NO_ANSWER and step in _REFUSABLE and given:
            told = step is not Step.NAME and no.why == _REFUSES  # not a landline, and no mobile
            final = told and no.span > given[-1].span  # "Jazz, I don't give my surname out"
            kept = [act for act in kept if act not in (given if final else [no])]
    return kept


def _counts(said: Utterance, each: Candidate, situation: Situation) -> bool:
    """Return False for what stands in a clause that gives nothing of its kind.

    A number or an e-mail there is asked about, past, or somebody else's; a name, a service or an
    address without figures tells whoever comes what to do ("ring the side bell").
    """
    if isinstance(each.act, Flexible):  # "yes, is it covered if it breaks next week"
        clause = said.clause(each.first)
        beside = "yes.agree" in said.tags or any(said.in_clause(clause, "ask.duration"))
        no_wish = situation.asked is Asked.CONFIRM and beside
        last = said.clause(each.end - 1)
        if no_wish and any(said.in_clause(last, *REQUESTS)) and said.low(last.end - 1) == "?":
            return not any(said.in_clause(last, "time.also"))  # "and can you do Fridays as well?"
        of_price = any(said.in_clause(clause, "topic.price"))  # "Sundays are dearer, I suppose?"
        return not (clause.asked and (no_wish or of_price))
    if isinstance(each.act, Deny):  # "what do you reckon's wrong with it"
        clause = said.clause(each.first)
        if any(match.first <= each.first < match.end for match in missed(said)):
            return False
        if clause.first < each.first and any(said.in_clause(clause, "clause.asks")):
            return False  # 我不在怎么办
        asks = said.at(clause.first, "clause.ask")
        asks = None if situation.asked is Asked.CONFIRM else asks
        return not (clause.asked and asks and asks.end <= each.first) and not _asks_on(said, each)
    if not isinstance(each.act, (Provide, Correct)) or not each.act.step:
        return True
    value = next((at for at in range(len(said)) if said.tokens[at].end > each.act.span[0]), 0)
    clause = said.clause(value)
    if each.act.step is Step.SERVICE and _asks_beside_yes(said, clause, situation):
        return False
    of_times = any(said.in_clause(clause, *_ASK_OF_TIMES))
    of_times |= situation.asked is Asked.CONFIRM and any(said.in_clause(clause, "topic.company"))
    if each.act.step is Step.TIME and of_times and clause.asked:
        return False  # "do you do Sundays", "he'll be here bang on two?"
    open_now = situation.step is Step.SERVICE and situation.asked is Asked.ANSWER
    if each.act.step is Step.SERVICE and not open_now and _interrupts(said, value):
        return False
    guessed = isinstance(each.act, Provide) and each.act.assumed
    if each.act.step is Step.SERVICE and guessed and any(said.in_clause(clause, "topic.own")):
        return False
    if each.act.step in (Step.NAME, Step.SERVICE, Step.ADDRESS):
        figures = any(said.tokens[at].is_digits for at in range(value, each.end))
        return figures or not clause.talk
    if each.act.step not in (Step.PHONE, Step.EMAIL) or isinstance(each.act, Correct):
        return True
    around = (*range(clause.first, each.first), *range(each.end, clause.end))
    asked = clause.asked and any(not said.is_sound(at) for at in around)
    if situation.step is each.act.step and said.is_opening(value):  # "zero two, I think?"
        asked &= any(said.in_clause(clause, "clause.ask", "clause.told", "clause.asks"))
    answers = situation.step is Step.PHONE and owner_behind(said, each.end)  # "…, that's my son's"
    return not (asked or clause.past or (clause.others and not answers))


def _noted_if_beside(said: Utterance, each: Candidate, situation: Situation) -> Candidate:
    """Return a candidate, or a note in its place of a value in other talk where one is held.

    What puts another in its place begins its sentence, or is called so, or mends: "so the job's at
    9 Church Street", "use 0491 570 156 instead"; not "the shop is at 9 Church Street", nor "give
    Dad a ring on 0491 570 156".
    """
    act = each.act
    if not isinstance(act, Provide) or act.step not in _FRAMES or act.step not in situation.record:
        return each
    value = said.token_at(act.span[0])
    at = said.opening(value)
    answers = act.step is situation.step and situation.asked is Asked.ANSWER
    if answers or any(said.all(*_MENDS, first=at, end=value)):
        return each
    own = situation.record.get(Step.NAME, "").casefold()
    named = (t for t in said.tokens[at:value] if is_given(t.low) and t.text.istitle())
    theirs = any(said.all("name.theirs", first=at, end=value))
    theirs |= any(token.low not in own for token in named)
    called = any(said.all(*_FRAMES[act.step], first=at, end=value))
    while at < each.first and (said.is_sound(at) or said.at(at, *_OPENING)):
        opens = said.at(at, *_OPENING)
        at = opens.end if opens else at + 1
    clause = said.clause(value).first
    told = each.first <= clause and said.at(clause, "clause.open") is not None  # "…, it's 9 Bay St"
    if not theirs and (called or told or at >= each.first):
        return each
    whole = next(tokens for tokens in said.sentences if value in tokens)
    note = Note(said.sentence(value), said.span(at, whole.stop))
    return Candidate(note, at, whole.stop)


def _interrupts(said: Utterance, at: int) -> bool:
    """Return True for "hang on, the kettle's boiling over", which is why, and no job of ours."""
    tags = {match.tag for here in said.matches[said.opening(at) : at] for match in here}
    corrects = {"service.away", "service.wish"} <= tags  # "hang on, it's not a plumber I need, …"
    return "act.wait" in tags and not corrects


def _asks_on(said: Utterance, no: Candidate) -> bool:
    """Return True for the "no" of "no surprises on the bill?" and of "if it's not right"."""
    if no.first and said.at(no.first - 1, "ask.condition"):
        return True
    end = next((n for n in range(no.end, len(said)) if ends_sentence(said.tokens, n)), no.first)
    begins = not no.first or ends_sentence(said.tokens, no.first - 1)
    begins |= said.at(max(0, no.first - 1), "clause.before") is not None
    mark = said.low(end) == "?" and end > no.end and not said.tokens[no.end].is_sign
    return begins and mark and not said.at(no.end, "clause.ask", "clause.open")


def _asks_beside_yes(said: Utterance, clause: Clause, situation: Situation) -> bool:
    """Return True in a question beside a yes, or a choice of times: "and what of my carpet?".

    Nobody changes so what they agree to; who does says it ("make it gardening instead").
    """
    agrees = situation.asked is Asked.CONFIRM and "yes.agree" in said.tags
    confirms = (agrees or situation.asked is Asked.CHOICE) and Step.SERVICE in situation.record
    asks = clause.asked or any(said.in_clause(clause, *REQUESTS))
    mends = clause.mends or any(said.in_clause(clause, "clause.mend"))
    return confirms and asks and not mends


def _inside(said: Utterance, wide: Candidate, known: Iterable[Candidate]) -> Iterator[Candidate]:
    """Give whole values of other fields that stand in the description of the work.

    Who asks whether we do some work wants it done: there the service itself is given as well, and
    what is said of it ("could somebody mow the lawn every month"); so does who needs it first ("I
    need an electrician, is he here at seven on the dot?").
    """
    described = isinstance(wide.act, Provide) and wide.act.step is Step.SERVICE
    asked = isinstance(wide.act, Ask) and wide.act.topic in (OFFERED, _PRICE, _FREE, _AREA)
    asked |= isinstance(wide.act, Ask) and said.at(wide.first, "service.lead") is not None
    if not wide.act or not (described or asked):
        return
    start, stop = wide.act.span if described else (0, 0)
    for each in known:
        if (
            isinstance(each.act, Note)
            and asked
            and each.first >= wide.first
            and each.end <= wide.end
        ):
            yield each
        within = wide.first <= each.first and each.end <= wide.end
        offers = isinstance(wide.act, Ask) and wide.act.topic == OFFERED
        if (described or offers) and within and _is_of_time(each):
            yield each  # "a plumber, next Tuesday after two, my tap is leaking"
            continue
        if not isinstance(each.act, Provide):
            continue
        if (described or each.act.step is not Step.SERVICE) and each.assumes:
            continue
        if isinstance(wide.act, Ask) and wide.act.topic == _PRICE and not each.assumes:
            continue  # "what does a plumber cost" only asks
        if described and each.act.step is Step.SERVICE:
            continue
        first, end = said.span(each.first, each.end)
        if within and each.act.missing is None and (end <= start or stop <= first):
            yield each


def _is_of_time(each: Candidate) -> bool:
    """Return True for a wish about when, and for a day or an hour, also without the other."""
    timed = isinstance(each.act, Provide) and each.act.step is Step.TIME  # "Thursday, sometime"
    return (timed and each.assumes <= 1) or isinstance(each.act, Flexible)


def _besides(known: Iterable[Candidate], chosen: Sequence[Candidate]) -> list[Candidate]:
    """Return the first of each wish that stands among the words of what was chosen.

    "Can I move it, if I'm late?" only asks.
    """
    if any(isinstance(each.act, Ask) and each.act.topic in _NO_WISHES for each in chosen):
        known = [each for each in known if isinstance(each.act, Want) and each.act.what == _STANDS]
    notes = [each for each in chosen if isinstance(each.act, Note)]
    wishes: dict[str, Candidate] = {}
    for each in known:
        noted = any(note.first <= each.first and each.end <= note.end for note in notes)
        if each.besides and isinstance(each.act, Want) and not (noted and each.act.what == _RINGS):
            wishes.setdefault(each.act.what, each)
    heard = {each.act.what for each in chosen if isinstance(each.act, Want)}
    return [each for what, each in wishes.items() if what not in heard]


def _best(said: Utterance, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the worthiest candidates that do not overlap, by their ends (interval scheduling)."""
    ordered = sorted(candidates, key=lambda each: each.end)
    ends = [each.end for each in ordered]
    worth: list[int] = [0]
    for at, each in enumerate(ordered):
        before = worth[bisect_right(ends, each.first, hi=at)]
        worth.append(max(worth[at], before + _worth(said, each)))
    chosen: list[Candidate] = []
    at = len(ordered)
    while at:
        if worth[at] == worth[at - 1]:
            at -= 1
            continue
        chosen.append(ordered[at - 1])
        at = bisect_right(ends, ordered[at - 1].first, hi=at - 1)
    return chosen[::-1]


def _worth(said: Utterance, each: Candidate) -> int:
    sounds = sum(said.is_sound(at) for at in range(each.first, each.end))
    words = each.end - each.first - sounds
    return words * _WORD + sounds - each.assumes * _GUESS - _ACT


def _rest(said: Utterance, chosen: Sequence[Candidate]) -> tuple[Span, ...]:
    """Return the spans of content words that are explained neither by an act nor as quiet ones.

    Beside a yes every word is content, and what leads on ("yes, and", "right, um") must lead to
    something.
    """
    strict = any(isinstance(each.act, Affirm) for each in chosen)
    explained = [token.is_sign and token.low != "?" for token in said.tokens]
    for each in chosen:
        explained[each.first : each.end] = [True] * (each.end - each.first)
    for each in chosen:  # "yes, book me in for Friday"
        if isinstance(each.act, Provide) and (lead := said.before(each.first, "yes.restate")):
            explained[lead.first : lead.end] = [True] * (lead.end - lead.first)
    for match in said.all("quiet.courtesy"):
        explained[match.first : match.end] = [True] * (match.end - match.first)
    last = max((at for at in range(len(said)) if not said.is_sound(at)), default=0)
    for match in said.all("quiet.link", SOUND):
        if not strict or match.end <= last:
            explained[match.first : match.end] = [True] * (match.end - match.first)
    closed = {each.end for each in chosen if not isinstance(each.act, Provide)}
    spans: list[Span] = []
    joins = False  # function words between two unread ones are unread with them
    for at, known in enumerate(explained):
        wish = said.low(at) == "?" and (at in closed or not said.clause(at).asked)
        quiet = said.at(at, "quiet.function") is not None and not said.clause(at).asked
        empty = not strict and (wish or quiet)  # the "is it" of a question is content
        if known or empty:
            joins = joins and not known
            continue
        start, end = said.span(at, at + 1)
        spans.append((spans.pop()[0] if joins else start, end))
        joins = True
    if said.unread:
        spans.append(said.unread)
    return tuple(spans)
