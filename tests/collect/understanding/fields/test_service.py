"""Callers' words for a service, and the listed name that is meant."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.business import Offer, load_business
from voicebot.call import Step
from voicebot.collect.understanding import Asked, Note, Provide, Situation, read

DEMO = load_business(None).services
CLINIC = tuple(
    Offer(id=name.lower(), name=name)
    for name in ("Physiotherapy", "Massage therapy", "Eye test", "General practice")
)
HIGH_STREET = tuple(
    Offer(id=name.lower(), name=name)
    for name in ("Barber", "Dental check", "Vehicle servicing", "Counselling")
)


def chosen(utterance: str, services: tuple[Offer, ...], **similar: float) -> Provide | None:
    situation = Situation(Step.SERVICE, datetime(2027, 3, 2), services=services, similar=similar)
    acts = read(utterance, situation).acts
    named = [act for act in acts if isinstance(act, Provide) and act.step is Step.SERVICE]
    return named[0] if named else None


def heard(utterance: str, services: tuple[Offer, ...]) -> str | None:
    act = chosen(utterance, services)
    return act.value if act else None


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("plumbing", "Plumbing"),
        ("I need a plumber", "Plumbing"),
        ("book in a plumber at 12 Rose Avenue, Newtown", "Plumbing"),
        ("an electrician, at 7 Old Garden Road", "Electrical"),
        ("there's a leak under my sink", "Plumbing"),
        ("the hot water's gone", "Plumbing"),
        ("uh the electrical one please", "Electrical"),
        ("the lights keep flickering", "Electrical"),
        ("could somebody clean the carpets", "Cleaning"),
        ("an end of lease clean", "Cleaning"),
        ("do you do gutters?", "Gardening"),
        ("is there a good gardener around here?", "Gardening"),
        ("someone to mow the grass", "Gardening"),
        ("clean my gutters", "Gardening"),
        ("a gardner", "Gardening"),
        ("elektrical", "Electrical"),
    ],
)
def test_the_demo_services_are_known_by_what_callers_say(utterance: str, name: str) -> None:
    assert heard(utterance, DEMO) == name


@pytest.mark.parametrize(
    ("utterance", "services", "name"),
    [
        ("my shoulders are stiff, I want a deep tissue massage", CLINIC, "Massage therapy"),
        ("I hurt my back playing sport, a sports injury", CLINIC, "Physiotherapy"),
        ("new glasses", CLINIC, "Eye test"),
        ("I need a flu shot", CLINIC, "General practice"),
        ("a haircut and a beard trim", HIGH_STREET, "Barber"),
        ("I've lost a filling", HIGH_STREET, "Dental check"),
        ("the brakes on my ute squeak", HIGH_STREET, "Vehicle servicing"),
        ("I've been feeling anxious", HIGH_STREET, "Counselling"),
    ],
)
def test_a_bare_name_is_known_by_the_words_of_its_trade(
    utterance: str, services: tuple[Offer, ...], name: str
) -> None:
    assert heard(utterance, services) == name


@pytest.mark.parametrize(
    "utterance",
    [
        "none of these",
        "something else",
        "I'd like to book an appointment",
        "what services do you have",
        "how do I fix a tap myself",
        "tell me about your cleaning",
        "how much is plumbing",
        "a haircut",
        "book me a flight",
        "yes",
        "",
        "...",
    ],
)
def test_what_is_not_listed_or_only_asked_about_is_no_choice(utterance: str) -> None:
    assert heard(utterance, DEMO) is None


@pytest.mark.parametrize(
    "utterance", ["a dental clinic", "my tooth hurts", "a haircut", "the roof leaks", "a vet"]
)
def test_a_trade_that_is_not_listed_is_not_taken_for_one_that_is(utterance: str) -> None:
    listed = (Offer(id="1", name="Doctor visit"), Offer(id="2", name="Plumbing"))
    assert heard(utterance, listed) is None


@pytest.mark.parametrize(
    "utterance",
    [
        "I want to rent a car",
        "a car rental",
        "buy a car",
        "I need a small van",
        "find me another truck please",
        "I need the van from Monday until Friday",
        "proof of insurance for my van",
    ],
)
def test_another_business_with_the_same_thing_is_no_choice(utterance: str) -> None:
    assert heard(utterance, HIGH_STREET) is None


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("plumbing, no, electrical", "Electrical"),
        ("cleaning, sorry, I mean gardening", "Gardening"),
        ("not cleaning, gardening", "Gardening"),
        ("gardening instead of cleaning", "Gardening"),
        ("the taps are fine, it's the lights", "Electrical"),
        ("No, the water heater's okay, it's the fuse box", "Electrical"),
        ("my drains are all right, I need the grass cut", "Gardening"),
        ("a plumber's fine", "Plumbing"),
        ("Plumbing is fine", "Plumbing"),
    ],
)
def test_what_is_said_later_counts(utterance: str, name: str) -> None:
    assert heard(utterance, DEMO) == name


def test_another_trade_than_the_one_held_is_taken_where_it_is_named() -> None:
    held = {Step.SERVICE: "Plumbing"}
    beside = Situation(Step.PHONE, datetime(2027, 3, 2), record=held, services=DEMO)
    said = "hang on, it's not a plumber I need, the heater's fine, it's the switchboard"
    named = [act.value for act in read(f"{said}. So an electrician.", beside).acts
             if isinstance(act, Provide)]  # fmt: skip
    assert named == ["Electrical"]
    assert not any(isinstance(a, Provide) for a in read("the taps are fine", beside).acts)


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("the first one", "Plumbing"),
        ("number two", "Electrical"),
        ("option 3 please", "Cleaning"),
        ("the last one", "Gardening"),
        ("number nine", None),
        ("option two thanks", "Electrical"),
        ("the third, yes", "Cleaning"),
        ("that last one you mentioned", "Gardening"),
        ("my second bathroom stinks", None),
        ("the last bloke was useless", None),
        ("the middle drawer won't shut", None),
    ],
)
def test_a_place_in_the_list_is_a_choice(utterance: str, name: str | None) -> None:
    assert heard(utterance, DEMO) == name


def test_a_name_is_surer_than_a_guess() -> None:
    named, guessed = chosen("plumbing", DEMO), chosen("gardner", DEMO)
    assert named is not None
    assert guessed is not None
    assert named.assumed < guessed.assumed
    assert named.span == (0, 8)


def test_without_services_there_is_no_choice() -> None:
    assert heard("plumbing", ()) is None


@given(st.sampled_from(DEMO), st.sampled_from(["{}", "I need {} please", "um, {}?", "{}, thanks"]))
def test_a_listed_name_is_always_understood(offer: Offer, frame: str) -> None:
    assert heard(frame.format(offer.name), DEMO) == offer.name
    assert heard(frame.format(offer.name.lower()), DEMO) == offer.name


@given(st.text(max_size=100))
def test_no_text_raises_and_only_listed_names_come_back(text: str) -> None:
    for services in (DEMO, CLINIC, (Offer(id="odd", name=text[:10] or "?", description=text),)):
        assert heard(text, services) in {None, *(offer.name for offer in services)}


@pytest.mark.parametrize("piece", ["plumbing ", "plumbin ", "no ", "a", "clean my "])
def test_long_hostile_text_costs_no_more_than_a_long_answer(piece: str) -> None:
    assert heard(piece * 20_000, DEMO) == heard((piece * 1000)[:1000], DEMO)


@pytest.mark.parametrize(
    "utterance",
    [
        "my uncle is a barber",
        "I work as a barber",
        "my aunt works at a barber",
        "I saw the barber on Monday",
        "I don't want a barber",
        "not the barber",
        "cancel my barber appointment",
        "I want to complain about the barber",
        "are you a barber",
        "is the barber expensive",
        "where's the barber located",
        "I already had my hair cut",
        "a haircut for my dog",
        "my truck won't start so I'll be late",
        "I can't come, my truck is at the mechanic",
        "set a reminder for my haircut",
        "I hate going to the barber",
        "my uncle sits in a barbershop",
        "we left our keys at the barber",
        "my appointment with the barber was cancelled",
    ],
)
def test_a_service_that_is_talked_about_is_not_asked_for(utterance: str) -> None:
    assert heard(utterance, HIGH_STREET) is None


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("I don't need the barber, I need the dentist", "Dental check"),
        ("I saw the barber on Monday and need a dentist now", "Dental check"),
        ("cancel the barber and book the dentist", "Dental check"),
        ("is the dentist available on Friday", "Dental check"),
        ("my uncle needs a dentist", "Dental check"),
        ("a cleaning for my teeth", "Dental check"),
    ],
)
def test_what_is_asked_for_beside_it_is_kept(utterance: str, name: str) -> None:
    assert heard(utterance, HIGH_STREET) == name


@pytest.mark.parametrize(
    "utterance",
    [
        "I just came from the barber",
        "my car is at the mechanic",
        "the barber was closed on Monday",
        "I'm exhausted",
        "our course starts at ten",
        "fill in the form",
    ],
)
def test_where_one_was_and_words_of_the_same_stem_are_no_choice(utterance: str) -> None:
    assert heard(utterance, HIGH_STREET) in (None, "Vehicle servicing")
    assert heard(utterance.replace("my car", "he"), HIGH_STREET) is None


def test_words_that_stand_for_two_of_the_services_choose_neither() -> None:
    cuts = tuple(Offer(id=name, name=name) for name in ("Ladies' cut", "Gentlemen's cut", "Perm"))
    assert heard("a cut please", cuts) is None
    assert heard("the gentlemen's cut please", cuts) == "Gentlemen's cut"


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("the plumber", "Plumbing"),
        ("my electrician.", "Electrical"),
        ("the cleaning is good", "Cleaning"),
        ("I can't come on Monday, I need a plumber", "Plumbing"),
        ("I'm running late but I'd like the cleaning", "Cleaning"),
    ],
)
def test_a_choice_in_few_words_or_beside_an_excuse_is_kept(utterance: str, name: str) -> None:
    assert heard(utterance, DEMO) == name


@pytest.mark.parametrize(
    "utterance",
    [
        "I'd like to lease a van",
        "we own a Mazda",
        "I drive a 2009 Toyota Corolla",
        "insure my truck",
        "the make of the car is a Mazda",
        "what I want is the price of a van",
        "could I get the cost of a haircut",
        "my kitten has a fever",
        "tell the barber that I'm here",
        "I have to phone my dentist",
        "I need the dentist to call me",
        "forget about the haircut",
        "I never asked for a dentist",
        "we've decided against getting a dentist",
        "let me talk to your manager about the dentist",
        "can you promise that the dentist is good",
        "is a filling covered by my insurance",
        "does the haircut cost extra",
        "where is the tow truck",
    ],
)
def test_a_thing_that_is_owned_and_somebody_to_be_told_are_no_choice(utterance: str) -> None:
    clinic = (*HIGH_STREET, Offer(id="gp", name="Doctor"))
    assert heard(utterance, clinic) is None


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("the truck", "Vehicle servicing"),
        ("my Mazda", "Vehicle servicing"),
        ("it's for my old van", "Vehicle servicing"),
        ("I drive a Toyota and the brakes squeak", "Vehicle servicing"),
        ("my own truck won't start", "Vehicle servicing"),
        ("I need to call a dentist", "Dental check"),
        ("a tooth doctor", "Dental check"),
        ("my elbow", "Doctor"),
        ("trouble with my ankle", "Doctor"),
        ("I find it hard to breathe", "Doctor"),
        ("a bleach and a full head please", "Barber"),
        ("I didn't say barber, I said dentist", "Dental check"),
        ("forget the haircut, I need a dentist", "Dental check"),
        ("I'm not happy with my teeth", "Dental check"),
        ("I want to talk to a dentist", "Dental check"),
        ("two new batteries", "Vehicle servicing"),
        ("I ran out of petrol", "Vehicle servicing"),
        ("allergies", "Doctor"),
        ("my gums are swollen and bleeding", "Dental check"),
        ("my ankle is swollen", "Doctor"),
        ("it hurts when I bite down", "Dental check"),
        ("where are you, I'd like to see a dentist", "Dental check"),
        ("is there a dentist free today", "Dental check"),
    ],
)
def test_plain_answers_with_the_same_words_are_kept(utterance: str, name: str) -> None:
    assert heard(utterance, (*HIGH_STREET, Offer(id="gp", name="Doctor"))) == name


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("a fridge repair", None),
        ("my dishwasher needs to be repaired", None),
        ("a furnace tune up", None),
        ("my bike tyre is flat", None),
        ("hoodies", None),
        ("an engine repair", "Car repair"),
        ("the ac repair", "Car repair"),
        ("my motorbike tyre is flat", "Car repair"),
        ("a repair", "Car repair"),
    ],
)
def test_the_thing_before_the_work_says_whose_work_it_is(utterance: str, name: str | None) -> None:
    assert heard(utterance, (Offer(id="car", name="Car repair"),)) == name


DENTIST = tuple(
    Offer(id=name, name=name)
    for name in ("Check-up", "Hygienist clean", "Filling", "Tooth whitening")
)
GARAGE = tuple(
    Offer(id=name, name=name)
    for name in ("Oil change", "Brake service", "Wheel alignment", "Tyres")
)
SALON = tuple(Offer(id=name, name=name) for name in ("Haircut", "Colour", "Blow-dry", "Manicure"))


@pytest.mark.parametrize(
    ("utterance", "services", "name"),
    [
        ("one of my fillings came out", DENTIST, "Filling"),
        ("my gums bleed when I brush", DENTIST, "Hygienist clean"),
        ("I haven't been for years, just a look over", DENTIST, "Check-up"),
        ("something's wrong with my tooth", DENTIST, None),
        ("it drifts to the left on the motorway", GARAGE, "Wheel alignment"),
        ("I've got a puncture", GARAGE, "Tyres"),
        ("the handbrake doesn't hold", GARAGE, "Brake service"),
        ("the engine stalls", GARAGE, None),
        ("I'd like to go blonde", SALON, "Colour"),
        ("just a trim", SALON, "Haircut"),
        ("the engine stalls", HIGH_STREET, "Vehicle servicing"),
        ("it drifts to the left", HIGH_STREET, "Vehicle servicing"),
    ],
)
def test_a_narrow_trade_is_told_from_its_neighbours(
    utterance: str, services: tuple[Offer, ...], name: str | None
) -> None:
    assert heard(utterance, services) == name


@pytest.mark.parametrize(
    ("similar", "name"),
    [
        ({"a": 0.86, "b": 0.80, "c": 0.81, "": 0.82}, "Aquarium care"),
        ({"a": 0.860, "b": 0.858, "c": 0.85, "": 0.82}, None),  # two are as near
        ({"a": 0.86, "b": 0.80, "c": 0.81, "": 0.88}, None),  # another trade is nearer
        ({}, None),
    ],
)
def test_without_a_known_word_the_meaning_decides_where_it_stands_out(
    similar: dict[str, float], name: str | None
) -> None:
    shop = tuple(
        Offer(id=key, name=name)
        for key, name in (("a", "Aquarium care"), ("b", "Falconry"), ("c", "Origami"))
    )
    act = chosen("my guppies keep dying", shop, **similar)
    assert (act and act.value) == name
    named = chosen("falconry", shop, **{**similar, "a": 0.99})
    assert named is not None
    assert named.value == "Falconry"


@pytest.mark.parametrize(
    "utterance", ["I need to see a dentist", "I have to get a filling", "I need to find a dentist"]
)
def test_who_needs_to_see_somebody_does_not_ask_to_wait(utterance: str) -> None:
    situation = Situation(Step.SERVICE, datetime(2027, 3, 2), services=HIGH_STREET)
    acts = read(utterance, situation).acts
    assert [type(act) for act in acts] == [Provide]


@pytest.mark.parametrize(
    ("utterance", "name", "note"),
    [
        ("plumbing and electrical please", "Plumbing", "plumbing and electrical please"),
        (
            "my tap leaks and I also need a socket fixed",
            "Plumbing",
            "my tap leaks and I also need a socket fixed",
        ),
        (
            "electrical, and the garden needs doing too",
            "Electrical",
            "electrical, and the garden needs doing too",
        ),
        ("Two jobs. both a gardener and a plumber", "Gardening", "both a gardener and a plumber"),
    ],
)
def test_a_second_job_is_told_to_staff(utterance: str, name: str, note: str) -> None:
    situation = Situation(Step.SERVICE, datetime(2027, 3, 2), services=DEMO)
    acts = read(utterance, situation).acts
    assert heard(utterance, DEMO) == name
    assert [act.text for act in acts if isinstance(act, Note)] == [note]


def test_a_name_tells_the_trade_whatever_its_synonyms_tell() -> None:
    shop = (
        Offer(id="p", name="Plumbing", synonyms=("tap", "hot water system", "blocked drain")),
        Offer(id="c", name="Cleaning", synonyms=("end of lease", "carpets")),
    )
    assert heard("the cistern is overflowing", shop) == "Plumbing"
    assert heard("I'd like the place dusted", shop) == "Cleaning"


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("My dishwasher outlet's leaking", "Plumbing"),
        ("the hose behind the washing machine drips", "Plumbing"),
        ("the fridge leaking again", "Plumbing"),
        ("the outlet pipe is blocked", "Plumbing"),
        ("the oven outlet sparks", "Electrical"),
        ("the smart meter's not working", "Electrical"),
        ("the gutter's leaking", "Gardening"),
        ("the dishwasher isn't working", None),
        ("the car's leaking oil", None),
        ("the roof leaks", None),
    ],
)
def test_what_goes_wrong_says_whose_work_it_is_whatever_it_is_on(
    utterance: str, name: str | None
) -> None:
    assert heard(utterance, DEMO) == name


def test_a_fault_of_a_trade_that_is_not_listed_is_none_of_ours() -> None:
    services = tuple(offer for offer in DEMO if offer.name != "Plumbing")
    assert heard("my dishwasher is leaking", services) is None


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("My daughter's flat needs cleaning before the inspection", "Cleaning"),
        ("Her toilet does not flush", "Plumbing"),
        ("He needs an electrician", "Electrical"),
        ("these lights keep going out", "Electrical"),
        ("his plumber told me to ring you", None),
        ("her cleaner recommended you", None),
        ("my dad's a plumber", None),
    ],
)
def test_somebody_elses_job_is_one_while_the_name_is_asked_for(
    utterance: str, name: str | None
) -> None:
    situation = Situation(Step.NAME, datetime(2027, 3, 2), services=DEMO)
    acts = read(utterance, situation).acts
    given = [a.value for a in acts if isinstance(a, Provide) and a.step is Step.SERVICE]
    assert given == ([name] if name else [])


def early(utterance: str) -> str | None:
    """What is read of a service while the name is asked for."""
    situation = Situation(Step.NAME, datetime(2027, 3, 2), services=DEMO)
    acts = read(utterance, situation).acts
    return next((a.value for a in acts if isinstance(a, Provide) and a.step is Step.SERVICE), None)


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("Hi, two lamp is not working in my house", "Electrical"),
        ("Hello, um, my gutters are overflowing and it's coming in", "Gardening"),
        ("I've got carpets that want doing before my mum visits", "Cleaning"),
        ("my sockets have stopped working", "Electrical"),
        ("Morning, what would you charge a pensioner to cut a hedge?", "Gardening"),
        ("How much is it for a blocked sink? I've got one", "Plumbing"),
        ("what does a plumber cost?", None),
        ("How much is a plumber and how much is an electrician?", None),
        ("My house is the one with the broken gate", None),
        ("I live near the gardens, my dog keeps barking", None),
        ("I work in a garden centre, hello", None),
    ],
)
def test_work_that_is_told_before_it_is_asked_for_is_kept(utterance: str, name: str | None) -> None:
    assert early(utterance) == name


@pytest.mark.parametrize(
    "words", ["Yes. Oh hang on, the kettle's boiling over.", "Yes, wait, the oven's on."]
)
def test_what_calls_the_caller_away_is_no_job(words: str) -> None:
    now, held = datetime(2027, 3, 2), {Step.NAME: "Ann Lee"}
    where = Situation(Step.NAME, now, Asked.CONFIRM, services=DEMO, record=held)
    assert not [a for a in read(words, where).acts if isinstance(a, Provide)]
    assert [a for a in read("Yes. And the tap's leaking.", where).acts if isinstance(a, Provide)]


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("there's a leak in the cleaning cupboard", "Plumbing"),
        ("a light in the garden shed", "Electrical"),
        ("I can smell gas in the laundry", None),
        ("I need someone in the garden", "Gardening"),
    ],
)
def test_where_the_job_is_says_not_what_it_is(utterance: str, name: str | None) -> None:
    acts = read(utterance, Situation(Step.NAME, datetime(2027, 3, 2), services=DEMO)).acts
    given = [a.value for a in acts if isinstance(a, Provide) and a.step is Step.SERVICE]
    assert given == ([name] if name else [])


@pytest.mark.parametrize(
    "utterance",
    [
        "There's a dog in the back yard",
        "There's no house number yet",
        "it's nothing to do with cleaning the window",
    ],
)
def test_a_room_in_passing_changes_no_service(utterance: str) -> None:
    record = {Step.SERVICE: "Plumbing"}
    situation = Situation(Step.ADDRESS, datetime(2027, 3, 2), services=DEMO, record=record)
    acts = read(utterance, situation).acts
    assert not [a for a in acts if isinstance(a, Provide) and a.step is Step.SERVICE]
