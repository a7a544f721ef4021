"""Find the listed service that is meant: by its name, by callers' words for it, or by its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from voicebot.business import Offer
from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.clauses import REQUESTS
from voicebot.collect.understanding.fields.service_ranking import (
    best_of,
    first_of,
    is_of_another,
    rank,
    up_to_question,
    without_places,
)
from voicebot.collect.understanding.fields.trades import (
    DESCRIPTION,
    HINT,
    NAME,
    NOT_LISTED,
    SAID,
    TRADE,
    Hit,
    Vocabulary,
    hits_in,
    vocabulary,
)
from voicebot.collect.understanding.types import (
    OFFERED,
    WISHED,
    Ask,
    Asked,
    Note,
    Provide,
    Situation,
)
from voicebot.collect.understanding.utterance import Utterance, utterance
from voicebot.collect.understanding.words import is_everyday

_FARTHEST, _LONGEST_CHOICE, _FAULT_REACH = 8, 8, 2
"""Tokens: from "I don't need" to what is not needed; of a turn where "the first" is a service."""
_QUIET = ("quiet.", "act.", "yes.")
_MEANT = ("service.instead", "clause.mend", "service.wish", "want.booking", *REQUESTS)
_UNSURE = ("decline.unsure", "clause.mend", "clause.deny", "no.plain")
_AROUND_A_NAME = (
    *("quiet.function", "quiet.link", "clause.before", "service.goes_on", "service.joins"),
)
_MARGIN = 0.008
"""By how much a service must be more like the caller's words than any other, and any other trade.
Measured on 180 texts: below it false ones come, above it right ones go."""


def service(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the service that was meant, if it is one of those that may be booked."""
    services = situation.services
    if not services or _is_news(said):
        return
    known = vocabulary(services, situation.language)
    hits = list(hits_in(said, known))
    yield from _asked_whether(said, hits, situation)
    kept = without_places(said, _kept(said, hits, known), situation)
    if _joins_two(said, kept):
        return
    sure = [h for h in kept if not _is_behind(said, h.first, "service.perhaps")] or kept
    if situation.step is not Step.SERVICE and kept and _goes_on_asking(said, kept[0], situation):
        return
    best = (
        first_of(said, sure, len(services))
        or best_of(sure, len(services))
        or _by_place(said, situation)
    )
    if best is None or best.service >= len(services):
        unwanted = any(hit.service < len(services) and hit not in kept for hit in hits)
        if situation.step is Step.SERVICE and not unwanted:
            yield from _by_meaning(said, situation)
        elif best:
            yield from _wished_of_another(said, best)
    elif _is_beside(said, best, situation):
        yield _noted(said, best.first, best.end)
    else:
        best = up_to_question(said, best, kept)
        further = list(_further(said, best, kept))
        named = [h for h in kept if h.service == best.service and h.weight >= TRADE]
        meant = (h for h in (best, *named) if further or not _is_passing(said, h, situation))
        if best := next(meant, None):
            behind = [first for first, _ in further if first >= best.end]
            yield from _candidates(said, best, situation, min(behind, default=len(said)))
            yield from (_noted(said, *tokens) for tokens in further)


def _noted(said: Utterance, first: int, end: int) -> Candidate:
    """Give another job as a note: the whole sentence, so that staff see what is meant."""
    return Candidate(Note(said.sentence(first), said.span(first, end)), first, end)


def _wished_of_another(said: Utterance, hit: Hit) -> Iterator[Candidate]:
    """Give "I need a locksmith", before services are asked for, as "do you do that" (WISHED).

    One word of what a trade works on is too little: "I need to move my car".
    """
    lead, clause = said.before(hit.first, "service.lead"), said.clause(hit.first)
    wishes = lead and any(said.all("service.wish", first=lead.first, end=lead.end))
    is_sure = hit.weight >= TRADE - NOT_LISTED or hit.end > hit.first + 1
    if lead and wishes and is_sure and clause.counts:
        wish, span = said.span(clause.first, clause.end), said.span(lead.first, hit.end)
        yield Candidate(Ask(WISHED, said.text[slice(*wish)], span), lead.first, hit.end, 1)


_NOT_ASKED = ("ask.", "want.complaint")


def _asked_whether(
    said: Utterance, hits: Sequence[Hit], situation: Situation
) -> Iterator[Candidate]:
    """Give the questions whether we do some work, ours or of another trade: "do you do roofs".

    Where the service is asked for, one of ours is the answer, and no question. Who asks so before,
    or what one of ours costs ("what is it to cut a hedge?"), is taken to want it.
    """
    open_here = situation.step is Step.SERVICE and situation.asked is Asked.ANSWER
    listed = len(situation.services)
    sure = {hit.service for hit in hits if hit.weight >= SAID}
    for match in said.all("ask.offered", "ask.price", "topic.price", "ask.area"):
        clause, whether = said.clause(match.first), match.tag == "ask.offered"
        opens = said.is_opening(match.first) or said.before(match.first, "clause.before")
        if match.value and not opens:
            continue  # "cuando podáis"
        first, end = clause.first, clause.end
        inside = [hit for hit in hits if first <= hit.first < end]
        ours = any(hit.service < listed for hit in inside)
        tags = (each.tag for here in said.matches[first:end] for each in here)
        # Who complains of work that was done asks for none.
        other = any(tag.startswith(_NOT_ASKED) and tag != match.tag for tag in tags)
        if not inside or (ours and open_here) or (other if whether else len(sure) != 1):
            continue
        if whether:
            span = said.span(first, end)
            yield Candidate(Ask(OFFERED, said.text[slice(*span)], span), first, end)
        best = None if Step.SERVICE in situation.record else best_of(inside, listed)
        if best is None or best.service >= listed:
            continue
        # Nobody who asks what a plumber costs has told the work; "to Penrith to clean gutters" has.
        names = {(h.first, h.end) for h in inside if h.weight in (NAME, TRADE)}
        told = (best.first, best.end) not in names
        if whether or told or said.before(best.first, "service.priced"):
            name, span = situation.services[best.service].name, said.span(best.first, best.end)
            yield Candidate(Provide(Step.SERVICE, name, span, assumed=1), best.first, best.end, 1)


def named_in(text: str, services: tuple[Offer, ...], language: str) -> tuple[Offer, ...] | None:
    """Return the services that a question is about; None where it is about work of another trade.

    More than one only where the same words stand for them ("a haircut", of men and of women), and
    where each is named in words of its own ("the plumbing and the electrical"). None is named where
    the words of one stand beside the goods of another trade: "do you clean ovens".
    """
    said, known = utterance(text, language), vocabulary(services, language)
    hits = list(hits_in(said, known))
    about = [hit for hit in hits if not is_of_another(said, hit, hits)]
    ranks = {each: rank(about, each, len(services)) for each in {hit.service for hit in about}}
    best = sorted(each for each, own in ranks.items() if own == max(ranks.values()))
    taken = {at for h in about if h.service in best for at in range(h.first, h.end)}
    own = {h.service for h in about if h.weight >= TRADE and taken.isdisjoint((h.first, h.end - 1))}
    named = tuple(o for n, o in enumerate(services) if n in best or n in own)
    others = not named and any(hit.service >= len(services) for hit in hits)
    return None if others and all(hit.service >= len(services) for hit in hits) else named


def is_only_named(text: str, services: tuple[Offer, ...], language: str) -> bool:
    """Return True for a question that only names services: "and the electrician?"."""
    said, known = utterance(text, language), vocabulary(services, language)
    own = [h for h in hits_in(said, known) if h.weight >= TRADE and h.service < len(services)]
    named = {at for hit in own for at in range(hit.first, hit.end)}
    rest = (at for at in range(len(said)) if at not in named and not said.is_sound(at))
    return bool(named) and all(said.at(at, *_AROUND_A_NAME) for at in rest)


def _goes_on_asking(said: Utterance, hit: Hit, situation: Situation) -> bool:
    """Return True for "and the electrician?", which asks for what was just told of another."""
    clause = said.clause(hit.first)
    opened = any(said.all("service.goes_on", first=max(clause.first - 1, 0), end=hit.first))
    about = said.text[slice(*said.span(clause.first, clause.end))]
    return clause.asked and opened and is_only_named(about, situation.services, situation.language)


def _is_passing(said: Utterance, best: Hit, situation: Situation) -> bool:
    """Return True for a word that only touches on a service, where something else is asked.

    "When the house is built" asks for no cleaning, and nobody who lives in Garden Street for one.
    """
    clause = said.clause(best.first)
    if situation.step is Step.SERVICE or any(said.in_clause(clause, *_MEANT)):
        return False
    guessed, lone = best.weight < TRADE, best.end == best.first + 1
    if guessed and (Step.SERVICE in situation.record or situation.step is Step.ADDRESS):
        return True
    if best.weight > DESCRIPTION and _has_fault(said, best):
        return False
    bare = is_everyday(said.low(best.first)) and not said.before(best.first, "service.lead")
    after = polite.end if (polite := said.at(best.end, "quiet.courtesy")) else best.end
    by_itself = said.is_opening(best.first) and (after == len(said) or said.tokens[after].is_sign)
    return lone and (best.weight <= DESCRIPTION or (bare and not by_itself))


def _has_fault(said: Utterance, hit: Hit) -> bool:
    """Return True for "the lamp is not working", "a broken lamp", "carpets that want doing"."""
    faults = said.all("service.fault", first=max(0, hit.first - _FAULT_REACH))
    return any(hit.first - _FAULT_REACH <= f.first <= hit.end + 1 for f in faults)


def _further(said: Utterance, best: Hit, hits: Sequence[Hit]) -> Iterator[tuple[int, int]]:
    """Give the tokens of other jobs in the same breath: "and I need a socket fixed", "both …".

    None are those that mend, deny, ask or doubt: "or rather an electrician", "maybe a painter".
    """
    others = [h for h in hits if h.service != best.service and h.weight >= SAID]
    joins = {m.first for m in said.all("service.perhaps", "service.further", "service.joins")}
    signs = {at + 1 for at in range(len(said)) if said.tokens[at].is_sign}
    for first, end in pairwise(sorted({0, *joins, *signs, len(said)})):
        clause = said.clause(first)
        inside = [h for h in others if first <= h.first < end]
        own = first <= best.first < end or (first < best.first and not joins)
        doubts = any(said.all(*_UNSURE, first=first, end=end))
        unsure = doubts and not said.at(first, "service.perhaps")
        if inside and clause.counts and not (own or clause.mends or clause.withdrawn or unsure):
            yield first, inside[-1].end


def _is_beside(said: Utterance, hit: Hit, situation: Situation) -> bool:
    """Return True for "and the lawn as well", where another service is held and is to stay."""
    held, clause = situation.record.get(Step.SERVICE), said.clause(hit.first)
    if held in (None, situation.services[hit.service].name) or clause.mends:
        return False
    refuses = any(said.in_clause(clause, "no.plain", "no.wrong", "service.instead"))
    return not refuses and any(said.in_clause(clause, "service.further", "service.also"))


def _candidates(said: Utterance, hit: Hit, situation: Situation, end: int) -> Iterator[Candidate]:
    """Give the words that name it, and the clause around them as the description of the work."""
    lone = hit.weight < TRADE and hit.end == hit.first + 1
    guesses = 2 if hit.weight <= HINT else int(lone)
    name = situation.services[hit.service].name
    act = Provide(Step.SERVICE, name, said.span(hit.first, hit.end), assumed=guesses)
    lead = said.before(hit.first, "service.lead")
    yield Candidate(act, lead.first if lead else hit.first, hit.end, guesses)
    if situation.step is Step.SERVICE and situation.asked is Asked.ANSWER:
        clause = said.clause(hit.first)
        note = next(said.all("note.text", first=hit.end), None)  # "and one for my son as well"
        end = max(min(clause.end, end, note.first if note else end), hit.end)
        if any(said.all("want.emergency", first=clause.first, end=end)):
            return
        yield Candidate(act, min(clause.first, hit.first), end, guesses + 1)


def _joins_two(said: Utterance, hits: Sequence[Hit]) -> bool:
    """Return True for 理发和保洁, where nobody knows which comes first."""
    joins = {match.first: match.end for match in said.all("service.joins")}
    joined = {(h.service, joins[h.end]) for h in hits if h.end in joins}
    return any(h.first == at and h.service != service for h in hits for service, at in joined)


def _is_news(said: Utterance) -> bool:
    """Return True for "I'll be late", unless a wish follows."""
    news = next(said.all("service.news"), None)
    return news is not None and not any(said.all("service.wish", first=news.end))


def _kept(said: Utterance, hits: Sequence[Hit], known: Vocabulary) -> list[Hit]:
    """Return the hits that are wished for; after a correction only those behind it."""
    away = {at for h in hits if _is_away(said, h, known) for at in range(h.first, h.end)}
    kept = [h for h in hits if h.first not in away and not is_of_another(said, h, hits)]
    cut = max((each.first for each in said.clauses if each.mends), default=0)
    behind = [h for h in kept if h.first >= cut]
    mends = any(h.weight > DESCRIPTION for h in behind)  # not "the lamp is not working in my house"
    return behind if mends else kept


def _is_away(said: Utterance, hit: Hit, known: Vocabulary) -> bool:
    """Return True for what is asked about, refused, told of, or only owned."""
    asked = _is_asked_about(said, hit) or said.at(hit.end, "service.asked_of")
    if asked or said.before(hit.first, "service.told_to"):
        return True
    is_told = said.before(hit.first, "service.known_one") and said.at(hit.end, "service.told")
    is_fine = said.before(hit.first, "service.definite") and said.at(hit.end, "service.fine")
    is_goods = known.trades.stem(said.low(hit.first)) in known.goods
    if is_told or is_fine or (is_goods and _is_wanted_itself(said, hit)):
        return True
    if is_goods and any(_is_behind(said, at, "service.owns") for at in (hit.first, hit.first - 1)):
        return True
    return _is_behind(said, hit.first, "service.away")


def _is_behind(said: Utterance, at: int, tag: str) -> bool:
    """Return True where such a phrase ends here, or before words that may stand between."""
    least = at - _FARTHEST
    while at > max(0, least):
        if said.before(at, tag):
            return True
        if not (between := said.before(at, "service.between")):
            return False
        at = between.first
    return False


def _is_asked_about(said: Utterance, hit: Hit) -> bool:
    """Return True for "what's a wheel alignment", not for "plumbing?" or "is a plumber free"."""
    clause = said.clause(hit.first)
    in_words = any(said.in_clause(clause, "clause.ask", "clause.told"))
    return clause.asked and in_words and not any(said.in_clause(clause, "service.free"))


def _is_wanted_itself(said: Utterance, hit: Hit) -> bool:
    """Return True for "I need a small car from Friday": no work is to be done to it."""
    ended = hit.first + 1 == len(said) or said.at(hit.first + 1, "service.ended")
    wants = (said.before(at, "service.wants") for at in (hit.first, hit.first - 1))
    return bool(ended) and any(wants)


def _by_place(said: Utterance, situation: Situation) -> Hit | None:
    """Return the service by its place in the list that was read out: "the second one".

    What a word of content follows is no place in it: "my second bathroom stinks".
    """
    count = len(situation.services)
    if situation.step is not Step.SERVICE or len(said) > _LONGEST_CHOICE:
        return None
    for match in said.all("choose.position", "service.place"):
        place = int(match.value)
        behind = said.matches[match.end] if match.end < len(said) else ()
        alone = match.end == len(said) or said.is_sound(match.end)
        if (
            (alone or any(each.tag.startswith(_QUIET) for each in behind))
            and abs(place) <= count
            and not said.clause(match.first).asked
        ):
            at = place - 1 if place > 0 else count + place
            return Hit(match.first, match.end, at, HINT)
    return None


def _by_meaning(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the service that the meaning engine finds nearest, where it stands out."""
    if "" not in situation.similar:
        return
    scores = {each: situation.similar.get(each.id, 0.0) for each in situation.services}
    best = max(scores, key=scores.__getitem__)
    others = [score for each, score in scores.items() if each is not best]
    next_best = max(situation.similar[""], *others)
    if said.tokens and scores[best] - next_best >= _MARGIN:
        act = Provide(Step.SERVICE, best.name, said.span(0, len(said)), assumed=2)
        yield Candidate(act, 0, len(said), 1)
