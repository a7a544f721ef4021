"""An appointment whose number is not the caller's: found by name and what few others know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.collect.scene import BOOKED, DEMO, OTHER, Scene, at
from tests.collect.test_asides import CHINESE, SPANISH
from voicebot.business import Business
from voicebot.call import FIELDS, Answer, CallState, Needs, Step
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.events import CallOff, Ending, FindNamed
from voicebot.collect.resuming import begin
from voicebot.ledger import Booking

NEWTOWN = "12 Rose Avenue, Newtown NSW 2042"


def booked_at(address: str | None, **more: str) -> Booking:
    answers: dict[Step, Answer] = {**BOOKED.state.answers, **{Step(k): v for k, v in more.items()}}
    if address:
        answers[Step.ADDRESS] = address
    return Booking(OTHER, replace(BOOKED.state, answers=answers))


def another_number(*named: Booking, business: Business = DEMO) -> Scene:
    """Robin Carter rings to cancel, and no number of theirs has a booking."""
    scene = at(Step.NAME, business)
    scene.named = named
    for words in ("I need to cancel my appointment", "Robin Carter", "0412 345 678"):
        scene.hears(words)
    assert not any(isinstance(request, FindNamed) for request in scene.asked)
    return scene


@pytest.mark.parametrize("words", ["12 Rose Avenue, Newtown", "it's 12 Rose Avenue in Newtown"])
def test_a_caller_with_another_number_finds_the_appointment_by_name_and_address(
    words: str,
) -> None:
    scene = another_number(booked_at("4 Elm Street, Glebe"), booked_at(NEWTOWN))
    assert "address" in scene.hears("yes")
    assert "2 pm" in scene.hears(words)
    scene.hears("yes")
    assert scene.asked[-2:] == [FindNamed("Robin Carter"), CallOff(OTHER)]


def test_a_business_that_asks_no_address_asks_for_the_e_mail() -> None:
    asked = tuple(step for step in FIELDS if step is not Step.ADDRESS)
    business = DEMO.model_copy(update={"ask": asked})
    booking = booked_at(None, email="robin@example.com")
    scene = another_number(booking, business=business)
    assert "e-mail" in scene.hears("yes")
    scene.hears("robin at example dot com")
    assert "2 pm" in scene.hears("yes")


@pytest.mark.parametrize(
    ("booking", "words"),
    [
        (booked_at(NEWTOWN), "12 Elm Street, Glebe"),
        (booked_at(NEWTOWN), "14 Rose Avenue, Newtown"),
        (booked_at(NEWTOWN), "I don't want to say"),
        (booked_at(NEWTOWN, name="Alex Miller"), "12 Rose Avenue, Newtown"),
        (booked_at(None), "12 Rose Avenue, Newtown"),
    ],
)
def test_a_name_alone_finds_nothing_and_a_wrong_proof_sounds_like_an_unknown_name(
    booking: Booking, words: str
) -> None:
    scene, unknown = another_number(booking), another_number()
    scene.hears("yes")
    unknown.hears("yes")
    answer = scene.hears(words)
    assert answer == unknown.hears(words)
    assert "2 pm" not in answer
    assert scene.dialogue.about is None
    assert scene.dialogue.needs is Needs.FOLLOW_UP


def test_it_is_looked_for_under_a_name_once_in_a_call() -> None:
    scene = another_number(booked_at(NEWTOWN))
    for words in ("yes", "12 Elm Street, Glebe", "I want to move my appointment", "yes"):
        scene.hears(words)
    scene.hears("12 Rose Avenue, Newtown")
    assert [r for r in scene.asked if isinstance(r, FindNamed)] == [FindNamed("Robin Carter")]


def test_a_call_that_broke_off_there_still_asks_for_the_address() -> None:
    scene = another_number()
    scene.hears("yes")
    told, saved = scene.dialogue, scene.dialogue.to_json()
    held = begin(
        DEMO,
        CallState(
            answers=dict(told.answers), confirmed=told.confirmed, step=Step.ADDRESS, dialogue=saved
        ),
    )
    assert held.step is Step.ADDRESS
    assert held.proving


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        ("Hi, Robin again. Can I move my booking to Friday?", "Carter"),
        ("Robin here, I need to move my appointment", "it's Robin Carter"),
        ("I'm Robin, could we shift my appointment", "the last name is Carter"),
    ],
)
def test_a_given_name_alone_is_completed_before_the_booking_is_looked_for(
    first: str, rest: str
) -> None:
    scene = Scene(begin(DEMO, CallState(caller="+61412345678")))
    scene.bookings = (BOOKED,)
    assert "full name" in scene.hears(first)
    assert not scene.asked
    scene.hears(rest)
    assert scene.dialogue.answers[Step.NAME] == "Robin Carter"
    assert scene.dialogue.about is not None


def test_a_chinese_family_name_alone_is_completed_before_the_booking_is_looked_for() -> None:
    scene = Scene(begin(CHINESE, CallState(caller="+8613612345678")))
    scene.bookings = (booked_at(None, name="欧阳明远"),)
    for words in ("你好，我姓欧阳，刚才约了修空调，我想改个时间", "欧阳明远"):
        scene.hears(words)
    assert scene.dialogue.answers[Step.NAME] == "欧阳明远"
    assert scene.dialogue.about is not None


def test_a_full_name_that_comes_late_is_looked_for_and_begins_no_booking() -> None:
    scene = Scene(begin(DEMO, CallState(caller="+61412345678")))
    scene.bookings = (BOOKED,)
    for words in ("Robin here, I need to move my appointment", "just Robin", "I won't say"):
        scene.hears(words)
    for _ in range(6):
        if scene.dialogue.mode is Mode.CLOSING:
            break
        scene.hears("I don't know")
    scene.hears("But I'm booked in! Robin Carter, Friday at ten")
    assert scene.dialogue.purpose is Purpose.MOVE
    assert scene.dialogue.pending == "2026-03-06T10:00"


ROSE_AVENUE = "12 Rose Avenue, Newtown"


def known_number(*words: str) -> Scene:
    """Robin Carter rings from the number of the booking on Wednesday at two."""
    scene = Scene(begin(DEMO, CallState(caller="+61412345678")))
    scene.bookings = (booked_at(NEWTOWN),)
    for each in words:
        scene.hears(each)
    return scene


@pytest.mark.parametrize(
    "words",
    [
        ("Robin Carter. What address have you got for my booking?",),
        ("Robin Carter", "I have a booking already, what address is on it?"),
        ("Robin Carter. When's my plumber coming?", "what about the address you've got?"),
        ("Robin Carter. When's my plumber coming?", "is it 12 Rose Avenue you have?"),
        ("Robin Carter. When's my plumber coming?", "Just tell me the address on it"),
    ],
)
def test_the_address_of_the_booking_is_told_to_whom_it_belongs(words: tuple[str, ...]) -> None:
    scene = known_number(*words[:-1])
    assert ROSE_AVENUE in scene.hears(words[-1])
    assert Step.ADDRESS not in scene.dialogue.answers
    assert scene.dialogue.mode is Mode.CLOSING


def test_the_address_of_anothers_booking_is_not_told() -> None:
    scene = known_number("Alex Miller. What address have you got for my booking?")
    for words in ("what about the address you've got?", "is it 12 Rose Avenue you have?"):
        assert "Rose Avenue" not in scene.hears(words)
    assert scene.dialogue.found is None


def test_another_address_for_the_booking_is_noted_for_staff() -> None:
    scene = known_number("Robin Carter. When's my plumber coming?")
    scene.hears("the address is wrong, it's 14 Elm Street, Glebe")
    assert any("14 Elm Street" in note for note in scene.notes)
    assert scene.dialogue.mode is Mode.CLOSING


@pytest.mark.parametrize(
    "words",
    [
        "I don't want a new one. I have a booking on Wednesday at two, please change it to eleven",
        "Move my plumber from two to eleven on Wednesday",
    ],
)
def test_the_new_hour_is_of_the_day_of_the_booking(words: str) -> None:
    scene = known_number("Robin Carter")
    assert "11 am" in scene.hears(words)
    assert scene.dialogue.pending == "2026-03-04T11:00"


def test_earlier_that_day_is_looked_for_before_the_booking() -> None:
    scene = known_number(
        "Robin Carter. I booked for Wednesday, could you make it earlier that day?"
    )
    window = scene.dialogue.window
    assert window is not None
    assert (window.days[0].isoformat(), str(window.before)) == ("2026-03-04", "13:59:00")


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("I booked Wednesday at two. Can I shift it to the morning, same day?", "2026-03-04"),
        (
            "I booked Wednesday at two for the plumbing. Can I shift it to the morning?",
            "2026-03-04",
        ),
        ("You've got me down for two on Wednesday, move it to the morning, please", "2026-03-04"),
        ("can I move my booking to the morning, same Wednesday", "2026-03-04"),
        ("Can I move my booking to Friday morning?", "2026-03-06"),
    ],
)
def test_another_part_of_the_day_is_looked_for_on_the_day_of_the_booking(
    words: str, day: str
) -> None:
    scene = known_number(f"Robin Carter. {words}")
    window = scene.dialogue.window
    assert window is not None
    assert [each.isoformat() for each in window.days] == [day]
    assert str(window.before) == "12:00:00"
    assert scene.dialogue.pending is None


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("I booked for Wednesday, could I shift it to 3 pm?", "2026-03-04T15:00"),
        (
            "I've booked you for Wednesday at two, I want to move it to Friday at ten",
            "2026-03-06T10:00",
        ),
    ],
)
def test_the_time_that_was_booked_is_not_the_new_one(words: str, at: str) -> None:
    assert known_number(f"Robin Carter. {words}").dialogue.pending == at


def test_a_booking_that_was_told_is_moved_without_asking_who_calls_again() -> None:
    scene = known_number("Robin Carter", "I have a booking on Wednesday at two. Can you find it?")
    assert "11 am" in scene.hears("Move my plumber from two to eleven")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("can you make it eleven instead", "11 am"),
        ("please change it to Friday at ten", "Friday, the 6th, at 10 am"),
        ("another day would be better, Friday", "Friday, the 6th, at 2 pm"),
    ],
)
def test_what_was_told_just_now_is_moved_without_naming_it(words: str, offered: str) -> None:
    scene = known_number("Robin Carter. Is my plumber still coming?")
    assert offered in scene.hears(words)
    assert scene.dialogue.purpose is Purpose.MOVE


def test_another_job_behind_it_is_no_move() -> None:
    scene = known_number("Robin Carter. Is my plumber still coming?")
    scene.hears("I also want a cleaner on Friday at ten")
    assert scene.dialogue.purpose is Purpose.BOOK
    assert scene.dialogue.answers[Step.SERVICE] == "Cleaning"


@pytest.mark.parametrize(
    ("words", "called_off"),
    [
        ("Yes, cancel it", True),
        ("Yes please, cancel that, thanks", True),
        ("yes cancel it, no wait", False),
        ("yes, cancel it if there's no fee", False),
    ],
)
def test_a_yes_that_says_what_it_agrees_to_calls_off(words: str, called_off: bool) -> None:
    scene = at(Step.PHONE)
    scene.bookings = (BOOKED,)
    for said in ("I want to cancel my booking", "0412 345 678", "yes", words):
        scene.hears(said)
    assert any(isinstance(each, CallOff) for each in scene.asked) is called_off


MOVES = {
    "en": ("I want to move my appointment to another day", "Friday at ten"),
    "zh-CN": ("我想改一下预约的时间", "星期五上午十点"),
    "es": ("quiero cambiar mi cita a otro día", "el lunes a las diez"),
}


def moving(business: Business, *, asked: bool) -> Scene:
    """A move has begun: "when would suit you?", or `asked` "shall I move it there?"."""
    scene = Scene(begin(business, CallState(caller="+61412345678")))
    scene.bookings = (BOOKED,)
    first, day = MOVES[business.language]
    for words in (first, "Robin Carter", *((day,) if asked else ())):
        scene.hears(words)
    assert (scene.dialogue.mode is Mode.CONFIRMING) is asked
    return scene


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize(
    ("business", "words", "yes"),
    [
        (DEMO, "Actually no, cancel it.", "yes"),
        (DEMO, "and I can't do it, can you scrap it?", "yes"),
        (DEMO, "Cancelled! No day at all. I'm cancelling Friday.", "yes"),
        (DEMO, "Cancel it. I don't need the electrician any more.", "yes"),
        (DEMO, "No no, I don't want another time, I want it cancelled.", "yes"),
        (DEMO, "cancel it, I can't do Friday either", "yes"),
        (CHINESE, "不了，取消吧", "对"),
        (CHINESE, "不需要了，取消", "对"),
        (SPANISH, "No, mejor cancélela.", "sí"),
        (SPANISH, "Anúlela, ya no la necesito.", "sí"),
    ],
)
def test_a_move_that_is_under_way_is_turned_into_a_cancel(
    business: Business, words: str, yes: str, *, asked: bool
) -> None:
    scene = moving(business, asked=asked)
    scene.hears(words)
    assert scene.dialogue.mode is Mode.CALLING_OFF
    scene.hears(yes)
    assert scene.asked[-1] == CallOff(OTHER)


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize(
    ("business", "words"),
    [
        (DEMO, "no, not Friday, I can't do that"),
        (DEMO, "cancel that, make it Friday"),
        (DEMO, "cancel Wednesday and make it Thursday at nine"),
        (DEMO, "is there a fee if I cancel?"),
        (CHINESE, "不行，星期五我没空"),
        (SPANISH, "no, el viernes no puedo"),
    ],
)
def test_a_day_that_is_refused_or_put_in_its_place_goes_on_with_the_move(
    business: Business, words: str, *, asked: bool
) -> None:
    scene = moving(business, asked=asked)
    scene.hears(words)
    assert scene.dialogue.purpose is Purpose.MOVE


def moved(name: str = "Robin Carter") -> Scene:
    """A booking has just been moved: "is there anything else?"."""
    scene = at(Step.PHONE)
    scene.bookings = (BOOKED,)
    for said in (f"It's {name}. Move my booking to Friday at ten", "0412 345 678", "yes", "yes"):
        scene.hears(said)
    assert scene.dialogue.mode is Mode.CLOSING
    return scene


@pytest.mark.parametrize(
    "words",
    [
        "Yes, tell the doorman, his name's Anselm, he'll let him in.",
        "Yes, don't ring between three and five, I sleep then.",
        "Yes. Park on Wattle Street, the drive's blocked on Friday.",
        "Yes. On Fridays the lift's out until noon.",
        "My neighbour Tom has the key, number 14.",
        "Actually can you tell the plumber to bring a double one, I've only got a single there?",
        "Ask him to bring the big ladder",
        "Can you put down that I'm deaf in one ear so knock loud",
        "my mobile's changed, it's 0411 000 111",
    ],
)
def test_what_is_told_for_a_visit_that_was_moved_begins_no_other(words: str) -> None:
    scene = moved()
    scene.hears(words)
    assert scene.dialogue.mode is Mode.CLOSING
    assert scene.dialogue.answers[Step.NAME] == "Robin Carter"
    assert any(note in words for note in scene.notes)
    assert scene.passed[-1:] == scene.notes[-1:], "the record of the booking has it, too"


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        ("Great, see you then", True),
        ("That's it", True),
        ("beautiful, cheers", True),
        ("No worries, catch ya", True),
        ("No, you've been very helpful", True),
        ("yes", False),
        ("okay", False),
    ],
)
def test_a_call_is_over_with_thanks_and_not_with_a_bare_yes(words: str, *, ends: bool) -> None:
    scene = moved()
    scene.hears(words)
    assert (scene.ending is Ending.HANGUP) is ends


def test_the_time_that_a_booking_has_is_not_proposed_as_its_new_one() -> None:
    scene = known_number("Robin Carter. I need to move my booking")
    scene.hears("Wednesday at two, I can't be there then")
    assert scene.dialogue.pending is None


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        ("Yes, can I book an electrician too, for Monday?", Step.ADDRESS),
        ("Yes I need the lawn mowed as well.", Step.ADDRESS),
    ],
)
def test_one_more_job_behind_a_move_is_a_booking(words: str, asks: Step) -> None:
    scene = moved()
    scene.hears(words)
    assert (scene.dialogue.mode, scene.dialogue.step) == (Mode.ASKING, asks)


@pytest.mark.parametrize("step", [Step.NAME, Step.ADDRESS])
def test_a_goodbye_behind_a_yes_that_books_nothing_is_one(step: Step) -> None:
    scene = at(step, mode=Mode.CONFIRMING, put=1)
    held = scene.dialogue
    known = {**held.answers, step: "Robin Carter" if step is Step.NAME else "12 Rose St, Ryde"}
    scene.dialogue = replace(held, answers=known)
    scene.hears("Yes, that's right. Bye!")
    assert scene.ending is Ending.HANGUP
    assert step in scene.dialogue.confirmed


@pytest.mark.parametrize(
    "words",
    [
        "Ruth Carter, Robin's wife. He's booked someone for Wednesday at two, could we make that "
        "Friday, same time?",
        "It's Ruth Carter. We've got somebody coming Wednesday, any chance of Friday, same time?",
        "Ruth Carter. My husband's got you coming at two, could it be Friday, the same time?",
    ],
)
def test_what_another_of_the_family_booked_is_moved_to_the_same_hour(words: str) -> None:
    scene = known_number(words)
    assert scene.dialogue.purpose is Purpose.MOVE
    assert scene.dialogue.pending == "2026-03-06T14:00"


@pytest.mark.parametrize(
    "words",
    [
        "It's Ruth Carter. When exactly is the electrician going to our tenant in Penrith?",
        "Ruth Carter. What day is the plumber coming round to my mother's?",
        "Ruth Carter here, is there anything booked for us already?",
    ],
)
def test_when_somebody_comes_is_asked_of_a_booking_that_is_there(words: str) -> None:
    scene = known_number(words)
    assert scene.dialogue.found is not None


@pytest.mark.parametrize(
    "words",
    ["Ruth Carter. My husband broke a tap, could you make it Friday?", "I'm Ruth. Is Friday free?"],
)
def test_who_speaks_of_no_booking_is_asked_for_a_new_one(words: str) -> None:
    assert known_number(words).dialogue.purpose is Purpose.BOOK
