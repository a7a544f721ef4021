"""What a caller wishes of a booking that is there, whatever the words: see booked.toml."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest

from tests.collect.scene import DEMO, OTHER, Scene
from voicebot.business import Business, load_business
from voicebot.call import (
    Answer,
    CallSid,
    CallState,
    EarlierCall,
    Needs,
    Service,
    Step,
    Window,
    Wish,
)
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.events import CallOff, Look, Move
from voicebot.collect.resuming import begin
from voicebot.ledger import Booking

_HERE = Path(__file__).parent
_SEVILLA = _HERE.parent.parent / "benchmarks/callers/business/sevilla.toml"
_BUSINESS = {"en": DEMO, "es": load_business(_SEVILLA), "zh": load_business(Path("zh-home"))}
_BOOKED = {
    "en": ("Nadia Haddad", "cleaning", "2026-03-06T10:00"),
    "es": ("Eusebio Carrascosa", "electrical", "2026-03-04T11:00"),
    "zh": ("李桂芬", "cleaning", "2026-03-06T10:00"),
}
_PURPOSES = {
    "moved": Purpose.MOVE,
    "cancelled": Purpose.CANCEL,
    "asked": Purpose.ASK_AFTER,
    "none": Purpose.BOOK,
}
NADIA = "It's Nadia Haddad"


def booking(business: Business, name: str, service: str, at: str, sid: str = OTHER) -> Booking:
    offer = next(offer for offer in business.services if offer.id == service)
    when = datetime.fromisoformat(at).replace(tzinfo=business.zone)
    chosen = Service(offer.id, offer.name)
    answers: dict[Step, Answer] = {Step.NAME: name, Step.SERVICE: chosen, Step.TIME: when}
    return Booking(CallSid(sid), CallState(answers=answers, booked=True))


def ringing(language: str, *bookings: Booking) -> Scene:
    """Somebody rings, from the number of these bookings if there are any."""
    coming = tuple(EarlierCall(each.call_sid, each.state) for each in bookings)
    caller = "+61412700601" if bookings else None
    scene = Scene(begin(_BUSINESS[language], CallState(caller=caller, coming=coming)))
    return replace(scene, bookings=bookings)


def own(language: str = "en") -> Booking:
    return booking(_BUSINESS[language], *_BOOKED[language])


PLUMBING = booking(DEMO, "Nadia Haddad", "plumbing", "2026-03-11T14:00", "CA-plumbing")


def _rows() -> list[tuple[str, str, str, str]]:
    tables = tomllib.loads((_HERE / "booked.toml").read_text("utf-8"))
    return [
        (language, kind, wish, words)
        for language, kinds in tables.items()
        for kind, wishes in kinds.items()
        for wish, texts in wishes.items()
        for words in texts
    ]


@pytest.mark.parametrize(("language", "kind", "wish", "words"), _rows())
def test_a_booking_is_moved_called_off_or_asked_after_in_whatever_words(
    language: str, kind: str, wish: str, words: str
) -> None:
    scene = ringing(language, *([own(language)] if kind == "known" else []))
    scene.hears(words)
    held = scene.dialogue
    taken_up = held.dealt[-1:] if held.purpose is Purpose.BOOK else (held.purpose.value,)
    assert (*taken_up, Purpose.BOOK.value)[0] == _PURPOSES[wish]


def test_nothing_is_told_of_the_booking_of_a_number_before_its_name() -> None:
    scene = ringing("en", own())
    assert "10 am" not in scene.hears("when are you coming on Friday?")
    assert "10 am" not in scene.hears("It's Robin Carter")


def test_the_new_day_is_the_one_beside_the_day_of_the_booking() -> None:
    scene = ringing("en", own())
    scene.hears(f"{NADIA}. Friday's no good, same time on Saturday please")
    assert scene.dialogue.pending == "2026-03-07T10:00"
    assert "moved" in scene.hears("yes")
    assert isinstance(scene.asked[-1], Move)
    assert scene.dialogue.needs is Needs.NOTHING


@pytest.mark.parametrize(
    "words",
    ["Friday at two", "on Friday, after lunch, at 2 pm", "this Friday. Two o'clock, please"],
)
def test_who_is_asked_for_a_time_may_name_the_day_of_a_booking_for_another_one(words: str) -> None:
    scene = ringing("en", own())
    scene = replace(scene, dialogue=replace(scene.dialogue, step=Step.TIME))
    scene.hears(words)
    assert (scene.dialogue.purpose, scene.dialogue.pending) == (Purpose.BOOK, "2026-03-06T14:00")


@pytest.mark.parametrize(
    ("words", "needs"),
    [
        ("When are they coming?", Needs.NOTHING),
        ("I can't remember what day it was", Needs.NOTHING),
        ("Which days have I got booked?", Needs.NOTHING),
        ("I'll be ten minutes late on Friday", Needs.FOLLOW_UP),
        ("Is the cleaner coming alone on Friday?", Needs.FOLLOW_UP),
        ("It's a clean I've booked, can they do carpets instead of windows?", Needs.FOLLOW_UP),
        ("Can I change my number on the booking? It's 0412 999 111 now", Needs.FOLLOW_UP),
    ],
)
def test_who_only_asks_when_it_is_leaves_nothing_to_staff(words: str, needs: Needs) -> None:
    scene = ringing("en", own())
    assert "10 am" in scene.hears(f"{NADIA}. {words}")
    assert scene.dialogue.needs is needs
    assert bool(scene.passed) == (needs is Needs.FOLLOW_UP)


@pytest.mark.parametrize(
    ("words", "service"),
    [
        (f"I need to cancel the plumber. {NADIA}", "plumbing"),
        (f"I need to cancel my booking for Friday. {NADIA}", "cleaning"),
        (f"I need to cancel my booking for next Wednesday. {NADIA}", "plumbing"),
    ],
)
def test_of_two_bookings_the_one_that_is_named_is_taken_up(words: str, service: str) -> None:
    assert service in ringing("en", own(), PLUMBING).hears(words)


@pytest.mark.parametrize(
    "words", ["no, the other one", "No, the plumbing", "not Friday, Wednesday the 11th"]
)
def test_the_other_booking_is_called_off_where_that_was_meant(words: str) -> None:
    scene = ringing("en", own(), PLUMBING)
    scene.hears(f"I need to cancel my booking. {NADIA}")
    assert "plumbing" in scene.hears(words)
    scene.hears("yes")
    assert scene.asked[-1] == CallOff(PLUMBING.call_sid)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "No no, I'm not making another booking. I already have one. When is it?"),
        ("es", "¡Que ya tengo cita! Cámbienmela al jueves."),
        ("zh", "我已经约了，别问了"),
    ],
)
def test_who_has_a_booking_leaves_the_form_at_any_step(language: str, words: str) -> None:
    business = _BUSINESS[language]
    service = business.services[0].name
    for step in (Step.PHONE, Step.ADDRESS, Step.EMAIL):
        held = begin(business, CallState())
        known = {Step.NAME: _BOOKED[language][0], Step.SERVICE: service}
        scene = Scene(replace(held, answers=known, step=step))
        scene.hears(words)
        assert scene.dialogue.purpose in (Purpose.ASK_AFTER, Purpose.MOVE)
        assert scene.dialogue.answers == known


@pytest.mark.parametrize(
    "words", ["can't you book me a new one?", "then make a new one", "I still need the tap fixed"]
)
def test_what_was_not_found_is_booked_anew(words: str) -> None:
    scene = ringing("en")
    for each in ("I want to cancel my plumber", NADIA, "0412 345 678", "yes", "9 Elm St, Glebe"):
        scene.hears(each)
    assert scene.dialogue.mode is Mode.CLOSING
    scene.hears(words)
    assert scene.dialogue.purpose is Purpose.BOOK
    assert scene.dialogue.step in (Step.SERVICE, Step.EMAIL, Step.ADDRESS, Step.NAME)
    assert scene.dialogue.mode is not Mode.CLOSING


def test_who_was_left_waiting_is_told_sorry_and_still_gets_a_plumber() -> None:
    scene = ringing("en")
    words = "Marta Kowalska. You never turned up yesterday, and I still need the tap fixed."
    assert "orry" in scene.hears(words)
    assert scene.change.wish is Wish.COMPLAINT
    assert scene.dialogue.needs is Needs.PERSON
    assert scene.dialogue.answers[Step.SERVICE] == "Plumbing"


def test_nobody_leaves_in_the_belief_that_it_is_called_off() -> None:
    scene = ringing("en", own())
    scene.hears(f"I need to cancel my booking. {NADIA}")
    said = scene.hears("goodbye")
    assert scene.dialogue.needs is Needs.FOLLOW_UP
    assert any(line in said for line in scene.dialogue.wording.lines["existing.kept"])


def test_whether_it_is_called_off_is_told_as_it_is() -> None:
    scene = ringing("en", own())
    scene.hears(f"I need to cancel my booking. {NADIA}")
    assert "Not yet" in scene.hears("Is it cancelled?")
    scene.hears("yes")
    assert "cancelled" in scene.hears("So is it cancelled now?")
    assert scene.dialogue.needs is Needs.NOTHING
    unknown = ringing("en")
    for words in ("I need to cancel my booking", NADIA, "0412 345 678", "yes", "9 Elm St, Glebe"):
        unknown.hears(words)
    assert "Not yet" in unknown.hears("So is it cancelled?")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Morning, Nadia Haddad again, I can't do Friday, Saturday instead?"),
        ("es", "buenas Eusebio Carrascosa otra vez que el miércoles no puedo"),
        ("zh", "你好李桂芬周五来不了"),
    ],
)
def test_the_name_of_a_booking_is_heard_wherever_it_is_said(language: str, words: str) -> None:
    scene = ringing(language, own(language))
    scene.hears(words)
    assert scene.dialogue.answers[Step.NAME] == _BOOKED[language][0]
    assert scene.dialogue.about is not None


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("I can't do Friday, could we make it Sunday instead?|Same time.", "2026-03-08T10:00"),
        ("I need to move my booking to Sunday at the same hour", "2026-03-08T10:00"),
        ("I want to push my booking back two hours", "2026-03-06T12:00"),
        ("I need to move my booking|Yeah, push it back two hours would ya?", "2026-03-06T12:00"),
        ("I need to move my booking|Twelve. Two hours later than ten.", "2026-03-06T12:00"),
        (
            "I need to move my booking|two hours later than now|an hour later",
            "2026-03-06T13:00",
        ),
        ("could you come an hour earlier on Friday?", "2026-03-06T09:00"),
        ("could you postpone my booking by an hour?", "2026-03-06T11:00"),
        ("Can you put my booking back an hour?", "2026-03-06T11:00"),
        ("I'd like to bring my appointment forward by half an hour", "2026-03-06T09:30"),
        ("I need to move my booking|the day after", "2026-03-07T10:00"),
        ("can you push the cleaner back to two?", "2026-03-06T14:00"),
        ("I need to move my booking|no, I'll be back in two hours", None),
    ],
)
def test_the_new_time_may_be_told_by_the_one_of_the_booking(words: str, at: str | None) -> None:
    scene = ringing("en", own())
    for line in f"{NADIA}. {words}".split("|"):
        scene.hears(line)
    assert scene.dialogue.pending == at


@pytest.mark.parametrize(
    ("words", "window"),
    [
        ("it's getting worse, can you come sooner?", Window(last=date(2026, 3, 5))),
        ("can I get an earlier date?", Window(last=date(2026, 3, 5))),
        (
            "could you come a bit sooner on Friday?",
            Window((date(2026, 3, 6),), before=time(9, 59)),
        ),
    ],
)
def test_sooner_is_a_day_before_the_booking_and_a_bit_sooner_an_hour(
    words: str, window: Window
) -> None:
    scene = ringing("en", own())
    scene.hears(f"{NADIA}. {words}")
    assert [each.window for each in scene.asked if isinstance(each, Look)] == [window]


def test_who_was_told_when_it_is_still_moves_it_or_calls_it_off() -> None:
    for words, purpose in (("oh, I can't do Friday", Purpose.MOVE), ("don't come", Purpose.CANCEL)):
        scene = ringing("en", own())
        scene.hears(f"{NADIA}. When are you coming?")
        scene.hears(words)
        assert scene.dialogue.purpose is purpose


@pytest.mark.parametrize(
    ("words", "called_off"),
    [
        ("Please cancel the cleaner|yes|and cancel the plumber too|yes", [OTHER, "CA-plumbing"]),
        ("Cancel both my bookings|yes|yes", [OTHER, "CA-plumbing"]),
        ("I want to cancel everything|yes|no, keep that", [OTHER]),
        ("I need to cancel|both of them please|yes|yes", [OTHER, "CA-plumbing"]),
        ("I'd like to cancel the second one|yes|yes", ["CA-plumbing"]),
        ("I need to cancel|yes|yes", [OTHER]),
        ("Cancel the cleaner, is there a fee?|yes|and the plumber stays?|good", [OTHER]),
    ],
)
def test_several_bookings_are_dealt_with_in_one_call(words: str, called_off: list[str]) -> None:
    scene = ringing("en", own(), PLUMBING)
    for line in f"{NADIA}. {words}".split("|"):
        scene.hears(line)
    requests = [request for request in scene.asked if isinstance(request, CallOff)]
    assert [request.booking for request in requests] == called_off
    assert scene.dialogue.needs is Needs.NOTHING


def test_what_was_to_be_called_off_is_moved_to_the_same_hour_of_another_day() -> None:
    scene = ringing("en", own())
    scene.hears(f"{NADIA}. I got someone else for the cleaning, so don't bother coming Friday")
    scene.hears("no wait, could I just move it to Sunday, same time?")
    assert scene.dialogue.pending == "2026-03-08T10:00"


def test_whose_booking_it_is_and_when_is_read_beside_the_wish() -> None:
    scene = ringing("en")
    scene.hears("I no longer need the cleaner on Friday, my name is Nadia Haddad")
    assert scene.dialogue.purpose is Purpose.CANCEL
    assert scene.dialogue.answers[Step.NAME] == "Nadia Haddad"
