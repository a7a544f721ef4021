"""Scenes of questions, services, wishes and talk: what is answered, noted and stored."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.collect.conversation import VALUES
from tests.collect.scene import DEMO, OTHER, Scene, at
from voicebot.business import Business, load_business
from voicebot.call import FIELDS, Answer, Booking, CallState, Needs, Service, Step, Wish
from voicebot.collect.dialogue import Mode, begin

_HERE = Path(__file__).parent
_SEVILLA = _HERE.parent.parent / "benchmarks/callers/business/sevilla.toml"
_TOLD: dict[str, tuple[Business, dict[Step, str]]] = {
    "en": (DEMO, VALUES),
    "zh": (
        load_business(_HERE.parent.parent / "voicebot/business/examples/zh-home.toml"),
        {
            Step.NAME: "周丽华",
            Step.PHONE: "+8613812345678",
            Step.ADDRESS: "徐汇区漕溪北路88号",
            Step.EMAIL: "test@example.com",
            Step.SERVICE: "水管维修",
        },
    ),
    "es": (
        load_business(_SEVILLA),
        {
            Step.NAME: "Amparo Villaseñor",
            Step.PHONE: "+34955000111",
            Step.ADDRESS: "Calle Feria 40, Sevilla",
            Step.EMAIL: "test@example.com",
            Step.SERVICE: "Fontanería",
        },
    ),
}


@dataclass(frozen=True)
class Talk:
    """A row of talk.toml; its head tells the keys."""

    language: str
    at: str
    hears: list[str]
    own: str = ""
    says: str = ""
    never: str = ""
    holds: dict[str, str] | None = None
    early: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    no_note: str = ""
    needs: str | None = None
    ends: str = "no"
    purpose: str = ""

    def __str__(self) -> str:
        return f"{self.at}: {self.hears[0]}"

    def begun(self) -> Scene:
        """Return the call as it is before the first of its turns."""
        business, told = _TOLD[self.language]
        held = begin(business, CallState(caller=told[Step.PHONE] if self.own else None))
        if self.at == "closing":
            return Scene(replace(held, mode=Mode.CLOSING, step=Step.PHONE, put=1))
        step = Step(self.at.removesuffix("?"))
        known = {s: told[s] for s in FIELDS[: FIELDS.index(step)]}
        confirmed = frozenset({Step.PHONE, Step.EMAIL} & set(known))
        held = replace(held, answers=known, confirmed=confirmed, step=step, put=1)
        if self.at == "time?":
            held = replace(held, mode=Mode.CONFIRMING, pending="2026-03-04T14:00")
        scene = Scene(held)
        if self.own:
            at = datetime(2026, 3, 4, 14, 0, tzinfo=business.zone)
            offer = business.services[0]
            answers: dict[Step, Answer] = {
                Step.NAME: self.own,
                Step.SERVICE: Service(offer.id, offer.name),
                Step.TIME: at,
            }
            scene.bookings = (Booking(OTHER, CallState(answers=answers, booked=True)),)
        return scene


def _talks() -> list[Talk]:
    rows: dict[str, list[dict[str, Any]]] = tomllib.loads((_HERE / "talk.toml").read_text("utf-8"))
    return [Talk(language, **row) for language, each in rows.items() for row in each]


def faults(talk: Talk) -> list[str]:
    """Play a talk; return what is not as it should be."""
    scene, notes, said = talk.begun(), [], []
    needs: Needs | None = None
    for words in talk.hears:
        said.append(scene.hears(words))
        notes += [note for note in scene.notes if note not in notes]
        needs = scene.change.needs if scene.change.needs is not None else needs
        if scene.ending:
            break
    held = scene.dialogue
    found = []
    if talk.says and not re.search(talk.says, said[-1], re.IGNORECASE):
        found.append("not said")
    if talk.never and re.search(talk.never, " ".join(said)):
        found.append("said what it must not")
    for step, value in (talk.holds or {}).items():
        if held.answers.get(Step(step), "") != value:
            found.append(f"holds {held.answers.get(Step(step))!r}")
    found += [
        f"no note {each}" for each in talk.notes if not any(re.search(each, n) for n in notes)
    ]
    found += [f"{each} is not read back" for each in talk.early if Step(each) not in held.early]
    if talk.no_note and any(re.search(talk.no_note, n) for n in notes):
        found.append("a note too many")
    if talk.needs is not None and (needs or "") != talk.needs:
        found.append(f"needs {needs}")
    booked = scene.change.booked
    ending = "booked" if booked else str(scene.ending or "no")
    if ending != talk.ends:
        found.append(f"ends {ending}")
    if talk.purpose and held.purpose != talk.purpose:
        found.append(f"purpose {held.purpose}")
    if found:
        values = {s.value: v for s, v in held.answers.items()}
        found += [f"said {said}", f"notes {notes}", f"answers {values}"]
    return found


@pytest.mark.parametrize("talk", _talks(), ids=str)
def test_talk_beside_an_answer_is_dealt_with(talk: Talk) -> None:
    assert not faults(talk)


def test_how_often_is_noted_also_where_it_is_asked_for() -> None:
    scene = at(Step.SERVICE)
    scene.hears("could somebody mow my lawn every month?")
    assert scene.dialogue.answers[Step.SERVICE] == "Gardening"
    assert any("every month" in note for note in scene.notes)


def test_a_booking_that_is_called_off_where_it_is_told_of_is_called_off() -> None:
    scene = at(Step.NAME)
    scene.hears("we booked a cleaner for Saturday but we have to call it off")
    assert scene.change.wish is Wish.CANCEL
