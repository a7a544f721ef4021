"""Which of the services that phrases of an utterance stand for is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.understanding.fields.trades import FAULT, HINT, SAID, SYNONYM, Hit
from voicebot.collect.understanding.types import Situation
from voicebot.collect.understanding.utterance import Utterance

_EACH_WORD = 0.1
"""The certainty that a phrase gains with each further word."""


def is_of_another(said: Utterance, hit: Hit, hits: Sequence[Hit]) -> bool:
    """Return True where what is worked on says more than the work: "clean my gutters".

    What goes wrong says more than the thing that it is on: "my dishwasher outlet's leaking".
    """
    leaders = [h for h in hits if h.end == hit.first and HINT < h.weight < SYNONYM]
    place = hit.first, hit.end, hit.service
    fault = any(h.weight == FAULT and (h.first, h.end, h.service) == place for h in hits)
    things = fault and all(h.weight <= SAID for h in leaders)
    if leaders and not things and hit.service not in {h.service for h in leaders}:
        return True
    at = hit.end
    while between := said.at(at, "service.known_one"):
        at = between.end
    about = {h.service for h in hits if h.first == at and h.weight >= SYNONYM}
    return at > hit.end and bool(about) and hit.service not in about


def best_of(hits: Sequence[Hit], listed: int) -> Hit | None:
    """Return the service with the surest and longest phrases; of equals the one said first.

    None where the same words stand for two: "a haircut", where men's and women's are listed.
    """
    ranked = sorted(
        {h.service for h in hits}, key=lambda each: rank(hits, each, listed), reverse=True
    )
    if not ranked:
        return None
    own = [h for h in hits if h.service == ranked[0]]
    for other in ranked[1:]:
        same = {(h.first, h.end) for h in hits if h.service == other}
        equal = rank(hits, ranked[0], listed) == rank(hits, other, listed)
        if equal and same == {(h.first, h.end) for h in own}:
            return None
    sure = max(h.weight for h in own)
    if len(ranked) > 1 and rank(hits, ranked[1], listed)[0] == rank(hits, ranked[0], listed)[0]:
        sure = HINT
    return Hit(min(h.first for h in own), max(h.end for h in own), ranked[0], sure)


def up_to_question(said: Utterance, best: Hit, kept: Sequence[Hit]) -> Hit:
    """Return it up to the end of the first question: "how much is a clean? Windows too?"."""
    stop = next((n for n in range(best.first, best.end) if said.low(n) == "?"), best.end)
    ends = [h.end for h in kept if h.service == best.service and best.first < h.end <= stop]
    return replace(best, end=max(ends, default=best.end))


def first_of(said: Utterance, hits: Sequence[Hit], listed: int) -> Hit | None:
    """Return the service said first of several in one breath: "both a gardener and a plumber"."""
    named = [hit for hit in hits if hit.weight >= SAID]
    several = len({hit.service for hit in named}) > 1
    joined = several and any(said.all("service.further", first=named[0].end))
    if not joined:
        return None
    there = {hit.service for hit in named if hit.first == named[0].first}
    best = best_of([hit for hit in hits if hit.service in there], listed)
    return next((hit for hit in named if best and hit.service == best.service), None)


def rank(hits: Sequence[Hit], service: int, listed: int) -> tuple[float, int, int]:
    own = [h for h in hits if h.service == service]
    longest = max(h.end - h.first for h in own)
    covered = len({at for h in own for at in range(h.first, h.end)})
    further = _EACH_WORD * (longest - 1) if service < listed else 0.0
    return max(h.weight for h in own) + further, covered, -min(h.first for h in own)


def without_places(said: Utterance, kept: list[Hit], situation: Situation) -> list[Hit]:
    """Return the hits without where the job is, if it is known or told: "a leak in the laundry".

    A street is none at all: "a plumber at 12 Rose Avenue".
    """

    def is_place(hit: Hit) -> bool:
        labels = (m for m in said.matches[hit.first] if m.tag == "phone.elsewhere")
        labelled = any(label.end > hit.end for label in labels)  # the "house" of "house number"
        return labelled or said.before(hit.first, "service.where") is not None

    def is_street(hit: Hit) -> bool:
        numbered = any(word.isdigit() for word in map(said.low, range(hit.first)[-2:]))
        return numbered and said.at(hit.end, "time.street") is not None

    kept = [hit for hit in kept if not is_street(hit)]
    others = [hit for hit in kept if not is_place(hit)]
    told = Step.SERVICE in situation.record or "want.emergency" in said.tags
    told |= situation.step is Step.ADDRESS
    return others if others or told else kept
