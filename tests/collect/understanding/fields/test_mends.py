"""A held value is mended by what is said of a part of it."""

from datetime import datetime

import pytest

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Correct, Provide, Situation, read

NOW = datetime(2026, 11, 23, 9)
NAME, PHONE, EMAIL, ADDRESS = Step.NAME, Step.PHONE, Step.EMAIL, Step.ADDRESS


def mended(said: str, step: Step, held: str, asked: Step | None = None) -> str | None:
    """Return the value after the mend, said at its read-back or at the question for `asked`."""
    kind = Asked.ANSWER if asked else Asked.CONFIRM
    situation = Situation(asked or step, NOW, kind, record={step: held})
    acts = read(said, situation).acts
    return next((a.value for a in acts if isinstance(a, Correct) and a.step is step), None)


@pytest.mark.parametrize(
    ("said", "step", "held", "value"),
    [
        ("change the b to a d", EMAIL, "bhall@example.com", "dhall@example.com"),
        ("replace the dash with a dot", EMAIL, "a-b@example.com", "a.b@example.com"),
        ("sorry the seven should be a one", PHONE, "+61255507234", "+61255501234"),
        ("no no not fifteen, fifty", PHONE, "+61255501215", "+61255501250"),
        ("m for mike not n for november", EMAIL, "n.okafor@gmail.com", "m.okafor@gmail.com"),
        ("I said b for bravo not d for delta", EMAIL, "dhall@x.com", "bhall@x.com"),
        ("not a b, a p", EMAIL, "bhall@example.com", "phall@example.com"),
        ("it's a dash not an underscore", EMAIL, "ruth_o@gmail.com", "ruth-o@gmail.com"),
        ("co dot uk not dot com", EMAIL, "ruth@okafor.com", "ruth@okafor.co.uk"),
        ("it starts oh two not oh three", PHONE, "+61355501234", "+61255501234"),
        ("the number's twenty two not twenty", EMAIL, "ruth20@gmail.com", "ruth22@gmail.com"),
    ],
)
def test_what_is_wrong_gives_way_to_what_is_right(
    said: str, step: Step, held: str, value: str
) -> None:
    assert mended(said, step, held) == value


@pytest.mark.parametrize(
    ("said", "step", "held", "value"),
    [
        ("take the dots out", EMAIL, "r.u.okafor@gmail.com", "ruokafor@gmail.com"),
        ("no dots please", EMAIL, "r.okafor@gmail.com", "rokafor@gmail.com"),
        ("without the hyphen", EMAIL, "ruth-o@gmail.com", "rutho@gmail.com"),
        ("drop the s", NAME, "Ruth Watkins", "Ruth Watkin"),
        ("no h in john", NAME, "John Okafor", "Jon Okafor"),
        ("there's no h in jon", NAME, "John Okafor", "Jon Okafor"),
        ("double n at the end", NAME, "Ruth Whitman", "Ruth Whitmann"),
        ("two ls in allan", NAME, "Alan Marsh", "Allan Marsh"),
        ("it's got two ts in bret", NAME, "Bret Okafor", "Brett Okafor"),
        ("one t in brett", NAME, "Brett Okafor", "Bret Okafor"),
        ("there is only one s", EMAIL, "jess@example.com", "jes@example.com"),
        ("put a zero in front of it", EMAIL, "7ruth@example.com", "07ruth@example.com"),
        ("you forgot the two at the end", EMAIL, "ruth@example.com", "ruth2@example.com"),
        ("No, you've left off the twelve.", EMAIL, "ruth@example.com", "ruth12@example.com"),
        ("there's a dot after the h", EMAIL, "ruthok@example.com", "ruth.ok@example.com"),
        ("put a dash before the o", EMAIL, "ruthok@example.com", "ruth-ok@example.com"),
        ("underscore between the h and the o", EMAIL, "ruthok@example.com", "ruth_ok@example.com"),
        ("the number's wrong, it's 21", ADDRESS, "12 Elm Street, Ryde", "21 Elm Street, Ryde"),
        ("no, with a dot, r dot okafor", EMAIL, "rokafor@example.com", "r.okafor@example.com"),
        ("one two on the end", EMAIL, "ruth@example.com", "ruth12@example.com"),
    ],
)
def test_letters_figures_and_marks_are_left_out_added_and_doubled(
    said: str, step: Step, held: str, value: str
) -> None:
    assert mended(said, step, held) == value


@pytest.mark.parametrize(
    ("said", "step", "held", "value"),
    [
        ("swap the last two digits", PHONE, "+61491572665", "+61491572656"),
        ("you've swapped the last two", PHONE, "+61491572665", "+61491572656"),
        ("the second last digit is a seven", PHONE, "+61255501234", "+61255501274"),
        ("take those digits off the end", EMAIL, "ruth22@gmail.com", "ruth@gmail.com"),
        ("remove the number at the end", EMAIL, "ruth22@gmail.com", "ruth@gmail.com"),
        ("right but it should end in dot net", EMAIL, "ruth.o@gmail.com", "ruth.o@gmail.net"),
        ("it starts with a j", NAME, "Gerry Nash", "Jerry Nash"),
        ("my surname ends in s e n", NAME, "Ruth Hanson", "Ruth Hansen"),
        ("the names are the wrong way round", NAME, "Okafor Ruth", "Ruth Okafor"),
        ("it's spelled r e i d", EMAIL, "ruth.reed@gmail.com", "ruth.reid@gmail.com"),
        ("nearly, grey with an e", EMAIL, "graystone@gmail.com", "greystone@gmail.com"),
        ("it's an underscore in the middle", EMAIL, "r-o@gmail.com", "r_o@gmail.com"),
    ],
)
def test_a_place_or_a_likeness_tells_which_part_is_meant(
    said: str, step: Step, held: str, value: str
) -> None:
    assert mended(said, step, held) == value


@pytest.mark.parametrize(
    ("said", "held", "value"),
    [
        ("no in windsor", "8 Elm Street, Richmond NSW 2753", "8 Elm Street, Windsor NSW"),
        ("it's road not street sorry", "8 Elm Street, Ryde", "8 Elm Road, Ryde"),
        ("not fifteen fifty", "15 Elm Street, Ryde", "50 Elm Street, Ryde"),
        ("thirteen, not thirty", "30 Elm Street, Ryde", "13 Elm Street, Ryde"),
        ("beech with two e's b e e c h", "3 Beach Street, Ryde", "3 Beech Street, Ryde"),
    ],
)
def test_the_value_given_last_is_mended_though_the_next_is_asked(
    said: str, held: str, value: str
) -> None:
    assert mended(said, ADDRESS, held, asked=EMAIL) == value


@pytest.mark.parametrize(
    ("said", "step", "held"),
    [
        ("it's not far from the station", ADDRESS, "15 Elm Street, Ryde"),
        ("no problem, I'll be in at nine", ADDRESS, "15 Elm Street, Ryde"),
        ("with an e not an a", NAME, "Alan Graystone"),
        ("there should be a dot between them", EMAIL, "rutho@gmail.com"),
        ("change the three to a four", PHONE, "+61491573773"),
        ("not five, four", PHONE, "+61491570156"),
        ("it doesn't matter, no worries", EMAIL, "ruth.o@gmail.com"),
        ("yes, no dramas", EMAIL, "ruth.o@gmail.com"),
        ("I'd sooner not have you e-mailing me", NAME, "Robin Carter"),
        ("not into e-mailing", NAME, "Robin Carter"),
    ],
)
def test_what_could_be_meant_in_two_places_or_none_mends_nothing(
    said: str, step: Step, held: str
) -> None:
    assert mended(said, step, held) is None


@pytest.mark.parametrize(
    ("said", "held", "value"),
    [
        ("no no, thirteen, one three", "30 Elm Street, Ryde", "13 Elm Street, Ryde"),
        ("sorry, fifty", "Unit 7, 15 Elm Street, Ryde", "Unit 7, 50 Elm Street, Ryde"),
        ("eighteen", "80 Elm Street, Ryde", None),
        ("no no, thirteen, one three", "9 Elm Street, Ryde", None),
    ],
)
def test_a_number_alone_behind_a_no_is_the_houses(said: str, held: str, value: str | None) -> None:
    assert mended(said, ADDRESS, held, asked=EMAIL) == value


def test_a_time_that_is_said_again_mends_no_e_mail() -> None:
    assert mended("I said, mornings, before ten", EMAIL, "ruth@okafor.com") is None


@pytest.mark.parametrize(
    ("said", "step", "value"),
    [
        ("Yes. Oh, it's number 303, not 300", ADDRESS, "303 Bay Road, Penrith"),
        ("hang on, the house is 303, not 300", ADDRESS, "303 Bay Road, Penrith"),
        ("it's Penrose, not Penrith", ADDRESS, "300 Bay Road, Penrose"),
        ("yes, oh the name's Burt, not Bart", NAME, "Burt Quigley"),
        ("yes, and my surname's Quigly, not Quigley", NAME, "Bart Quigly"),
        ("by the way, Barrt has two Ts", NAME, "Bartt Quigley"),
        ("Bert, not Bart", EMAIL, "bert@quigley.com"),
        ("it's 578, not 678", PHONE, "+61412345578"),
    ],
)
def test_the_field_that_holds_what_is_wrong_is_mended_at_the_read_back_of_another(
    said: str, step: Step, value: str
) -> None:
    record = {
        NAME: "Bart Quigley",
        PHONE: "+61412345678",
        ADDRESS: "300 Bay Road, Penrith",
        EMAIL: "bart@quigley.com",
    }
    acts = read(said, Situation(EMAIL, NOW, Asked.CONFIRM, record=record)).acts
    assert [(a.step, a.value) for a in acts if isinstance(a, Correct)] == [(step, value)]


def test_a_flat_that_is_not_held_mends_no_telephone_number() -> None:
    record = {PHONE: "+61412345678", ADDRESS: "12 Harrow Road, Newtown"}
    for said, values in (
        ("no, flat 2 not flat 3", []),
        ("Actually it's 12A, not 12", ["12A Harrow Road, Newtown"]),
    ):
        acts = read(said, Situation(EMAIL, NOW, record=record)).acts
        assert [a.value for a in acts if isinstance(a, Correct)] == values


def test_a_unit_is_mended_where_a_time_is_asked_for() -> None:
    record = {ADDRESS: "Unit 4, 12 Bay Road, Penrith", Step.SERVICE: "Plumbing"}
    acts = read("it's unit 5, not unit 4", Situation(Step.TIME, NOW, record=record)).acts
    assert [a.value for a in acts if isinstance(a, Correct)] == ["Unit 5, 12 Bay Road, Penrith"]


def test_a_time_that_is_refused_mends_no_house_number() -> None:
    record = {ADDRESS: "12 Bay Road, Penrith", Step.SERVICE: "Plumbing"}
    acts = read("at 2, not 12", Situation(Step.TIME, NOW, Asked.ANSWER, record=record)).acts
    assert not any(isinstance(a, Correct) for a in acts)


@pytest.mark.parametrize("said", ["I said no e-mails", "no e-mail please", "no t-shirts"])
def test_the_first_letter_of_a_hyphened_word_is_taken_out_of_nothing(said: str) -> None:
    assert mended(said, ADDRESS, "2 Sable Way, Penrith", asked=EMAIL) is None


@pytest.mark.parametrize(
    ("said", "asked", "held", "value"),
    [
        ("弄号是一百二十二弄不是一百二十", EMAIL, "天平路120弄5号402室", "天平路122弄5号402室"),
        ("是一百二十二弄，不是一百二十弄", EMAIL, "天平路120弄5号402室", "天平路122弄5号402室"),
        ("不是一百二十弄，是一百二十二弄", EMAIL, "天平路120弄5号402室", "天平路122弄5号402室"),
        ("门牌错了，不是5号，是6号", Step.SERVICE, "天平路120弄5号402室", "天平路120弄6号402室"),
        ("不是88号，是89号", Step.SERVICE, "建国路88号", "建国路89号"),
        (
            "等等，门牌不是八百号，是八百八十号，三楼302",
            Step.TIME,
            "南路800号3楼",
            "南路880号3楼302",
        ),
        ("地址不是八百号，是八百八十号", Step.TIME, "南路800号3楼", "南路880号3楼"),
        ("不是3号，是5号", Step.TIME, "南路800号3楼", None),
    ],
)
def test_a_chinese_house_number_is_mended_wherever_the_call_stands(
    said: str, asked: Step, held: str, value: str | None
) -> None:
    record = {ADDRESS: held, Step.SERVICE: "水管维修"}
    situation = Situation(asked, NOW, record=record, language="zh-CN", region="CN")
    acts = read(said, situation).acts
    assert next((a.value for a in acts if isinstance(a, Correct)), None) == value
    assert not any(isinstance(a, Provide) for a in acts) or value is None
