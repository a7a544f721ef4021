"""All fields of one utterance: the one asked for, and what was said besides."""

from __future__ import annotations

import re
from collections.abc import Callable

from voicebot.call import Step
from voicebot.collect.understanding import Asked
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.zh.address import find_address
from voicebot.collect.understanding.zh.corrections import CORRECTION, without_denied
from voicebot.collect.understanding.zh.email import find_email
from voicebot.collect.understanding.zh.moment import find_time
from voicebot.collect.understanding.zh.name import find_name
from voicebot.collect.understanding.zh.phone import find_phone
from voicebot.collect.understanding.zh.script import Text, blank
from voicebot.collect.understanding.zh.service import find_service
from voicebot.collect.understanding.zh.whose import of_the_job
from voicebot.collect.understanding.zones import in_our_time

_SURE_UNASKED = 0.8
"""How sure one must be of a value that nobody asked for."""
_SERVICE_UNASKED = 0.9
_WISH = re.compile(r"[想要约订做看修换找]|预约|服务|项目")
_ABOUT_TIME = re.compile(r"时间|日期|改[到成在约]|换[到成]|预约|约在|约到")

_ABOUT_NAME = re.compile(r"名字|姓名")
_ABOUT_ADDRESS = re.compile(r"地址|住址")
_BESIDE_ADDRESS = (Step.NAME, Step.PHONE, Step.EMAIL)
"""When asked for these, callers give a house and a street along with them."""

_Finder = Callable[[Text, Asked, bool], Found | None]


def fields_of(text: Text, asked: Asked) -> dict[Step, Found]:
    """What each field's parser found; a value once read is not read again as another's."""
    text = Text(text.said, without_denied(text.plain))
    found: dict[Step, Found] = {}
    for step in _order(asked.step, text):
        is_asked = step is asked.step
        said = _FINDERS[step](text, asked, is_asked)
        if said is None or (not is_asked and not _is_plain(step, said, text, asked)):
            continue
        found[step] = said
        if said.span and said.value is not None:
            text = Text(blank(text.said, said.span), blank(text.plain, said.span))
    return found


def _order(asked: Step, text: Text) -> tuple[Step, ...]:
    """What is easily mistaken comes late; 十二号 is a day if a time was asked for, else a house."""
    time_first = asked is Step.TIME and _ABOUT_ADDRESS.search(text.plain) is None
    middle = (Step.TIME, Step.ADDRESS) if time_first else (Step.ADDRESS, Step.TIME)
    return (Step.EMAIL, Step.PHONE, *middle, Step.SERVICE, Step.NAME)


def _is_plain(step: Step, said: Found, text: Text, asked: Asked) -> bool:
    """Is a value that was not asked for beyond doubt?"""
    if said.value is None:
        return False
    if step is Step.SERVICE:
        is_next = asked.confirming and asked.step is Step.EMAIL
        wished = is_next or _WISH.search(text.plain) is not None
        return said.confidence >= _SERVICE_UNASKED and wished and asked.step is not Step.ADDRESS
    if step is Step.TIME and said.missing is not None:
        corrects = CORRECTION.search(text.plain) or _ABOUT_TIME.search(text.plain)
        return Step.TIME in asked.record and corrects is not None
    return said.confidence >= _SURE_UNASKED


def _email(text: Text, asked: Asked, is_asked: bool) -> Found | None:
    return find_email(text.plain, asked.partial if is_asked else None)


def _phone(text: Text, asked: Asked, is_asked: bool) -> Found | None:
    return find_phone(text.plain, asked.region, asked.partial if is_asked else None)


def _address(text: Text, asked: Asked, is_asked: bool) -> Found | None:
    bare = is_asked or asked.step in _BESIDE_ADDRESS or _corrects(_ABOUT_ADDRESS, text)

    def holds(part: str) -> bool | None:
        found = find_address(Text(part, part), asked=bare)
        return found.value is not None if found else None

    plain = of_the_job(text.plain, holds)
    said = "".join(
        s if p == was else p for s, p, was in zip(text.said, plain, text.plain, strict=True)
    )
    partial = asked.partial if is_asked else None
    return find_address(Text(said, plain), asked=bare, partial=partial)


def _time(text: Text, asked: Asked, is_asked: bool) -> Found | None:
    held = (asked.partial if is_asked else None) or asked.record.get(Step.TIME)
    found = find_time(text.plain, asked.now, held)
    return in_our_time(found, text.plain, asked) if found else None


def _service(text: Text, asked: Asked, is_asked: bool) -> Found | None:
    return find_service(text.plain, asked.services)


def _name(text: Text, asked: Asked, is_asked: bool) -> Found | None:
    return find_name(text, asked=is_asked or _corrects(_ABOUT_NAME, text))


def _corrects(label: re.Pattern[str], text: Text) -> bool:
    """Is this field named and taken back? Then its value needs no announcement."""
    return bool(label.search(text.plain) and CORRECTION.search(text.plain))


_FINDERS: dict[Step, _Finder] = {
    Step.EMAIL: _email,
    Step.PHONE: _phone,
    Step.ADDRESS: _address,
    Step.TIME: _time,
    Step.SERVICE: _service,
    Step.NAME: _name,
}
