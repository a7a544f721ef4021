"""A dialogue as its record left it, for whichever process goes on with the call. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from voicebot.business import Business
from voicebot.call import FIELDS, CallState, Needs, Status, Step, Window
from voicebot.collect.dialogue import (
    Appointment,
    Dialogue,
    Mode,
    Purpose,
    appointment,
    normal,
    read_saved,
)
from voicebot.collect.wording import load_wording

T = TypeVar("T")

_WINDOW, _APPOINTMENT = TypeAdapter(Window), TypeAdapter(Appointment)
_LEFT_OPEN = ("settled", "doubted", "early")


def begin(business: Business, state: CallState) -> Dialogue:
    """Return the dialogue of a call as its record left it; a fresh one for a fresh record.

    A caller who comes back after a goodbye without booking is asked again what was given up.
    """
    saved = read_saved(state.dialogue)
    ended = state.status is Status.INCOMPLETE
    dialogue = Dialogue(
        business,
        load_wording(business),
        answers={s: normal(a, business) for s, a in state.answers.items() if s is not Step.TIME},
        confirmed=state.confirmed,
        doubted=_steps(saved.get("doubted")),
        settled=_steps(saved.get("settled") if not ended else None),
        early=_steps(saved.get("early")),
        pending=_text(saved.get("pending")),
        window=_shaped(_WINDOW, saved.get("window")),
        unwanted=_texts(saved.get("unwanted")),
        was_offered=bool(saved.get("was_offered")),
        turns=int(saved.get("turns") or 0),
        fruitless=int(saved.get("fruitless") or 0),
        vain=int(saved.get("vain") or 0),
        objections=int(saved.get("objections") or 0),
        in_vain=_texts(saved.get("in_vain")),
        stepped_back=bool(saved.get("stepped_back")),
        purpose=_purpose(saved.get("purpose")) if not ended else Purpose.BOOK,
        about=_shaped(_APPOINTMENT, saved.get("about")) if not ended else None,
        found=_shaped(_APPOINTMENT, saved.get("found")),
        to_tell=_texts(saved.get("to_tell")),
        shift=_text(saved.get("shift")) or "",
        dealt=_texts(saved.get("dealt")),
        words=_text(saved.get("words")) or "",
        others=_all_shaped(saved.get("others")),
        coming=_coming(business, state) or _all_shaped(saved.get("coming")),
        sought=_texts(saved.get("sought")),
        proving=bool(saved.get("proving")),
        unknown=_texts(saved.get("unknown")),
        urgent=bool(saved.get("urgent")),
        advice=_text(saved.get("advice")) or "",
        replied=_texts(saved.get("replied")),
        answered=_texts(saved.get("answered")),
        notes=tuple(note.text for note in state.notes),
        promised=bool(saved.get("promised")),
        caller=state.caller,
        needs=state.needs or Needs.NOTHING,
        resumed=state.resumed,
        reopened=ended,
    )
    return _where_it_was(dialogue, state, saved, ended=ended)


def _where_it_was(
    dialogue: Dialogue, state: CallState, saved: Mapping[str, Any], *, ended: bool
) -> Dialogue:
    """Return the dialogue at the question that was open, or at the next one that is."""
    called_off = state.status is Status.CANCELLED
    if state.booked or called_off:
        return replace(dialogue, step=Step.DONE, mode=Mode.ENDED, called_off=called_off)
    attempts, put = int(saved.get("attempts") or 0), int(saved.get("put") or 0)
    mode_then = saved.get("mode")
    if mode_then == Mode.OFFERING:  # a yes is one to the call that was offered
        earlier = tuple(call for call in state.earlier if call.call_sid == saved.get("earlier"))
        return replace(dialogue, mode=Mode.OFFERING, earlier=earlier, attempts=attempts, put=put)
    if not dialogue.was_offered:
        dialogue = replace(dialogue, earlier=state.earlier)
    if not ended and mode_then in (Mode.CLOSING, Mode.CALLING_OFF):
        return replace(dialogue, step=state.step, mode=Mode(mode_then), attempts=attempts, put=put)
    step, mode = dialogue.next_open()
    if mode is Mode.ENDED:  # all is told that was asked for, and nothing is booked
        dealt = (*dialogue.dealt, dialogue.purpose)
        return replace(dialogue, step=step, mode=Mode.CLOSING, purpose=Purpose.BOOK, dealt=dealt)
    offered = _texts(saved.get("offered"))
    if mode_then == Mode.CHOOSING and step is Step.TIME and offered:
        mode, dialogue = Mode.CHOOSING, replace(dialogue, offered=offered)
    partial, unheard = _text(saved.get("partial")), bool(saved.get("unheard"))
    if partial and state.step in dialogue.steps and state.step not in dialogue.settled:
        step, mode = state.step, Mode.ASKING  # the rest of a value that is held is asked for
    if step is not state.step:
        return replace(dialogue, step=step, mode=mode)
    tries = saved.get("tries")
    return replace(
        dialogue,
        step=step,
        mode=mode,
        partial=partial,
        tries=tuple(map(_texts, tries)) if isinstance(tries, list) else (),
        unheard=unheard,
        attempts=attempts,
        put=put,
    )


def asking(step: Step, dialogue: str | None) -> str | None:
    """Return what the bot waits for: a step, `confirm`, `choice`, or None when the call is over."""
    match read_saved(dialogue).get("mode", Mode.ASKING):
        case Mode.CONFIRMING | Mode.OFFERING | Mode.CALLING_OFF:
            return "confirm"
        case Mode.CHOOSING:
            return "choice"
        case Mode.ENDED:
            return None
        case _:
            return None if step is Step.DONE else step.value


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing of one conversation.

    put       how often the open question has been put; 0 when none is open
    promised  a call back was promised to the caller
    unsure    answers without a yes where one was wanted: given up, objected to, said by the way
              and never read back, or being read back
    """

    put: int = 0
    promised: bool = False
    unsure: tuple[Step, ...] = ()


def standing(
    step: Step, dialogue: str | None, answered: Collection[Step], confirmed: Collection[Step]
) -> Standing:
    """Return where the saved `dialogue` stands; `step` is the record's."""
    saved = read_saved(dialogue)
    mode, put = saved.get("mode"), saved.get("put")
    doubtful = {name for key in _LEFT_OPEN for name in saved.get(key) or ()}
    if mode == Mode.CONFIRMING:
        doubtful.add(step.value)
    return Standing(
        put=put if isinstance(put, int) and mode not in (None, Mode.ENDED) else 0,
        promised=bool(saved.get("promised")),
        unsure=tuple(s for s in FIELDS if s in doubtful and s in answered and s not in confirmed),
    )


def _coming(business: Business, state: CallState) -> tuple[Appointment, ...]:
    """Return when and for what the number that calls is booked, without whose it is."""
    booked = (appointment(each.call_sid, each.state, business) for each in state.coming)
    return tuple(replace(each, address="", email="") for each in booked)


def _all_shaped(saved: object) -> tuple[Appointment, ...]:
    found = saved if isinstance(saved, list) else ()
    return tuple(each for each in (_shaped(_APPOINTMENT, one) for one in found) if each)


def _steps(names: object) -> frozenset[Step]:
    return frozenset(Step(name) for name in _texts(names) if name in FIELDS)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(values: object) -> tuple[str, ...]:
    found = values if isinstance(values, list) else ()
    return tuple(value for value in found if isinstance(value, str))


def _purpose(name: object) -> Purpose:
    return next((each for each in Purpose if each == name), Purpose.BOOK)


def _shaped(shape: TypeAdapter[T], saved: object) -> T | None:
    try:
        return shape.validate_python(saved) if saved else None
    except ValidationError:
        return None
