from datetime import datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.collect.understanding.spoken_forms import (
    in_groups,
    in_pairs,
    leads,
    pauses,
    styles,
    tails,
    zeros,
)
from voicebot.call import Step
from voicebot.collect.understanding import (
    Asked,
    Correct,
    Missing,
    Note,
    Provide,
    Reading,
    Situation,
    e164,
    read,
)

NOW = datetime(2026, 11, 23, 9)


def reading(text: str, region: str = "AU", **situation: object) -> Reading:
    return read(text, Situation(Step.PHONE, NOW, region=region, **situation))  # type: ignore[arg-type]


def given_in(text: str, region: str = "AU", **situation: object) -> Provide | Correct | None:
    acts = reading(text, region, **situation).acts
    given = (act for act in acts if isinstance(act, Provide | Correct))
    return next((act for act in given if act.step is Step.PHONE), None)


def heard(text: str, region: str = "AU", **situation: object) -> str | None:
    act = given_in(text, region, **situation)
    return act.value if act else None


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("0491 570 156", "+61491570156"),
        ("0491-570-156.", "+61491570156"),
        ("oh four nine one, five seven oh, one five six", "+61491570156"),
        ("oh four nine one five seven oh one five six. Mornings next week suit", "+61491570156"),
        ("0 4 9 1 5 7 0 1 5 6", "+61491570156"),
        ("04 915 70 1 5 6", "+61491570156"),
        ("plus sixty one four nine one five seven oh one five six", "+61491570156"),
        ("plus 6-1-491-570-156", "+61491570156"),
        ("four nine one five seven oh one five six", "+61491570156"),
        ("L2-5550-1234.", "+61255501234"),
        ("area code oh two, and then it's five five five oh one two three four", "+61255501234"),
        ("eighteen hundred, one six oh, four oh one", "+611800160401"),
        ("oh for nine one five seven oh won five six", "+61491570156"),
        ("0491 570 156 extension 22", "+61491570156"),
        ("mobile 0491 570 156, name is Ruth", "+61491570156"),
        ("+44 20 7946 0123", "+442079460123"),
        ("double oh four four twenty seven nine four six oh one two three", "+442079460123"),
        ("the old one was 0491 570 157, the new one is 0491 570 156", "+61491570156"),
        ("my number hasn't changed, it's still 0491 570 156", "+61491570156"),
        ("0491-570-157. No, sorry, 156.", "+61491570156"),
        ("It's not 0492, it's 0491-570-156.", "+61491570156"),
        ("O-FOR-NINE-ONE, five-seven-O-one-five-six.", "+61491570156"),
        ("0491, hang on, 570 156", "+61491570156"),
        ("oh four nine one five seven oh one five seven, oh wait, one five six", "+61491570156"),
        ("0491 570 156 or 02 5550 1234", "+61491570156"),
    ],
)
def test_australian_numbers_are_understood(said: str, number: str) -> None:
    assert heard(said) == number


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("two one two five five five oh one nine eight", "+12125550198"),
        ("two twelve, five five five, oh one ninety eight", "+12125550198"),
        ("(212) 555-0198 ext 7", "+12125550198"),
        ("1 212 555 0198", "+12125550198"),
        ("two hundred twelve, five fifty five, oh one ninety eight", "+12125550198"),
        ("three hundred five, five five five, oh one nine eight", "+13055550198"),
        ("area code 212 and then 555 0198", "+12125550198"),
        ("10 Elm Street, NY 10001 2125550198", "+12125550198"),
        ("My number is two, one, two, five, five, five, or one, nine, eight.", "+12125550198"),
    ],
)
def test_american_numbers_are_understood(said: str, number: str) -> None:
    assert heard(said, "US") == number


@pytest.mark.parametrize(
    "said",
    [
        "0491 570 157, no, sorry, 0491 570 156",
        "0491 570 157, sorry, 156",
        "oh four nine two, I mean oh four nine one, five seven oh, one five six",
        "oh four nine one, five seven one, no wait, five seven oh, one five six",
        "0491 570 159, the last digit is six",
        "0491 570 111, sorry, the last three digits are one five six",
        "it's not 0491 570 157, it's 0491 570 156",
        "0491 570 111, sorry, the last three are one five six",
        "don't call 0491 570 157, that's my office. use 0491 570 156",
        "my work one, 0491 570 156",
        "the office is 0491 570 157 but use 0491 570 156",
        "my old number was 0491 570 157, now it's 0491 570 156",
        "0491 570 157 oh hang on that's my old one, 0491 570 156",
    ],
)
def test_slips_are_mended_within_an_utterance(said: str) -> None:
    assert heard(said) == "+61491570156"


@pytest.mark.parametrize(
    ("behind", "last"),
    [
        ("And it's the tenth I mean, Thursday the tenth of December, at two", "6"),
        ("Sorry, I mean Thursday at two", "6"),
        ("Sorry, I mean two at the end", "2"),
    ],
)
def test_the_hour_of_a_day_mends_no_number(behind: str, last: str) -> None:
    assert heard(f"0491 570 156. {behind}.") == f"+6149157015{last}"


@pytest.mark.parametrize(
    "said",
    [
        "two people",
        "I have 3 kids, 12 and 15 years old",
        "my order number is 0491570156",
        "s0491570156 is a sequence",
        "oh four nine one five seven oh one five six seven",
        "at 12:30 on 24/12/2026",
        "why do you need it",
        "",
    ],
)
def test_what_is_no_number_gives_none(said: str) -> None:
    assert heard(said) is None


def test_half_a_number_is_kept_for_the_next_turn() -> None:
    first = given_in("oh four nine one, five seven oh")
    assert isinstance(first, Provide)
    assert (first.value, first.missing, first.partial) == (None, Missing.DIGITS, "0491570")
    assert heard("one five six", partial=first.partial) == "+61491570156"


@pytest.mark.parametrize(
    "said",
    ["oh two", "Oh, oh two it is.", "Area code? Oh, zero two, Sydney. Same as everybody's."],
)
def test_an_area_code_may_follow_its_number(said: str) -> None:
    assert heard(said, partial="55501234") == "+61255501234"
    for code in (
        "and the area code is oh two",
        "oh two",
        "with an oh two",
        "with an oh two in front",
    ):
        assert heard(f"5550 1234, {code}") == "+61255501234"


@pytest.mark.parametrize("digits", ["0491", "0491570", "049157015", "0255501", "130055", "1300555"])
def test_the_beginning_of_a_number_is_no_number(digits: str) -> None:
    found = given_in(" ".join(digits))
    assert isinstance(found, Provide)
    assert (found.value, found.missing) == (None, Missing.DIGITS)


def test_the_last_digits_mend_the_number_that_is_held() -> None:
    assert heard("sorry, the last digit is six", record=HELD) == "+61491570156"
    assert heard("it ends in one five six", record=HELD) == "+61491570156"


HELD = {Step.PHONE: "+61491570157"}


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("no, the last three are 789", "+61491570789"),
        ("no the middle's nine five two", "+61491952157"),
        ("it starts with oh four nine two", "+61492570157"),
        ("no, four nine two at the start", "+61492570157"),
        ("no it's one five eight at the end", "+61491570158"),
        ("nearly, it ends one five eight not one five seven", "+61491570158"),
        ("the last digit's an eight", "+61491570158"),
        ("it should be five seven one in the middle", "+61491571157"),
        ("you've got the last three wrong, it's two five seven", "+61491570257"),
        ("seven oh one six, not seven oh one five", "+61491570167"),
        ("four nine one, five seven oh, one five six", "+61491570156"),
    ],
)
def test_a_part_of_the_number_held_is_mended(said: str, number: str) -> None:
    act = given_in(said, asked=Asked.CONFIRM, record=HELD)
    assert act is not None
    assert act.value == number


@pytest.mark.parametrize(
    "said",
    [
        "it's five five five oh, one two three four",
        "I only know the house one, five five five oh, one two three four.",
        "It's the landline, 5550 1234. What's the name of the chap who'll come?",
    ],
)
def test_a_landline_without_its_area_code_is_told_as_such(said: str) -> None:
    first = given_in(said)
    assert isinstance(first, Provide)
    assert (first.value, first.missing) == (None, Missing.AREA_CODE)
    assert heard("oh two", partial=first.partial) == "+61255501234"
    american = given_in("555 0198", "US")
    assert isinstance(american, Provide)
    assert american.missing is Missing.AREA_CODE


@pytest.mark.parametrize(
    "said",
    [
        "just use this number",
        "it's the one I'm calling from",
        "the number you can see on your screen",
        "same number I'm calling from",
        "Same one I'm on now.",
        "Use the one I ring from.",
        "The phone I ring with",
        "Is same number I am calling",
        "Whatever number this is",
        "Can't you see my number? Just use that.",
        "Doesn't it come up on your screen?",
        "Haven't you got it already? I'm ringing from it.",
        "You have no idea? You're open till nine aren't you? Fine. This number.",
        "This phone, I call now from this phone. Use this.",
        "Number this one. You come today? What time?",
        "How much is it? My mobile, this one.",
        "Why do you need it? My mobile.",
        "Can I use this phone?",
        "Same as this.",
        "Use this one, and if I don't answer, 0412 555 901.",
        "Could you ring me back on this?",
        "Well you've got my number haven't you, I'm calling you.",
        "Mine is the one I'm ringing on.",
        "0412 555 901, that's my husband's. Mine is the one I'm ringing on.",
    ],
)
def test_this_number_is_the_one_shown_and_is_missing_where_none_is(said: str) -> None:
    assert heard(said, caller="+61491570156") == "+61491570156"
    hidden = given_in(said)
    assert isinstance(hidden, Provide)
    assert (hidden.value, hidden.missing) == (None, Missing.SHOWN_NUMBER)


@pytest.mark.parametrize(
    "said",
    [
        "Not the one I ring from.",
        "No, not the one I'm on now, my other one",
        "Don't use this number",
        "Not this number.",
        "This number? No, it's my wife's.",
        "the number I called yesterday was engaged",
        "It won't come up on your screen.",
        "Should I give you this number or the landline?",
    ],
)
def test_the_number_shown_is_not_taken_where_it_is_refused(said: str) -> None:
    assert heard(said, caller="+61491570156") is None


@pytest.mark.parametrize(
    "said", ["0491 570 156, 9 Bay Road Bondi", "12 Elm Street, 0491 570 156, 9 o'clock"]
)
def test_a_number_ends_at_the_comma_before_another_one(said: str) -> None:
    assert heard(said) == "+61491570156"


def test_a_number_that_another_is_better_than_is_noted() -> None:
    acts = reading("02 5550 1234 but the mobile's better, 0491 570 156").acts
    assert [a.value for a in acts if isinstance(a, Provide)] == ["+61491570156"]
    assert any(isinstance(a, Note) and "5550 1234" in a.text for a in acts)


def test_an_extension_is_noted_beside_the_number() -> None:
    acts = reading("0491 570 156 extension 22").acts
    assert [type(act) for act in acts] == [Provide, Note]


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("my mobile number is 0491 570 156 thanks", []),
        ("um it's 0491, hang on, 570 156, mate", []),
        ("0491 570 156 but ask for Bella", ["but ask for Bella"]),
    ],
)
def test_what_the_number_does_not_explain_is_left_as_rest(said: str, rest: list[str]) -> None:
    assert [said[slice(*span)] for span in reading(said).rest] == rest


@pytest.mark.parametrize(
    "said",
    [
        "Okay I'm calling triple zero. 0491 570 156.",
        "I've called 000 already, it's 0491 570 156",
        "He said ring 112 or triple zero. 0491 570 156",
    ],
)
def test_a_number_rung_in_an_emergency_is_nobodys(said: str) -> None:
    assert heard(said) == "+61491570156"


@pytest.mark.parametrize(
    "said",
    [
        "Oh it's 5550 1234. I've had it since 1971.",
        "No no. 5550 1234. The 1971 is when they put it in.",
        "Five five five oh, one two three four, been mine since nineteen eighty four",
        "We moved in in 2003, it's 5550 1234",
    ],
)
def test_a_year_is_no_number(said: str) -> None:
    given = given_in(said)
    assert isinstance(given, Provide)
    assert (given.missing, given.partial) == (Missing.AREA_CODE, "55501234")


def test_figures_like_a_year_may_be_of_a_number() -> None:
    assert heard("oh two, 5550, 1971") == "+61255501971"
    assert heard("It's in 1300 975 707") == "+611300975707"
    given = given_in("it ends in 1971", partial="025550")
    assert given is not None
    assert given.value == "+61255501971"


def test_a_whole_number_replaces_an_earlier_half() -> None:
    assert heard("0491 570 156", partial="0499") == "+61491570156"


def test_the_span_covers_the_digits() -> None:
    found = given_in("it's 0491 570 156 thanks")
    assert found is not None
    assert found.span == (5, 17)


def test_british_numbers_for_drama_are_numbers() -> None:
    assert heard("oh seven seven double oh, nine double oh, one two three", "GB") == "+447700900123"
    assert heard("07700 900", "GB") is None


def test_a_group_that_begins_with_a_nought_goes_on_with_the_number() -> None:
    assert heard("oh four oh oh, and then oh one three, and then oh oh oh") == "+61400013000"
    assert heard("9811 2200, with an oh two") == "+61298112200"


australian = st.from_regex(r"04[0-9]{8}", fullmatch=True)
american = st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)


@settings(max_examples=150)
@given(australian, styles, pauses, zeros, leads, tails)
def test_any_australian_mobile_reads_back(
    digits: str, style: object, pause: str, zero: str, lead: str, tail: str
) -> None:
    assume(e164(digits, "AU"))
    groups = (digits[:4], digits[4:7], digits[7:])
    assert heard(lead + in_groups(groups, pause, style, zero) + tail) == f"+61{digits[1:]}"


@settings(max_examples=150)
@given(american, styles, pauses, zeros, leads, tails)
def test_any_american_number_reads_back(
    digits: str, style: object, pause: str, zero: str, lead: str, tail: str
) -> None:
    assume(e164(digits, "US"))
    groups = (digits[:3], digits[3:6], digits[6:])
    assert heard(lead + in_groups(groups, pause, style, zero) + tail, "US") == f"+1{digits}"


@settings(max_examples=100)
@given(australian, zeros)
def test_numbers_in_pairs_read_back(digits: str, zero: str) -> None:
    assume(e164(digits, "AU"))
    assert heard(in_pairs(digits, zero)) == f"+61{digits[1:]}"


@settings(max_examples=100)
@given(australian, st.integers(1, 9), styles)
def test_a_number_in_two_turns_reads_back(digits: str, cut: int, style: object) -> None:
    assume(e164(digits, "AU"))
    first = given_in(in_groups([digits[:cut]], "", style, "oh"))
    earlier = first.partial if isinstance(first, Provide) and first.partial else digits[:cut]
    rest = in_groups([digits[cut:]], "", style, "oh")
    alone = heard(rest)
    assume(alone is None)
    assert heard(rest, partial=earlier) == f"+61{digits[1:]}"


def test_a_recogniser_that_sets_commas_after_double_changes_nothing() -> None:
    assert heard("0,4, double, 1, triple, 2, 907.") == "+61411222907"


@pytest.mark.parametrize(
    "said",
    [
        "0431 222 910, 8 Bay Road Bondi, Thursday at 11 am",
        "phone 0431 222 910, 8 Bay Road Bondi, gardening, Thursday at 11",
        "I'm at 9 Bay Road, 0431 222 910, Monday the 14th at 10",
    ],
)
def test_a_number_stands_among_other_figures_behind_commas(said: str) -> None:
    act = given_in(said)
    assert act is not None
    assert act.value == "+61431222910"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("And Bill the caretaker lets you in, his number's 0412 556 331", "en"),
        ("Bill's number is 0412 556 331", "en"),
        ("It's 0412 556 331, that's my husband's mobile", "en"),
        ("And could you put my husband's too, it's 0412 556 331", "en"),
        ("Yes. My daughter wants to be told as well, Jean, she's on 0412 556 331", "en"),
        ("Yes, and ring my wife as well on 0412 556 331", "en"),
        ("yes and text my husband on 0412 556 331", "en"),
        ("abre el portero, su número es 0412 556 331", "es"),
    ],
)
def test_somebody_elses_number_is_the_callers_only_where_one_is_asked_for(
    text: str, language: str
) -> None:
    for step in (Step.TIME, Step.PHONE):
        situation = Situation(step, datetime(2026, 11, 23, 9), language=language)
        acts = read(text, situation).acts
        numbers = [act.value for act in acts if isinstance(act, Provide) and act.step is Step.PHONE]
        assert numbers == (["+61412556331"] if step is Step.PHONE else [])


@pytest.mark.parametrize(
    "text",
    [
        "same as I'm calling on",
        "this one I'm ringing on",
        "the one on your screen",
        "the number I rang on",
        "This number please.",
        "this one, thanks!",
    ],
)
def test_the_number_that_calls_is_told_in_many_ways(text: str) -> None:
    situation = Situation(Step.PHONE, datetime(2026, 11, 23, 9), caller="+61412556331")
    acts = read(text, situation).acts
    assert [act.value for act in acts if isinstance(act, Provide)] == ["+61412556331"]


def test_this_one_may_mean_the_number_told_before_it() -> None:
    shown = "+61491570999"
    assert heard("0491 570 156, ring me on this number", caller=shown) == "+61491570156"
    last = reading("0491 570 156. No, use this number", caller=shown).acts[-1]
    assert isinstance(last, Provide)
    assert last.value == shown
