"""Who complains or wants a person: asked for a name and a number, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collect.scene import DEMO, Scene
from voicebot.business import load_business
from voicebot.call import CallState, Needs, Step, Wish
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.events import Ending
from voicebot.collect.resuming import begin

BUSINESSES = {
    "en": DEMO,
    "es": load_business(Path("benchmarks/callers/business/sevilla.toml")),
    "zh": load_business(Path("zh-home")),
}


def played(language: str, *words: str) -> tuple[Scene, str, Wish | None, tuple[str, ...]]:
    """A call, past a transfer that nobody answers: the bot's last words, the wish, the notes."""
    business = BUSINESSES[language]
    scene, said, wish = Scene(begin(business, CallState())), "", None
    for each in words:
        if scene.ending is Ending.TRANSFER:
            held = scene.dialogue
            state = CallState(answers=dict(held.answers), dialogue=held.to_json(), needs=held.needs)
            scene = Scene(begin(business, state))
        assert scene.ending is None
        said = scene.hears(each)
        wish = scene.change.wish if scene.change.wish is not None else wish
    return scene, said, wish, scene.dialogue.notes


@pytest.mark.parametrize(
    ("language", "words", "told"),
    [
        (
            "en",
            ["Your cleaner smashed my vase. Get me the manager.", "Hello? Is that the manager?",
             "It's Vivienne Castellanos, and I want it repaired at your cost", "0402 618 993",
             "yes"],
            "at your cost",
        ),
        (
            "en",
            ["You never turned up yesterday.", "Marta Kowalska", "0402 618 993",
             "Yes. I just want the manager to ring.", "Today, mind."],
            "Today",
        ),
        (
            "en",
            ["I don't want an appointment, ring me, your gardener killed my roses",
             "Cosmo Ravenhill", "0402 618 993", "yes"],
            "roses",
        ),
        (
            "es",
            ["Ayer no apareció nadie. Esto es una vergüenza.", "Nerea Goñi", "655 12 34 56",
             "Sí. No quiero cita, quiero que me llamen.", "Hoy, que sea hoy"],
            "hoy",
        ),
        (
            "es",
            ["Me dejaron el suelo rayado y quiero que me lo paguen", "Nerea Goñi", "655 12 34 56",
             "sí"],
            "suelo rayado",
        ),
        (
            "zh",
            ["你们那个师傅昨天迟到了两个小时,我要找你们经理!", "周玉梅。他还把我家地板划坏了。",
             "13817000301", "对", "我不要服务,我要投诉。"],
            "地板",
        ),
        (
            "zh",
            ["昨天师傅根本没来，我要投诉", "尉迟敬", "13817000301", "对",
             "师傅说是上周三下午两点的，空调到现在还是坏的"],
            "上周三",
        ),
        (
            "zh",
            ["我要投诉", "尉迟敬", "13817000301", "那快点，我很生气。地板刮了一大道，要赔的",
             "对，我不要上门"],
            "要赔的",
        ),
    ],
)  # fmt: skip
def test_a_complaint_is_asked_for_a_name_and_a_number_only(
    language: str, words: list[str], told: str
) -> None:
    scene, _, wish, notes = played(language, *words)
    assert scene.dialogue.mode is Mode.CLOSING
    assert {*scene.dialogue.answers} == {Step.NAME, Step.PHONE}
    assert (scene.dialogue.needs, wish) == (Needs.PERSON, Wish.COMPLAINT)
    assert any(told in note for note in notes)
    goodbye = {"en": "no", "es": "no, nada más", "zh": "没有了"}
    scene.hears(goodbye[language])
    assert scene.ending is Ending.HANGUP


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["It's about what your bloke said to my mother. Give me the manager.", "Tom Hardwick",
             "0412 556 331", "yes"],
        ),
        (
            "es",
            ["El técnico le habló fatal a mi madre, quiero hablar con el encargado", "Nerea Goñi",
             "655 12 34 56", "sí"],
        ),
        ("zh", ["你们的人骗了我妈妈，我要找你们经理", "周玉梅", "13817000301", "对"]),
    ],
)  # fmt: skip
def test_so_is_who_wanted_a_person_and_told_why(language: str, words: list[str]) -> None:
    scene, _, _, _ = played(language, *words)
    assert scene.dialogue.mode is Mode.CLOSING
    assert scene.dialogue.needs is Needs.PERSON


@pytest.mark.parametrize(
    ("language", "words", "time"),
    [
        ("en", ["have somebody ring me", "Ann Lee", "0491 570 156", "yes", "no, but today"],
         "today"),
        ("es", ["Que me llamen, por favor", "Ana Gil", "655 12 34 56", "sí", "Nada más. Hoy, ¿eh?"],
         "Hoy"),
        ("zh", ["让人给我回个电话", "周玉梅", "13817000301", "对", "没有了，让他今天就打"], "今天"),
    ],
)  # fmt: skip
def test_a_time_told_in_the_end_is_one_to_ring_at(
    language: str, words: list[str], time: str
) -> None:
    scene, _, _, notes = played(language, *words)
    assert any(time in note for note in notes)
    assert {*scene.dialogue.answers} == {Step.NAME, Step.PHONE}
    assert scene.ending is Ending.HANGUP


def test_a_booking_may_still_be_asked_for_behind_it() -> None:
    call = ("I want to complain", "Tom Hardwick", "0412 556 331", "yes")
    scene, said, _, _ = played("en", *call, "Actually, can you book me a clean?")
    assert scene.dialogue.step is Step.ADDRESS
    assert "address" in said


def test_who_only_wants_a_person_may_be_booked_meanwhile() -> None:
    scene, _, _, _ = played("en", "A person please", "Tom Hardwick", "0412 556 331", "yes")
    assert scene.dialogue.step is Step.ADDRESS
    assert scene.dialogue.needs is Needs.PERSON


def test_damage_of_the_callers_own_is_a_job() -> None:
    scene, _, wish, _ = played("en", "Ann Lee, my tenant broke the tap")
    assert wish is None
    assert scene.dialogue.needs is Needs.NOTHING


@pytest.mark.parametrize(
    ("language", "words", "purpose"),
    [
        ("en", "I haven't received my invoice", Purpose.BE_CALLED),
        ("en", "Hi, I'm looking for work, are you hiring any electricians?", Purpose.BE_CALLED),
        ("en", "Can I leave a message for Jenny in the office?", Purpose.BE_CALLED),
        ("en", "I had a missed call from you", Purpose.BE_CALLED),
        ("en", "Your van's blocking my driveway!", Purpose.BE_CALLED),
        ("en", "I've been waiting weeks for you to ring me back about my quote", Purpose.BE_CALLED),
        ("en", "your bloke turned up drunk", Purpose.COMPLAIN),
        ("en", "Your plumber was here Tuesday and the tap he fixed drips again", Purpose.COMPLAIN),
        ("en", "You lot were here last week and my carpet's a disgrace", Purpose.COMPLAIN),
        ("en", "It's about wholesale lights, we've got thirty percent off", Purpose.BE_CALLED),
        ("en", "I'm the neighbour of one of your jobs", Purpose.BE_CALLED),
        ("en", "have you got any jobs going, I'm a sparky", Purpose.BE_CALLED),
        ("en", "Your lady did my windows yesterday and they're all streaky", Purpose.COMPLAIN),
        ("en", "I'm from the council, we need to see your permit", Purpose.BE_CALLED),
        ("en", "I'm from Penrith, my gutters are full", Purpose.BOOK),
        ("en", "It's Tom from Bondi Cafe, our tap's leaking", Purpose.BOOK),
        ("es", "Llamo de Energía Sur, ¿quién lleva los contratos?", Purpose.BE_CALLED),
        ("zh", "你们的车挡着我家门口了", Purpose.BE_CALLED),
        ("en", "is your plumber free, my son broke the tap", Purpose.BOOK),
        ("en", "your gardener was lovely, can he come again on Friday?", Purpose.BOOK),
        ("en", "the lights in my kitchen are flickering again", Purpose.BOOK),
        ("en", "You overcharged me", Purpose.COMPLAIN),
        ("en", "he was meant to come at nine and never showed", Purpose.COMPLAIN),
        ("en", "my old plumber overcharged me so I'm trying you, my sink's blocked", Purpose.BOOK),
        ("en", "The gardener hacked my roses", Purpose.COMPLAIN),
        ("en", "the cleaner tore my curtain", Purpose.COMPLAIN),
        ("en", "my old gardener hacked my roses, can you fix them?", Purpose.BOOK),
        ("en", "can the gardener cut down my tree?", Purpose.BOOK),
        ("en", "the storm broke my gutter", Purpose.BOOK),
        ("en", "can your plumber come on Friday", Purpose.BOOK),
        ("en", "The plumber came last week and it's leaking again.", Purpose.COMPLAIN),
        ("en", "Do I get an invoice?", Purpose.BOOK),
        ("en", "I need a quote for a switchboard", Purpose.BOOK),
        ("en", "I have a job for you", Purpose.BOOK),
        ("en", "my van needs a socket fitted", Purpose.BOOK),
        ("es", "no me ha llegado la factura", Purpose.BE_CALLED),
        ("es", "quería dejar un recado para el encargado", Purpose.BE_CALLED),
        ("es", "me han cobrado de más", Purpose.COMPLAIN),
        ("es", "me dejó un agujero en la pared y no pienso pagar", Purpose.COMPLAIN),
        ("es", "¿dan factura?", Purpose.BOOK),
        ("es", "me dijeron que vendrían el lunes y no vinieron", Purpose.COMPLAIN),
        ("es", "¿vendrían el lunes?", Purpose.BOOK),
        ("zh", "昨天师傅说没零件，到今天也没消息", Purpose.COMPLAIN),
        ("zh", "我等了你们师傅一个下午", Purpose.COMPLAIN),
        ("zh", "上次修完没给我发票，我要补开", Purpose.BE_CALLED),
        ("zh", "我的发票还没收到", Purpose.BE_CALLED),
        ("zh", "你们招不招电工，我想应聘", Purpose.BE_CALLED),
        ("zh", "你们多收了我钱", Purpose.COMPLAIN),
        ("zh", "上次你们修的空调才三天又坏了", Purpose.COMPLAIN),
        ("zh", "你们上回装的热水器又不热了", Purpose.COMPLAIN),
        ("zh", "上周换的龙头又漏了", Purpose.BOOK),
        ("zh", "我上个月在你们这儿修的马桶又漏了", Purpose.COMPLAIN),
        ("zh", "阿姨上周把我家花瓶打碎了", Purpose.COMPLAIN),
        ("zh", "说今天上午来，到现在鬼影子都没有一个", Purpose.COMPLAIN),
        ("zh", "给我爸约的，他家下水道堵了", Purpose.BOOK),
        ("zh", "能开发票吗", Purpose.BOOK),
    ],
)
def test_what_is_for_staff_needs_a_name_and_a_number_and_no_booking(
    language: str, words: str, purpose: Purpose
) -> None:
    scene, _, _, notes = played(language, words)
    assert scene.dialogue.purpose is purpose
    assert notes or purpose is Purpose.BOOK


@pytest.mark.parametrize(
    "words",
    [
        ["Hang on, isn't this Gino's? Oh sorry, wrong number!"],
        ["Is that the pizza place?", "Oh. Sorry!"],
        ["Is this the dentist?", "No? My mistake."],
        ["Hello? Just testing the line."],
        ["sorry, pocket dial"],
        ["Can I get two large pepperonis for pick up?", "Oh, isn't this Mario's?", "Sorry, bye"],
        ["Taxi to the airport please.", "Oh sorry."],
        ["I only want to know what you charge for mowing", "Thanks"],
        ["How much is a plumber? I'm just comparing prices", "No, that's all"],
    ],
)
def test_a_wrong_number_ends_kindly_and_leaves_nothing(words: list[str]) -> None:
    scene, _, _, notes = played("en", *words)
    assert scene.ending is Ending.HANGUP
    assert (scene.dialogue.needs, notes) == (Needs.NOTHING, ())


def test_who_wants_what_we_do_not_do_is_told_so_and_asked_for_nothing() -> None:
    scene = Scene(begin(DEMO, CallState()))
    for words in (
        "My roof tiles need replacing",
        "So you don't do roofs then?",
        "Do you do pest control?",
    ):
        assert "don't do that" in scene.hears(words) or "only do" in scene.hears(words)
        assert scene.dialogue.mode is Mode.CLOSING
    assert "name" in scene.hears("All right, then I need a plumber, the tap drips")
