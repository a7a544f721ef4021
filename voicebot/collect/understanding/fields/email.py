"""An e-mail address as callers say, spell or mix it, to its lower-case written form.

Around each at sign the domain is read to the right until a known ending, the local part to the
left until a word of the sentence. A mend replaces the part that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile

from email_validator import EmailNotValidError, validate_email
from rapidfuzz.distance import Levenshtein

from voicebot.call import Step
from voicebot.collect.understanding.alternatives import Parts, weighed
from voicebot.collect.understanding.candidates import Candidate, behind_denial
from voicebot.collect.understanding.fields.email_signs import Domain, Kind, Piece, domain_at, pieces
from voicebot.collect.understanding.fields.local_part import (
    behind_spelled,
    belongs,
    by_name,
    is_first_half,
    local_before,
    spelled_out,
    without_echo,
)
from voicebot.collect.understanding.types import Asked, Correct, Missing, Provide, Situation
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_everyday

_MOST_ATS = 8
"""So many at signs are looked at in one utterance."""
_SPELLING_SLIPS = 2
"""Two local parts that differ by so many letters are one, misheard and then spelled."""
_FEWEST_LETTERS = 3
_SHORTEST_ACCOUNT = 5
_FIGURES = "0123456789"
_MOST_TALK = 12
"""So many pieces may stand between the at sign and its provider."""
_BEHIND_NAME = (Kind.DIGITS, Kind.MARK, Kind.PAUSE)
_OF_ACCOUNT = (Kind.LETTER, Kind.WORD, Kind.DIGITS, Kind.MARK)


@dataclass(frozen=True, slots=True)
class _Address:
    """An address as read so far, from the piece `first` up to `end`; None was not said."""

    local: str | None
    domain: str | None
    first: int
    end: int


def email(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the address that was said, the likeliest of all transcripts."""
    if "email.box" in said.tags and not any(said.all("email.at")):
        yield from _account(said)
    owner = situation.record.get(Step.NAME, "").lower().split()

    def is_known(part: str, at: int) -> bool:
        if at:
            return said.lexicon.has("domain.provider", part.partition(".")[0])
        return bool(owner) and all(word in part for word in owner)

    parts = Parts(
        Step.EMAIL,
        split=lambda address: address.split("@"),
        join="@".join,
        known=is_known,
        around=("email.lead", "email.mark", "email.aside", "lead.is", "quiet.link"),
        end="email.at",
    )
    yield from weighed(_email, said, situation, parts)


def _account(said: Utterance) -> Iterator[Candidate]:
    """Give the account at a provider that is named before or behind it: QQ邮箱，一二三四五."""
    for provider in said.all("domain.provider"):
        box = said.at(provider.end, "email.box")
        read = [p for p in pieces(said) if box and (p.first >= box.end or p.end <= provider.first)]
        parts = [piece for piece in read if piece.kind in _OF_ACCOUNT and piece.text]
        local = "".join(piece.text for piece in parts)
        only = said.at(provider.first, "domain.only_com")
        value = valid(f"{local}@{provider.value}{'.com' * (only is not None)}")
        if box and value and (not local.isdigit() or len(local) >= _SHORTEST_ACCOUNT):
            first, end = parts[0].first, parts[-1].end
            act = Provide(Step.EMAIL, value, said.span(first, end))
            lead = said.before(provider.first, "email.lead", "lead.is")
            begun = min(first, lead.first if lead else provider.first)
            yield Candidate(act, begun, max(end, box.end))
            return


def _email(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the address that stands after all mends, or the piece of one."""
    wanted = situation.step is Step.EMAIL
    if not wanted and not _is_announced(said):
        return
    read = pieces(said)
    address = _last_meant(said, read)
    if address and address.domain:
        address = _named(said, read, address, situation)
    if address is None and wanted:
        address = _without_at(said, read, situation)
    if address is None or (_is_talk(address, read) and not situation.partial):
        return
    whole = _joined(address, _earlier(situation)) if wanted else address
    first, end = read[address.first].first, read[address.end - 1].end
    span = said.span(first, end)
    opening = address.first
    while opening and read[opening - 1].kind is Kind.PAUSE:
        opening -= 1
    begun = read[opening].first
    lead = said.before(begun, "email.lead", "lead.is")
    act = _act(whole, span)
    if act and (wanted or act.value):
        aside = said.at(end + (said.low(end) == ","), "email.aside")
        of_part = act.value and whole != address and not situation.partial
        mend = Correct(Step.EMAIL, act.value, span) if of_part else act
        behind = behind_denial(said, aside.end if aside else end)
        yield Candidate(mend, lead.first if lead else begun, behind, act.assumed)


def _is_announced(said: Utterance) -> bool:
    """Return True where an at sign and what may be a domain stand, the least of an address."""
    sign = next(said.all("email.at"), None)
    domains = ("domain.provider", "domain.ending", "domain.second")
    return sign is not None and next(said.all(*domains, first=sign.end), None) is not None


def valid(text: str) -> str | None:
    """Return the address in lower case, or None when its syntax is wrong; nothing is looked up."""
    try:
        checked = validate_email(
            text, check_deliverability=False, test_environment=True, allow_smtputf8=False
        )
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def _act(address: _Address, span: tuple[int, int]) -> Provide | None:
    local, domain = _without_hyphens(address.local or ""), address.domain or ""
    if local and "." in domain:
        value = valid(f"{local}@{domain}")
        return Provide(Step.EMAIL, value, span) if value else None
    if local:
        return Provide(
            Step.EMAIL, None, span, Missing.DOMAIN, f"{local}@{domain}", assumed=not domain
        )
    if "." in domain:
        return Provide(Step.EMAIL, None, span, Missing.LOCAL_PART, f"@{domain}")
    return None


def _without_hyphens(local: str) -> str:
    """Return "J-O-H-N-.-S" without the hyphens beside a mark, which no address has."""
    for mark in "._+":
        while f"-{mark}" in local or f"{mark}-" in local:
            local = local.replace(f"-{mark}", mark).replace(f"{mark}-", mark)
    return local


def _earlier(situation: Situation) -> str | None:
    """Return the piece said before, or what was read back, of which a part may be said anew."""
    if situation.asked is Asked.CONFIRM:
        return situation.partial or situation.record.get(Step.EMAIL)
    return situation.partial


def _joined(address: _Address, earlier: str | None) -> _Address:
    """Fill the part that is missing from the piece said before."""
    if not earlier:
        return address
    local, _, domain = earlier.partition("@")
    said = address.domain
    if said and said.startswith(".") and domain:
        said = domain.partition(".")[0] + said
    return replace(address, local=address.local or local or None, domain=said or domain or None)


def _is_talk(address: _Address, read: Sequence[Piece]) -> bool:
    """Return True for "I need my car looked at": everyday words, and nothing behind the "at"."""
    spoken = [piece for piece in read[address.first : address.end] if piece.text]
    return address.domain is None and all(
        piece.kind is Kind.AT or (piece.kind is Kind.WORD and is_everyday(piece.text))
        for piece in spoken
    )


def _last_meant(said: Utterance, read: Sequence[Piece]) -> _Address | None:
    address: _Address | None = None
    mends = False
    ats = [at for at, piece in enumerate(read) if piece.kind is Kind.AT][:_MOST_ATS]
    for at, piece in enumerate(read):
        if piece.kind is Kind.MEND:
            mends = True
            if address and at >= address.end:
                address = _mended(said, address, read, at + 1)
        elif at in ats and (new := _around(said, read, at)):
            address = _merged(address, new, mends)
            mends = False
    if address is None:
        return None
    spelled = [n for n in range(address.end, len(read)) if read[n].kind is Kind.LETTER]
    if len(spelled) >= _FEWEST_LETTERS and address.local:
        letters = "".join(read[n].text for n in spelled)
        parts = re.split(r"([._+-]|\d+)", address.local)
        for at, part in enumerate(parts):
            labels = (address.domain or "").split(".")
            if part and _is_alike(part, letters) and letters not in labels:  # "…, spelled r a c h"
                local = "".join([*parts[:at], letters, *parts[at + 1 :]])
                return replace(address, local=local, end=behind_spelled(read, spelled[-1], local))
    return address


def _around(said: Utterance, read: Sequence[Piece], at: int) -> _Address | None:
    """Return the address around one at sign; None when this "at" is only the word."""
    domain = domain_at(said, read, at + 1)
    local, first = local_before(said, read, at)
    if local and not (domain and domain.known):
        domain = _behind_talk(said, read, at) or domain
    if domain is None:
        last = not any(piece.text for piece in read[at + 1 :])
        return _Address(local, None, first, at + 1) if local and last else None
    if not domain.known:
        return None
    return _Address(local, domain.text, first if local else at, domain.end)


def _behind_talk(said: Utterance, read: Sequence[Piece], at: int) -> Domain | None:
    """Return the provider that stands behind talk: "at, what's it, the Google one. Gmail"."""
    behind = range(at + 2, min(at + _MOST_TALK, len(read)))
    named = (n for n in behind if said.at(read[n].first, "domain.provider"))
    known = [each for n in named if (each := domain_at(said, read, n)) and each.known]
    return max(known, key=lambda each: "." in each.text, default=None)


def _merged(old: _Address | None, new: _Address, mends: bool) -> _Address:
    """Return what is meant: a second address replaces the first when it mends or completes it."""
    if old is None:
        return new
    if mends and new.local is None:
        return replace(new, local=old.local, first=old.first)
    whole = new.local is not None and new.domain is not None and "." in new.domain
    again = old.domain is None or (old.domain == new.domain and _is_alike(old.local, new.local))
    return replace(new, first=old.first) if whole and (mends or again) else old


def _is_alike(one: str | None, other: str | None) -> bool:
    """Return True for one local part in two spellings; what was not said agrees with any."""
    if one is None or other is None:
        return True
    return one[0] == other[0] and Levenshtein.distance(one, other) <= _SPELLING_SLIPS


def _mended(said: Utterance, address: _Address, read: Sequence[Piece], at: int) -> _Address:
    """Return the address after a mend without an at sign, which names a domain."""
    domain = domain_at(said, read, at)
    if domain and domain.known and not any(p.kind is Kind.AT for p in read[at : domain.end + 1]):
        text = domain.text
        if text.startswith(".") and address.domain:
            text = address.domain.partition(".")[0] + text
        return replace(address, domain=text, end=domain.end)
    return address


def _named(
    said: Utterance, read: Sequence[Piece], address: _Address, situation: Situation
) -> _Address:
    """Return what was spelled as the caller's name has it, where it sounds like that."""
    at = next(
        (n for n in range(address.first, address.end) if read[n].kind is Kind.AT), address.first
    )
    own = next(said.all("email.own_name"), None)
    more = [p for p in read[:at] if own and p.first >= own.end]  # "my name, then ninety-one"
    more = more if all(p.kind in _BEHIND_NAME for p in more) else []
    end = own.end if own and not more else read[at].first
    named = own and own.first <= read[address.first].first and end == read[at].first
    named = named or bool(more)
    if own and (named or address.local is None):
        first, _, last = situation.record.get(Step.NAME, "").lower().partition(" ")
        parts = {"first": first, "last": last.replace(" ", ""), "initial": first[:1]}
        local = own.value.format(**parts) + "".join(piece.text for piece in more)
        return replace(address, local=local) if last else address
    found = by_name(said, read, at, situation)
    return replace(address, local=found[0], first=found[1]) if found else address


def _without_at(said: Utterance, read: Sequence[Piece], situation: Situation) -> _Address | None:
    """Return the second half of an earlier piece, or a first half, where no at sign was heard."""
    first = next((at for at, piece in enumerate(read) if belongs(piece) and piece.text), None)
    if first is None:
        return None
    earlier = _earlier(situation)
    for at in range(first + 1, 0 if earlier else len(read)):  # "mlopez gmail dot com"
        named = said.at(read[at].first, "domain.provider") and not read[at].glued
        domain = domain_at(said, read, at) if named else None
        local, begin = local_before(said, read, at)
        strange = not all(is_everyday(piece.text) for piece in read[begin:at])
        if domain and "." in domain.text and local and strange:
            return _Address(local, domain.text, begin, domain.end)
    if earlier and not earlier.startswith("@"):
        domain = domain_at(said, read, first)
        if domain and domain.known and not any(belongs(p) and p.text for p in read[domain.end :]):
            return _Address(None, domain.text, first, domain.end)
        if situation.partial:
            return None
    if earlier and not situation.partial:
        first = _behind_remark(said, read, first)
    parts = list(dropwhile(lambda p: p.kind is Kind.MARK, (p for p in read[first:] if p.text)))
    strange = any(piece.kind is not Kind.WORD or not is_everyday(piece.text) for piece in parts)
    half = is_first_half(said, parts) or (bool(situation.partial) and strange)
    if earlier and not situation.partial:  # "there should be a dot between them"
        words = [piece for piece in parts if piece.kind is Kind.WORD]
        spoken = words or [piece for piece in parts if piece.kind is Kind.DIGITS]
        half = half and not all(_is_told(said, piece) for piece in spoken)
        half = half and _goes_with(earlier.partition("@")[0], parts)
    if not half or not all(map(belongs, parts)):
        return None
    return _Address(spelled_out(said, without_echo(parts)), None, first, len(read))


def _behind_remark(said: Utterance, read: Sequence[Piece], first: int) -> int:
    """Return where the address goes on in "a dot between, bronte dot h"."""
    pauses = [at for at in range(first, len(read) - 1) if read[at].kind is Kind.PAUSE]
    for pause in pauses:
        before = [piece for piece in read[first:pause] if piece.kind is Kind.WORD]
        if before and all(_is_told(said, piece) for piece in before):
            return pause + 1
    return first


def _goes_with(held: str, parts: Sequence[Piece]) -> bool:
    """Return False for a word and figures that are unlike the part read back: "PO 88123"."""
    words = [piece.text for piece in parts if piece.kind is Kind.WORD]
    if any(piece.kind in (Kind.MARK, Kind.LETTER) for piece in parts):
        return True
    return not words or any(
        word in held or _is_alike(word, held.rstrip(_FIGURES)) for word in words
    )


def _is_told(said: Utterance, piece: Piece) -> bool:
    """Return True for a word of "there should be a dot" and "evenings, after six"."""
    timed = any(match.tag.startswith("time.") for match in said.matches[piece.first])
    return timed or is_everyday(piece.text)
