"""Who names a person: is one wanted on the line now, or is somebody to ring the caller?

"The manager please" is put through; "the manager please, after four" and "have the manager ring me"
are not; "my manager wants a cleaner" speaks of a customer. The words stand in the table [person].
"""

from __future__ import annotations

from collections.abc import Iterable

from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.types import Want, WantPerson
from voicebot.collect.understanding.utterance import Utterance

PERSON, RINGS, CALLS = "act.person", "want.call_back", "person.calls"
REACHES = (PERSON, RINGS, CALLS)
_NO_CALL, _OTHER, _THROUGH = "want.no_call", "person.other", "person.through"
_NOW, NOT_NOW = "person.now", "person.not_now"
_WHEN, _TOLD, _ASKS = "person.when", "person.told", "person.asks"
_ROLE = "role"
"""The value of what only names a person, and is said of others as well."""
_BARE = (
    *("quiet.function", "quiet.link", "quiet.courtesy", "clause.before", "act.thank", "no.plain"),
    *("want.annoyed", "want.complaint", "act.greet", _NOW, NOT_NOW, _WHEN, _OTHER, PERSON, RINGS),
    *(CALLS, _THROUGH, "yes.agree"),
)
"""Words that may stand beside a person who is wanted without a verb: "no, look, the manager"."""


def reached(said: Utterance, match: Match) -> WantPerson | Want | None:
    """Return what is wished for with this phrase, which names a person or a call; None: nothing.

    Who wants to be put through at once is; who names another time, or speaks of ringing, is rung.
    """
    if not _counts(said, match):
        return None
    span, rings = said.span(match.first, match.end), _counted(said, (RINGS, CALLS))
    if any(_counted(said, (_THROUGH,))):
        return WantPerson(span, now=True) if match.tag == PERSON else None
    now = any(True for each in said.all(_NOW) if not _inside(said, each, NOT_NOW))
    if NOT_NOW in said.tags or (not now and (rings or _names_a_time(said))):
        return Want("call_back", span)
    return WantPerson(span, now=now) if match.tag == PERSON else None


def is_whole_wish(match: Match) -> bool:
    """Return whether it is one before a number too: not "ring me on", which only leads to it."""
    return match.tag in (RINGS, CALLS) and match.end - match.first > _VERB_AND_WHOM


_VERB_AND_WHOM = 2


def _counted(said: Utterance, tags: Iterable[str]) -> list[Match]:
    return [
        each for here in said.matches for each in here if each.tag in tags and _counts(said, each)
    ]


def _counts(said: Utterance, match: Match) -> bool:
    """Return False for what is refused ("don't put me through"), or said of somebody else."""
    refusals = (_NO_CALL,) if match.tag in (RINGS, CALLS) else (_NO_CALL, NOT_NOW)
    if _inside(said, match, _OTHER, *refusals) or not _is_asked_for(said, match):
        return False
    if said.at(match.first, "act.greet"):
        return False  # "is anyone there"
    clause = said.clause(match.first)
    denials = said.all("clause.deny", first=clause.first, end=match.end)
    return all(
        _inside(said, no, NOT_NOW)
        or any(token.is_sign for token in said.tokens[no.first : match.first])
        for no in denials
    )


def _is_asked_for(said: Utterance, match: Match) -> bool:
    """Return False for who is only spoken of: "because the agent insists", "the boss has the key".

    Asked for is who stands behind a verb of [person] asks, before a "please", or bare.
    """
    if match.value != _ROLE:
        return True
    if said.before(match.first, _ASKS) or said.at(match.end, "quiet.courtesy"):
        return True
    if said.before(match.first, _TOLD):
        return False  # "I said agent"
    first, end = match.first, match.end
    while first and not said.tokens[first - 1].is_sign:
        first -= 1
    while end < len(said) and not said.tokens[end].is_sign:
        end += 1
    bare = {n for m in said.all(*_BARE, first=first, end=end) for n in range(m.first, m.end)}
    return all(n in bare or said.is_sound(n) for n in range(first, end))


def _inside(said: Utterance, match: Match, *tags: str) -> bool:
    """Return whether a phrase with one of these tags shares a word with this one."""
    return any(
        each.first < match.end and match.first < each.end
        for here in said.matches[: match.end]
        for each in here
        if each.tag in tags
    )


def _names_a_time(said: Utterance) -> bool:
    """Return whether a time is named beside the person, and not one of something that is told.

    Each stretch between two marks is looked at alone: "the manager, I've waited since nine".
    """
    signs = [at for at, token in enumerate(said.tokens) if token.is_sign and not token.glued]
    starts, ends = (0, *(at + 1 for at in signs)), (*signs, len(said))
    stretches = zip(starts, ends, strict=True)
    return any(
        any(said.all(_WHEN, first=first, end=end))
        and not any(said.all(_TOLD, first=first, end=end))
        for first, end in stretches
    )
