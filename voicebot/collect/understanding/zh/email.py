"""An e-mail address of which the provider is named before or behind: QQ邮箱，一二三四五."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.fields.email import email as common
from voicebot.collect.understanding.fields.email import valid
from voicebot.collect.understanding.fields.email_signs import Kind, pieces
from voicebot.collect.understanding.types import Provide, Situation
from voicebot.collect.understanding.utterance import Utterance

_SHORTEST_NUMBER = 5
_PARTS = (Kind.LETTER, Kind.WORD, Kind.DIGITS, Kind.MARK)


def email(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give what every language says, and the account at a provider's 邮箱."""
    yield from common(said, situation)
    for provider in said.all("domain.provider"):
        box = said.at(provider.end, "email.box")
        if box is None or any(said.all("email.at")):
            continue
        read = [p for p in pieces(said) if p.first >= box.end or p.end <= provider.first]
        parts = [piece for piece in read if piece.kind in _PARTS and piece.text]
        local = "".join(piece.text for piece in parts)
        only = said.at(provider.first, "domain.only_com")
        value = valid(f"{local}@{provider.value}{'.com' * (only is not None)}")
        if value and (not local.isdigit() or len(local) >= _SHORTEST_NUMBER):
            first, end = parts[0].first, parts[-1].end
            act = Provide(Step.EMAIL, value, said.span(first, end))
            lead = said.before(provider.first, "email.lead", "lead.is")
            begun = min(first, lead.first if lead else provider.first)
            yield Candidate(act, begun, max(end, box.end))
        return
