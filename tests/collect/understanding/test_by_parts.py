"""A value held that is corrected beside an answer, at the offer or at the last read-back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.collect.understanding.given import given_in
from voicebot.business import Offer
from voicebot.call import Step
from voicebot.collect.understanding import Asked, Choose, Situation, read

HELD = {
    Step.NAME: "Cosima Bellweather",
    Step.PHONE: "+61413001124",
    Step.ADDRESS: "26 Marlow Street, Randwick",
    Step.EMAIL: "des@tutty.com",
}
OFFERED = ("2026-11-25T07:00", "2026-11-25T08:00", "2026-11-25T09:00")


def situation(step: Step, asked: Asked = Asked.ANSWER) -> Situation:
    services = (Offer(id="plumbing", name="Plumbing"),)
    offered = OFFERED if asked is Asked.CHOICE else ()
    held = dict(HELD)
    if step is Step.TIME and asked is Asked.CONFIRM:
        held[Step.TIME] = OFFERED[0]
    return Situation(
        step,
        datetime(2026, 11, 23, 9),
        asked,
        region="AU",
        services=services,
        record={s: v for s, v in held.items() if s is not step or asked is Asked.CONFIRM},
        offered=offered,
    )


@pytest.mark.parametrize(
    ("said", "mended"),
    [
        ("Seven please, but it's number 62, not 26", "62 Marlow Street, Randwick"),
        ("nine o'clock but the house number's 62", "62 Marlow Street, Randwick"),
        ("And my address is number 62", "62 Marlow Street, Randwick"),
        ("The first one, and it's Kingsford, not Randwick", "26 Marlow Street, Kingsford"),
        ("The first one. No wait, the job's at 22 Bent Street, Ryde", "22 Bent Street, Ryde"),
        ("Oh, I said 26 Marlow Street, it's 62 Marlow Street", "62 Marlow Street, Randwick"),
        ("Yes, and it's unit 4, I forgot to say", "Unit 4, 26 Marlow Street, Randwick"),
        ("Eight. Oh and the suburb is Kingsford", "26 Marlow Street, Kingsford"),
        (
            "Ten. And sorry, it's Larkspur Crescent in Kingsford, not Randwick",
            "26 Larkspur Crescent, Kingsford",
        ),
    ],
)
def test_an_address_is_mended_beside_a_choice(said: str, mended: str) -> None:
    assert given_in(said, situation(Step.TIME, Asked.CHOICE)).get(Step.ADDRESS) == mended


def test_the_choice_beside_it_is_taken() -> None:
    offer = situation(Step.TIME, Asked.CHOICE)
    reading = read("Seven please, but it's number 62, not 26", offer)
    assert [act.moment for act in reading.acts if isinstance(act, Choose)] == [OFFERED[0]]
    assert reading.rest == ()


@pytest.mark.parametrize(
    ("said", "step", "value"),
    [
        (
            "Yes, sorry, the e-mail should be desmond at tutty dot com, not des",
            Step.EMAIL,
            "desmond@tutty.com",
        ),
        ("yes but change the email to desmond at tutty dot com", Step.EMAIL, "desmond@tutty.com"),
        ("Yes. And the name is Hartigan, not Bellweather", Step.NAME, "Cosima Hartigan"),
        ("Yes, but it's number 62, not 26", Step.ADDRESS, "62 Marlow Street, Randwick"),
        ("can you change the street number to 62", Step.ADDRESS, "62 Marlow Street, Randwick"),
        (
            "that's right but I spelled the street wrong, it's Marlowe, M A R L O W E",
            Step.ADDRESS,
            "26 Marlowe Street, Randwick",
        ),
    ],
)
def test_any_field_is_mended_at_the_last_read_back(said: str, step: Step, value: str) -> None:
    assert given_in(said, situation(Step.TIME, Asked.CONFIRM)).get(step) == value


@pytest.mark.parametrize(
    ("said", "step", "value"),
    [
        ("Wait. It's 7 Argyle Place, Millers Point", Step.ADDRESS, "7 Argyle Place, Millers Point"),
        (
            "Plumbing, and it's Kingsford, not Randwick",
            Step.ADDRESS,
            "26 Marlow Street, Kingsford",
        ),
        ("put it in the name of Hartigan please", Step.NAME, "Cosima Hartigan"),
        ("a plumber at 28, not 26", Step.ADDRESS, "28 Marlow Street, Randwick"),
    ],
)
def test_any_field_is_mended_at_the_service(said: str, step: Step, value: str) -> None:
    assert given_in(said, situation(Step.SERVICE)).get(step) == value


def test_the_figures_of_a_number_mend_no_address() -> None:
    said = "My phone ends in one four oh, not one oh four. And the e-mail is ruth at tutty dot com"
    given = given_in(said, situation(Step.ADDRESS, Asked.CONFIRM))
    assert given == {Step.PHONE: "+61413001140", Step.EMAIL: "ruth@tutty.com"}


def test_an_hour_behind_a_remark_is_no_house_number() -> None:
    acts = read("that's too early for me. Nine", situation(Step.ADDRESS, Asked.CONFIRM)).acts
    assert not any(getattr(act, "step", None) is Step.ADDRESS for act in acts)


@pytest.mark.parametrize(
    "said",
    [
        "Yes, ring the bell at number 28, not 26",
        "nine, not eight",
        "eight, for two people",
        "it's for my wife, not me",
        "Yes. The invoice goes to us though, our office is on level 2 at 40 Pitt Street",
        "Eight. 12 Pitt Street, Ryde is only for the invoices",
        "Yes. Dad can't hear the bell so give him a ring on 0422 333 444",
        "Eight. Ring Bob on 0422 333 444 if there's nobody home",
        "Yes. The spare key's under the third pot",
        "Yes. The second bathroom, not the first",
        "Yes. There's a bakery at 40 Smith Street, park there",
    ],
)
def test_what_only_looks_like_a_mend_changes_no_field(said: str) -> None:
    for asked in (Asked.CHOICE, Asked.CONFIRM):
        given = given_in(said, situation(Step.TIME, asked))
        assert not set(given) - {Step.TIME, Step.SERVICE}


@pytest.mark.parametrize(
    ("held", "said", "name"),
    [
        ("Jürgen Groß", "juergen at gmx dot de. Juergen with U E", "Jürgen Groß"),
        ("Siobhán Kerr", "siobhan at yahoo dot ie. That's sierra india, november", "Siobhán Kerr"),
        ("Jürgen Groß", "jürgen@gmx.de. By the way it's Jürgen Hansen", "Jürgen Hansen"),
        ("Cosima Hill", "cosima at gmx dot de. And my name is Hansen", "Cosima Hansen"),
    ],
)
def test_the_spelling_of_an_email_is_none_of_the_name(held: str, said: str, name: str) -> None:
    record = {**HELD, Step.NAME: held}
    given = given_in(said, replace(situation(Step.PHONE), step=Step.EMAIL, record=record))
    assert given[Step.EMAIL]
    assert given.get(Step.NAME, held) == name


@pytest.mark.parametrize(
    ("said", "given"),
    [
        (
            "Sorry, I meant Marlow Lane, not Marlow Street. Des at gmail dot com",
            {Step.ADDRESS: "26 Marlow Lane, Randwick", Step.EMAIL: "des@gmail.com"},
        ),
        (
            "The surname is spelled H A R T. Cosima at gmail dot com",
            {Step.NAME: "Cosima Hart", Step.EMAIL: "cosima@gmail.com"},
        ),
        ("cosima at gmail. I'm hopeless with computers", {Step.EMAIL: "cosima@gmail.com"}),
        ("cosima at gmail. Dot com", {Step.EMAIL: "cosima@gmail.com"}),
    ],
)
def test_a_value_is_made_of_the_sentence_that_tells_it(said: str, given: dict[Step, str]) -> None:
    assert given_in(said, situation(Step.EMAIL)) == given


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Sydney, lobby's on level one", "26 Marlow Street, Sydney"),
        ("In Randwick. Maureen, it's the plumbers!", "26 Marlow Street, Randwick"),
        ("Marco, get down off the table!", None),
        ("He lives in Windsor but he works in Penrith", None),
        ("I'm eighty-one, love, and my hearing's not what it was", None),
        ("The agent is Ray White Parramatta", None),
        ("My number's changed, it's 0491 570 156 now", None),
    ],
)
def test_a_suburb_that_is_asked_for_is_a_place(said: str, line: str | None) -> None:
    street = "26 Marlow Street"
    asked = replace(situation(Step.ADDRESS), partial=street)
    asked = replace(asked, record={**asked.record, Step.ADDRESS: street})
    assert given_in(said, asked).get(Step.ADDRESS) == line
