"""Callers' words for a day and a clock time, and the local time that is meant."""

from __future__ import annotations

from datetime import datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.call import Step
from voicebot.collect.understanding import (
    Correct,
    Flexible,
    Missing,
    Provide,
    Reading,
    Situation,
    Window,
    read,
)

TUESDAY = datetime(2027, 3, 2, 9, 20)
"""The moment of the call; March 2027 begins on a Monday."""


def reading(utterance: str, **changes: object) -> Reading:
    return read(utterance, Situation(**{"step": Step.TIME, "now": TUESDAY} | changes))  # type: ignore[arg-type]


def found_in(utterance: str, **changes: object) -> Provide | None:
    acts = reading(utterance, **changes).acts
    return next((act for act in acts if isinstance(act, Provide) and act.step is Step.TIME), None)


def heard(utterance: str, **changes: object) -> str | None:
    acts = reading(utterance, **changes).acts
    said = (act for act in acts if isinstance(act, Provide | Correct) and act.step is Step.TIME)
    return next((act.value for act in said), None)


def left_open(utterance: str, **changes: object) -> Window | None:
    acts = reading(utterance, **changes).acts
    return next((act.window for act in acts if isinstance(act, Flexible)), None)


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("tomorrow morning around nine thirty", "2027-03-03T09:30"),
        ("Easter Monday at ten", "2027-03-29T10:00"),
        ("Tuesday at three", "2027-03-02T15:00"),
        ("Tuesday at nine", "2027-03-09T09:00"),
        ("today at eight", "2027-03-02T20:00"),
        ("Friday night at one", "2027-03-06T01:00"),
        ("Tuesday after next at three", "2027-03-16T15:00"),
        ("in May the fifth at three", "2027-05-05T15:00"),
        ("um, tonight at seven", "2027-03-02T19:00"),
        ("could I come in this arvo, say three?", "2027-03-02T15:00"),
        ("Thursday evening 6", "2027-03-04T18:00"),
        ("the day after tomorrow at noon", "2027-03-04T12:00"),
        ("in three days at 4 p m", "2027-03-05T16:00"),
        ("a week from Friday, ten o'clock", "2027-03-12T10:00"),
        ("Friday week at ten", "2027-03-12T10:00"),
        ("Wednesday next week at a quarter to eleven", "2027-03-10T10:45"),
        ("in two weeks, on Monday, at 8 am", "2027-03-15T08:00"),
        ("this coming Saturday, half past eight in the morning", "2027-03-06T08:30"),
        ("the fourteenth of March at sixteen hundred", "2027-03-14T16:00"),
        ("March fourteenth three thirty", "2027-03-14T15:30"),
        ("14 March 2027, 16:45", "2027-03-14T16:45"),
        ("on the 21st between two and four", "2027-03-21T14:00"),
        ("from 9 till 11 on Monday", "2027-03-08T09:00"),
        ("2-4pm on Friday", "2027-03-05T14:00"),
        ("the last Friday of the month at two", "2027-03-26T14:00"),
        ("the second Friday of June 2028 at two", "2028-06-09T14:00"),
        ("the second Tuesday of April, nine am", "2027-04-13T09:00"),
        ("the end of the month at one", "2027-03-31T13:00"),
        ("the 5th of next month at 11", "2027-04-05T11:00"),
        ("2027-04-01T09:15", "2027-04-01T09:15"),
        ("Monday the twenty ninth, six oh five pm", "2027-03-29T18:05"),
        ("ten to five tomorrow afternoon", "2027-03-03T16:50"),
        ("twenty five past eight on Sunday morning", "2027-03-07T08:25"),
        ("nine at night on the tenth", "2027-03-10T21:00"),
        ("Christmas Eve at eleven", "2027-12-24T11:00"),
        ("half an hour from now", "2027-03-02T09:50"),
        ("in an hour and a half", "2027-03-02T10:50"),
        ("Thursday at to thirty", "2027-03-04T14:30"),
        ("let's do four on Thursday", "2027-03-04T16:00"),
        ("Thursday 3.30.", "2027-03-04T15:30"),
        ("I get off at five so maybe six on Thursday", "2027-03-04T18:00"),
        ("when could you get here, Thursday at ten?", "2027-03-04T10:00"),
        ("dinner on Thursday at seven", "2027-03-04T19:00"),
        ("noon's good, tomorrow", "2027-03-03T12:00"),
        ("quarter to noon on Thursday", "2027-03-04T11:45"),
        ("a fortnight from today at three", "2027-03-16T15:00"),
        ("fortnight from Friday at three", "2027-03-19T15:00"),
        ("twenty hundred hours on Friday", "2027-03-05T20:00"),
    ],
)
def test_a_whole_answer_becomes_a_local_time(utterance: str, value: str) -> None:
    found = found_in(utterance)
    assert found is not None
    assert (found.value, found.missing) == (value, None)


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("at one", "T13:00"),
        ("six fifty nine", "T18:59"),
        ("at seven", "T07:00"),
        ("eleven fifty nine", "T11:59"),
        ("at twelve", "T12:00"),
        ("twelve thirty", "T12:30"),
        ("12 in the afternoon", "T12:00"),
        ("quarter to 12 in the morning", "T11:45"),
        ("5 in the morning", "T05:00"),
        ("half past one in the morning", "T01:30"),
        ("12:30 am", "T00:30"),
        ("midnight", "T00:00"),
        ("0:15", "T00:15"),
        ("8p", "T20:00"),
    ],
)
def test_without_a_cue_one_to_seven_is_afternoon_and_seven_to_noon_is_morning(
    utterance: str, value: str
) -> None:
    assert heard(utterance) == value


def test_a_day_alone_lacks_its_clock_time() -> None:
    found = found_in("how about Thursday")
    assert found is not None
    assert (found.value, found.missing) == ("2027-03-04", Missing.CLOCK)
    assert found.span == (10, 18)


def test_a_clock_time_alone_lacks_its_day() -> None:
    found = found_in("half past three please")
    assert found is not None
    assert (found.value, found.missing) == ("T15:30", Missing.DAY)


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ("on Thursday", "three", "2027-03-04T15:00"),
        ("at ten", "the fifteenth", "2027-03-15T10:00"),
        ("Thursday evening", "at eight", "2027-03-04T20:00"),
        ("Thursday", "Friday at two", "2027-03-05T14:00"),
    ],
)
def test_pieces_of_two_utterances_make_a_whole(first: str, second: str, value: str) -> None:
    piece = found_in(first)
    assert piece is not None
    assert heard(second, partial=piece.partial) == value


def test_a_part_of_the_day_is_kept_until_the_hour_is_said() -> None:
    first = found_in("Thursday")
    assert first is not None
    second = found_in("in the evening", partial=first.partial)
    assert second is not None
    assert (second.value, second.missing) == ("2027-03-04", Missing.CLOCK)
    assert heard("eight", partial=second.partial) == "2027-03-04T20:00"


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("no, make it four", "2027-03-05T16:00"),
        ("Saturday", "2027-03-06T15:00"),
        ("same time on Monday", "2027-03-08T15:00"),
    ],
)
def test_a_correction_keeps_what_it_does_not_touch(utterance: str, value: str) -> None:
    assert heard(utterance, record={Step.TIME: "2027-03-05T15:00"}) == value


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("Thursday, no, Friday at three", "2027-03-05T15:00"),
        ("Thursday at three, sorry, four", "2027-03-04T16:00"),
        ("Thursday at three, actually make that Friday", "2027-03-05T15:00"),
        ("I can't do Thursday but Friday at ten is fine", "2027-03-05T10:00"),
        ("not Thursday, Friday at ten", "2027-03-05T10:00"),
        ("Thursday doesn't work, Friday at ten", "2027-03-05T10:00"),
        ("Friday instead of Thursday at ten", "2027-03-05T10:00"),
    ],
)
def test_what_is_said_later_counts_and_what_is_given_up_is_read(utterance: str, value: str) -> None:
    assert heard(utterance) == value
    unread = [utterance[slice(*span)] for span in reading(utterance).rest]
    assert not any("Thursday" in words for words in unread)


@pytest.mark.parametrize(
    ("utterance", "region", "value"),
    [
        ("4/5 at 2pm", "AU", "2027-05-04T14:00"),
        ("4/5 at 2pm", "GB", "2027-05-04T14:00"),
        ("4/5 at 2pm", "US", "2027-04-05T14:00"),
        ("25/4 at 2pm", "US", "2027-04-25T14:00"),
        ("half three on Friday", "GB", "2027-03-05T15:30"),
    ],
)
def test_the_region_reads_figures_its_own_way(utterance: str, region: str, value: str) -> None:
    assert heard(utterance, region=region) == value


@pytest.mark.parametrize(
    ("now", "utterance", "day"),
    [
        ("2027-03-05T10:00", "Friday", "2027-03-12"),
        ("2027-03-05T10:00", "this Friday", "2027-03-05"),
        ("2027-03-05T10:00", "next Friday", "2027-03-12"),
        ("2027-03-03T10:00", "Friday", "2027-03-05"),
        ("2027-03-03T10:00", "this Friday", "2027-03-05"),
        ("2027-03-03T10:00", "next Friday", "2027-03-12"),
        ("2027-03-07T10:00", "next Monday", "2027-03-08"),
        ("2027-03-31T10:00", "the first", "2027-04-01"),
        ("2027-03-31T10:00", "the 15", "2027-04-15"),
        ("2027-03-31T10:00", "the thirty first", "2027-03-31"),
        ("2027-04-01T10:00", "the thirty first", "2027-05-31"),
        ("2027-12-30T10:00", "2nd of January", "2028-01-02"),
        ("2027-03-01T10:00", "29 February", "2028-02-29"),
    ],
)
def test_a_day_is_the_coming_one(now: str, utterance: str, day: str) -> None:
    assert heard(utterance, now=datetime.fromisoformat(now)) == day


@pytest.mark.parametrize(
    ("held", "said", "value"),
    [
        ("2026-12-07", "Tuesday then, at ten", "2026-12-08T10:00"),
        ("2026-12-07", "No wait, the kids' swimming. Tuesday, at ten", "2026-12-08T10:00"),
        ("2026-12-07", "today at ten", "2026-12-01T10:00"),
        ("2026-12-03", "Tuesday then, at ten", "2026-12-01T10:00"),
        (None, "No, only Tuesday. Ten o'clock. Tuesday the eighth.", "2026-12-08T10:00"),
        (None, "Tuesday the eighth, at ten. Tuesday", "2026-12-08T10:00"),
        (None, "Tuesday at ten, I'm away on the eighth", "2026-12-01T10:00"),
    ],
)  # fmt: skip
def test_a_weekday_is_of_the_week_that_is_spoken_of(
    held: str | None, said: str, value: str
) -> None:
    situation = Situation(Step.TIME, datetime(2026, 12, 1, 6, 32), partial=held)
    given = [act.value for act in read(said, situation).acts if isinstance(act, Provide)]
    assert given == [value]


def test_next_friday_is_doubtful_when_people_differ() -> None:
    wednesday = datetime(2027, 3, 3, 10)
    found = found_in("next Friday at two", now=wednesday)
    assert found is not None
    sure = found_in("Friday at two", now=wednesday)
    assert sure is not None
    assert found.assumed > sure.assumed


@pytest.mark.parametrize(
    "utterance",
    [
        "any time is fine",
        "whenever you have something",
        "give me a second",
        "just one second please",
        "in a minute",
        "the first available",
        "the second one",
        "a table for four people",
        "about two hundred dollars",
        "I have two dogs",
        "a reservation for 6 at the grill",
        "it pulls to one side",
        "seven four eight five nine six",
        "at 12 Harbour Street",
        "oh four nine one five seven oh one five six",
        "may I ask something",
        "we march on",
        "any day but Monday",
        "at three or four",
        "a table at the Crown for 6",
        "one ticket for 1918 please",
        "hours on Friday",
        "I work 14 hours a day",
        "24/7",
        "",
        "   ",
        "...",
    ],
)
def test_other_talk_is_no_time(utterance: str) -> None:
    assert found_in(utterance) is None


@pytest.mark.parametrize(
    ("utterance", "day"),
    [
        ("Thanksgiving", "2027-11-25"),
        ("Labor Day", "2027-09-06"),
        ("memorial day please", "2027-05-31"),
        ("on mother's day", "2027-05-09"),
    ],
)
def test_american_holidays_move_with_the_year(utterance: str, day: str) -> None:
    assert heard(utterance, region="US") == day


@pytest.mark.parametrize(
    "utterance", ["one oh five Marine Parade", "12 th avenue", "call me on 1630", "four oh two"]
)
def test_another_steps_numbers_are_no_time(utterance: str) -> None:
    assert found_in(utterance, step=Step.ADDRESS) is None


def test_a_whole_time_is_heard_at_another_step() -> None:
    assert heard("book it for Friday at 3 pm", step=Step.SERVICE) == "2027-03-05T15:00"


@given(st.datetimes(datetime(2027, 3, 3), datetime(2028, 3, 1)))
def test_a_spoken_date_and_time_comes_back(moment: datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    said = f"{moment:%A} the {moment.day}th of {moment:%B} {moment.year} at {moment:%I:%M %p}"
    assert heard(said) == moment.strftime("%Y-%m-%dT%H:%M")


DAYS = {
    "today": "2027-03-02",
    "tomorrow": "2027-03-03",
    "the day after tomorrow": "2027-03-04",
    "this Friday": "2027-03-05",
    "Wednesday next week": "2027-03-10",
    "the 14th": "2027-03-14",
    "the twenty first of March": "2027-03-21",
    "March the twenty first": "2027-03-21",
    "April second": "2027-04-02",
    "14 March": "2027-03-14",
    "March 14 2027": "2027-03-14",
    "Sunday, March 14th": "2027-03-14",
    "two days from now": "2027-03-04",
    "a week from today": "2027-03-09",
    "2027-03-14": "2027-03-14",
}
CLOCKS = {
    "3pm": "15:00",
    "three p m": "15:00",
    "at three": "15:00",
    "at three thirty": "15:30",
    "half past three": "15:30",
    "ten to five": "16:50",
    "a quarter past 9 in the morning": "09:15",
    "eleven forty five": "11:45",
    "at 16:45": "16:45",
    "noon": "12:00",
    "evening 6": "18:00",
    "two o'clock": "14:00",
    "between two and four": "14:00",
    "six oh five pm": "18:05",
}
FRAMES = (
    "{day} {clock}",
    "{clock} {day}",
    "{day}, {clock}",
    "I'd like {day}. Could it be {clock}?",
    "for 2 people {clock}, {day} please",
)


@pytest.mark.parametrize("frame", FRAMES)
def test_a_day_and_a_clock_time_may_stand_in_any_order(frame: str) -> None:
    for day, clock in product(DAYS, CLOCKS):
        said = frame.format(day=day, clock=clock)
        assert heard(said) == f"{DAYS[day]}T{CLOCKS[clock]}", said


_SAID = (
    "next this in on at the of a week day month friday may second 31 31st 12 half past to quarter "
    "twelve noon tonight morning pm am and , no sorry 29 february 2400 00:00 99/99 9999-12-31 "
    "thirty hundred o'clock year years until between last"
)
_WORDS = st.sampled_from(_SAID.split())


@given(st.one_of(st.text(max_size=80), st.lists(_WORDS, max_size=20).map(" ".join)))
def test_no_text_raises_and_every_value_is_well_formed(text: str) -> None:
    for now in (TUESDAY, datetime(9999, 12, 30, 23, 59), datetime(1, 1, 1)):
        found = found_in(text, now=now)
        if found is None:
            continue
        assert found.value is not None
        day, _, clock = found.value.partition("T")
        if found.missing is not Missing.DAY:
            datetime.fromisoformat(day)
        if found.missing is not Missing.CLOCK:
            datetime.strptime(clock, "%H:%M")


@pytest.mark.parametrize(
    "piece", ["1 ", "one ", "1/", "1:", "a.", "in ", "1 day 2 hours ", "next ", "at at ", "no "]
)
def test_long_hostile_text_costs_no_more_than_a_long_answer(piece: str) -> None:
    assert heard(piece * 20_000) == heard((piece * 20_000)[:4000])


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Attend in the morning.", "T10:00"),
        ("Tomorrow, attend in the morning.", "2026-03-03T10:00"),
        ("I cannot attend in the morning", None),
        ("nobody will attend", None),
    ],
)
def test_attend_is_at_ten_where_a_time_stands(said: str, value: str | None) -> None:
    assert heard(said, now=datetime(2026, 3, 2, 9)) == value
