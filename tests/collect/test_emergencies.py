"""What is asked in an emergency, and the work that it tells of by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collect.scene import DEMO, Scene, at
from voicebot.business import Business, load_business
from voicebot.call import CallState, Needs, Step, Wish
from voicebot.collect.events import Ending
from voicebot.collect.resuming import begin

ALONE = DEMO.model_copy(update={"transfer_to": None})
SEVILLA = load_business(Path("benchmarks/callers/business/sevilla.toml"))
HOME = load_business(Path("zh-home"))


def asked(
    words: str, told: str = "I can smell gas", business: Business = ALONE
) -> tuple[str, Scene]:
    """What is said to this in an emergency, whose call goes on."""
    scene = Scene(begin(business.model_copy(update={"transfer_to": None}), CallState()))
    scene.hears(told)
    assert scene.dialogue.urgent
    return scene.hears(words), scene


@pytest.mark.parametrize(
    "words",
    [
        "How long till someone gets here?",
        "How long, and is there someone I can talk to?",
        "When's someone coming?",
        "How soon can they be here?",
        "Are you sending someone?",
        "When will he get here?",
        "Is someone on the way?",
    ],
)
def test_who_asks_when_somebody_comes_is_told_the_first_free_times(words: str) -> None:
    said, scene = asked(words, "there's water pouring through my ceiling")
    assert "9 am" in said
    assert "hour" not in said
    assert "booking" not in said
    assert scene.dialogue.needs is Needs.PERSON


@pytest.mark.parametrize(
    ("business", "told", "words", "what"),
    [
        *(
            (ALONE, "I can smell gas", words, "call 000 from outside")
            for words in (
                "Is someone coming?",
                "I want to know if someone's coming NOW",
                "I don't want a booking, I want to know if somebody's coming now!",
                "Are you sending someone or what?",
                "How long till someone gets here?",
                "When will he get here?",
            )
        ),
        (ALONE, "there's a fire", "Is anybody coming?", "call 000"),
        (SEVILLA, "¡Huele mucho a gas!", "¿Viene alguien ya?", "112"),
        (HOME, "家里有煤气味！", "多久能到？", "119"),
    ],
)
def test_where_lives_are_in_danger_no_time_of_ours_is_looked_for(
    business: Business, told: str, words: str, what: str
) -> None:
    said, scene = asked(words, told, business)
    assert what in said
    assert not scene.asked
    assert scene.dialogue.needs is Needs.PERSON
    assert any(note in words for note in scene.notes)


@pytest.mark.parametrize(
    "words",
    [
        "I don't want a booking, I want to know if someone's coming NOW",
        "I haven't got a booking! Just get someone to ring me!",
        "Ring me back, quick",
    ],
)
def test_an_emergency_stays_the_wish_whatever_is_called_for_beside_it(words: str) -> None:
    said, scene = asked(words)
    assert "booking" not in said
    assert scene.change.wish in (None, Wish.EMERGENCY)
    assert scene.dialogue.needs is Needs.PERSON


@pytest.mark.parametrize(
    "words",
    [
        "I'm outside now, what number was it I should ring?",
        "What number was it again?",
        "What's the emergency number?",
        "Should I wait for you?",
        "Can I go back in?",
        "Do I stay here or leave?",
    ],
)
def test_who_asks_what_to_do_is_told_it_again(words: str) -> None:
    said, scene = asked(words)
    assert "call 000 from outside" in said
    assert not any(note.startswith("?") for note in scene.dialogue.notes)


@pytest.mark.parametrize(
    ("business", "flood", "when", "gas", "what"),
    [
        (
            SEVILLA,
            "¡Se está inundando la cocina!",
            "¿Cuánto tardan en venir?",
            "¡Huele mucho a gas!",
            "¿A qué número hay que llamar?",
        ),
        (HOME, "水管爆了！", "多久能到？", "家里有煤气味！", "打哪个电话？"),
    ],
)
def test_so_it_is_in_other_languages(
    business: Business, flood: str, when: str, gas: str, what: str
) -> None:
    said, scene = asked(when, flood, business)
    assert scene.asked
    said, _ = asked(what, gas, business)
    assert "112" in said or "119" in said


def test_who_wants_no_time_in_danger_is_offered_none_and_may_wait_outside() -> None:
    _, scene = asked("Delphine Carmody, 5 Myrtle Lane, Newtown")
    for words in ("0412 900 112", "yes", "yes"):
        scene.hears(words)
    assert scene.dialogue.offered
    said = scene.hears("I don't want a time, is a person calling me or not?")
    assert "call you back" in said
    assert "9 am" not in said
    assert scene.hears("I'll wait outside. Bye.")
    assert scene.ending is Ending.HANGUP


def test_to_cut_the_power_is_advice_and_no_electrician() -> None:
    said, scene = asked("¿corto la luz?", "¡Se está inundando la cocina!", SEVILLA)
    assert "cierre la llave" in said
    assert scene.dialogue.answers.get(Step.SERVICE) != "electricidad"
    _, scene = asked("Nerea Goñi, ¿mandan a alguien ya?", "¡Se está inundando!", SEVILLA)
    assert scene.asked


@pytest.mark.parametrize(
    ("told", "service"),
    [
        ("I can smell gas", "Plumbing"),
        ("my house smells like gas", "Plumbing"),
        ("the power point is sparking", "Electrical"),
        ("there's a fire", None),
        ("There's water pouring through my light fitting!", "Plumbing"),
        ("I need an electrician, there's water coming through the light!", "Electrical"),
    ],
)
def test_the_work_is_not_asked_for_where_the_emergency_tells_it(
    told: str, service: str | None
) -> None:
    _, scene = asked("Renata Szabo", told)
    assert scene.dialogue.answers.get(Step.SERVICE) == service


@pytest.mark.parametrize(
    "words", ["Hello? It's still pouring!", "please, somebody, it's pouring", "is pouring bad?"]
)
def test_who_cries_that_it_goes_on_is_told_again_what_to_do(words: str) -> None:
    scene = at(Step.NAME, urgent=True, advice="Turn the water off.", put=1)
    answer = scene.hears(words)
    assert answer.startswith("Turn the water off. ")
    assert "name" in answer
    assert any("pouring" in note for note in scene.notes)
    assert "Turn" not in scene.hears("Ann Bell!")


def test_no_number_is_asked_for_in_an_emergency_where_one_is_shown() -> None:
    scene = at(Step.NAME, caller="+61412345678")
    scene.hears("There's water pouring through my light fitting!")
    assert scene.dialogue.answers[Step.PHONE] == "+61412345678"
    assert Step.PHONE in scene.dialogue.confirmed
