"""Spoken addresses, and the one line that they become."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Correct, Missing, Provide, Situation, read


def situation(region: str = "AU", **changes: object) -> Situation:
    given = {"step": Step.ADDRESS, "now": datetime(2027, 3, 2), "region": region}
    return Situation(**given | changes)  # type: ignore[arg-type]


def act(utterance: str, region: str = "AU", **changes: object) -> Provide | Correct | None:
    acts = read(utterance, situation(region, **changes)).acts
    given = [each for each in acts if isinstance(each, Provide | Correct)]
    return next((each for each in given if each.step is Step.ADDRESS), None)


def heard(utterance: str, region: str = "AU", **changes: object) -> str | None:
    found = act(utterance, region, **changes)
    return found.value if found else None


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        ("12 Elm Street, Victoria Park", "12 Elm Street, Victoria Park"),
        ("12 Elm Street Victoria Park, Victoria", "12 Elm Street, Victoria Park VIC"),
        ("3 Rose Street, Victoria Point, Queensland", "3 Rose Street, Victoria Point QLD"),
        ("3 Rose Street, Newtown, Victoria", "3 Rose Street, Newtown VIC"),
        ("3 Rose Street, Newtown Victoria 3000", "3 Rose Street, Newtown VIC 3000"),
    ],
)
def test_a_suburb_may_begin_like_a_state(utterance: str, line: str) -> None:
    assert heard(utterance) == line


def test_what_a_street_sounds_like_is_no_suburb() -> None:
    assert heard("14 Jacaranda Street. Jack-a-randa") == "14 Jacaranda Street"
    assert heard("14 Ryde Road. Ryde") == "14 Ryde Road, Ryde"


@pytest.mark.parametrize(
    ("behind", "more"),
    [
        ("Oscar, if I have to come over there", ""),
        ("Oscar!", ""),
        ("Oscar's home mornings", ""),
        ("He'd", ""),
        ("O'Brien's Hill", ", O'Brien's Hill"),
        ("Oh hang on, she's stirring, shh, shh.", ""),
        ("The agent is Ray White Parramatta", ""),
        ("Greater Sydney.", ", Greater Sydney"),
        ("NSW. 2750.", " NSW 2750"),
    ],
)
def test_whoever_is_called_behind_the_address_is_no_part_of_it(behind: str, more: str) -> None:
    assert heard(f"52 High Street, Blacktown. {behind}") == f"52 High Street, Blacktown{more}"


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        (
            "unit four, one hundred and twelve wattle street, penrith",
            "Unit 4, 112 Wattle Street, Penrith",
        ),
        (
            "unit four one hundred and twelve wattle street penrith",
            "Unit 4, 112 Wattle Street, Penrith",
        ),
        ("four slash one twelve wattle street", "4/112 Wattle Street"),
        ("4/112 Wattle St Penrith NSW 2750", "4/112 Wattle St, Penrith NSW 2750"),
        (
            "yeah it's three oh two banksia parade, bondi n s w two oh two six",
            "302 Banksia Parade, Bondi NSW 2026",
        ),
        ("twenty seven river road newtown new south wales", "27 River Road, Newtown NSW"),
        ("we're at 8 The Esplanade, Cairns, Queensland", "8 The Esplanade, Cairns QLD"),
        ("lot 14 old farm road dural", "Lot 14 Old Farm Road, Dural"),
        ("shop 3, 22 station street, st marys", "Shop 3, 22 Station Street, St Marys"),
        ("level three, sixteen hundred king street", "Level 3, 1600 King Street"),
        ("P O box three four five dubbo", "PO Box 345, Dubbo"),
        ("it's number 9 o'brien lane in windsor please", "9 O'Brien Lane, Windsor"),
        ("5 3 7 harbour street", "537 Harbour Street"),
        ("unit 3 stroke 45 beach road bondi", "3/45 Beach Road, Bondi"),
        ("number 12 on mark street in the suburb of seven hills", "12 Mark Street, Seven Hills"),
    ],
)
def test_an_australian_address_becomes_one_line(utterance: str, line: str) -> None:
    found = act(utterance)
    assert isinstance(found, Provide)
    assert (found.value, found.partial) == (line, None)


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        (
            "twenty one thirteen east juniper street duluth minnesota",
            "2113 East Juniper Street, Duluth, MN",
        ),
        (
            "six one eight west juniper street fresno california nine three seven oh one",
            "618 West Juniper Street, Fresno, CA 93701",
        ),
        ("40 Juniper Blvd #110", "40 Juniper Blvd, #110"),
        ("apt 5c 12 w 34th st new york ny 10001", "Apt 5C, 12 W 34th St, New York, NY 10001"),
        ("two thirty four west forty second street", "234 West 42nd Street"),
        ("5 th avenue 77", "77 5th Avenue"),
        ("77 5 th ave ohio", "77 5th Ave, OH"),
        (
            "9 juniper lane boston massachusetts oh two one two seven",
            "9 Juniper Lane, Boston, MA 02127",
        ),
        ("12 juniper road south bend in 46617", "12 Juniper Road, South Bend, IN 46617"),
        ("1422 broadway new york ny 10036 usa", "1422 Broadway, New York, NY 10036, USA"),
        ("810 El Camino de la Luz", "810 El Camino de la Luz"),
        ("300 McAllister Street Suite D", "300 McAllister Street, Suite D"),
        ("4 saint ives road tulsa ok", "4 St Ives Road, Tulsa, OK"),
        ("two thirty-four west forty-second street", "234 West 42nd Street"),
        ("77 juniper road number one ten", "77 Juniper Road, #110"),
        ("12 juniper street austin texas u s a", "12 Juniper Street, Austin, TX, USA"),
        ("12 juniper st, washington d c", "12 Juniper St, Washington, DC"),
        ("26 Grand Ave. 600, Troy, NY 12180", "26 Grand Ave, 600, Troy, NY 12180"),
        ("26 Grand Ave. 600", "26 Grand Ave, 600"),
        ("26 Grand St., 2nd Flr, Troy, NY 12180", "26 Grand St, 2nd Flr, Troy, NY 12180"),
        ("239 South 500 East, Provo, UT 84601", "239 South 500 East, Provo, UT 84601"),
        ("11 Highway 130 North, Troy, NY 12180", "11 Highway 130 North, Troy, NY 12180"),
        ("11 Oak Street no 14 Oak Road", "14 Oak Road"),
        ("26 Elm Street, Troy ann underscore lee at example dot com", "26 Elm Street, Troy"),
    ],
)
def test_an_american_address_becomes_one_line(utterance: str, line: str | None) -> None:
    assert heard(utterance, "US") == line


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        (
            "two two one b juniper street london n w one six x e",
            "221B Juniper Street, London NW1 6XE",
        ),
        (
            "flat three, seventeen albert mews, bristol, B S 3 4 A A",
            "Flat 3, 17 Albert Mews, Bristol BS3 4AA",
        ),
        ("The Old Mill, 4-6 Ferry Lane, Ely CB7 4AA", "The Old Mill, 4-6 Ferry Lane, Ely CB7 4AA"),
        ("no 10 juniper close", "10 Juniper Close"),
        ("17 High Street, Leigh on Sea", "17 High Street, Leigh on Sea"),
        ("Heron Cottage, Ferry Lane, Ely CB7 4AA", "Heron Cottage, Ferry Lane, Ely CB7 4AA"),
    ],
)
def test_a_british_address_becomes_one_line(utterance: str, line: str) -> None:
    assert heard(utterance, "GB") == line


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        ("I need you to come to 12 wattle street instead", "12 Wattle Street"),
        ("the party for 6 is at 12 wattle street with my friends", "12 Wattle Street"),
        ("12 wattle street and it's at 8:30 am", "12 Wattle Street"),
        ("12 wattle street penrith and my number is 0491 570 156", "12 Wattle Street, Penrith"),
        ("12 wattle street penrith 0491 570 156", "12 Wattle Street, Penrith"),
        ("12 wattle street, a big house", "12 Wattle Street"),
        ("we're at 3 Elm Street, Newtown, second door on the right", "3 Elm Street, Newtown"),
    ],
)
def test_talk_around_an_address_is_dropped(utterance: str, line: str) -> None:
    assert heard(utterance) == line


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        ("90 wattle street, sorry, 19 wattle street, penrith", "19 Wattle Street, Penrith"),
        ("19 wattle street, no, 29", "29 Wattle Street"),
        ("19 wattle street, I mean wattle road", "19 Wattle Road"),
        ("19 wattle street newtown, actually, windsor", "19 Wattle Street, Windsor"),
    ],
)
def test_what_is_said_later_counts(utterance: str, line: str) -> None:
    assert heard(utterance) == line


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        ("12 smith street, that's s m y t h", "12 Smyth Street"),
        ("12 Smith Street, S-M-Y-T-H, Windsor", "12 Smyth Street, Windsor"),
        ("12 smith street in winsor w i n d s o r", "12 Smith Street, Windsor"),
        ("12 smith street parramatta n s w", "12 Smith Street, Parramatta NSW"),
        ("12 smith street, that's q q q q q", "12 Smith Street"),
    ],
)
def test_a_spelled_name_mends_the_one_that_was_heard(utterance: str, line: str) -> None:
    assert heard(utterance) == line


@pytest.mark.parametrize(
    ("utterance", "partial"),
    [
        ("Parramatta", "Parramatta"),
        ("I live in penrith new south wales", "Penrith NSW"),
        ("the postcode is two one five oh", "2150"),
        ("wattle street", "Wattle Street"),
        ("one hundred and twelve", "112"),
    ],
)
def test_without_a_street_and_number_an_address_is_a_piece(utterance: str, partial: str) -> None:
    found = act(utterance)
    assert isinstance(found, Provide)
    street = Missing.HOUSE_NUMBER if "Street" in partial else Missing.STREET
    assert (found.value, found.missing, found.partial) == (None, street, partial)


@pytest.mark.parametrize(
    ("said", "unit"),
    [("unit 2. I don't live there", "2"), ("unit 2. A tenant does", "2"), ("unit 2b", "2B")],
)
def test_the_word_of_the_next_sentence_is_no_letter_of_a_unit(said: str, unit: str) -> None:
    assert heard(f"55 Marsden Street, Ryde, {said}") == f"55 Marsden Street, Ryde, Unit {unit}"


@pytest.mark.parametrize("said", ["Newtown yeah", "yeah, Newtown", "Yes, that's in Newtown"])
def test_a_yes_beside_a_suburb_is_no_part_of_it(said: str) -> None:
    assert heard(said, partial="8 Camden Street") == "8 Camden Street, Newtown"
    assert heard("14 Camden Street yeah") == heard("yeah 14 Camden Street") == "14 Camden Street"


@pytest.mark.parametrize(
    ("utterance", "suburb"),
    [
        ("Bondi. 7 Curlewis Street.", "Bondi"),
        ("In Parramatta, 7 Curlewis Street", "Parramatta"),
        ("Penrith, number 7 Curlewis Street", "Penrith"),
        ("it's in surry hills, 7 curlewis street", "Surry Hills"),
        ("Bondi Junction, that's 7 Curlewis Street", "Bondi Junction"),
        ("Woolloomooloo, yes, 7 Curlewis Street", "Woolloomooloo"),
        ("Hornsby 7 Curlewis Street", "Hornsby"),
        ("Yeah. 7 Curlewis Street", None),
        ("Righto. 7 Curlewis Street", None),
        ("Raj Patel, 7 Curlewis Street", None),
        ("Beryl. 7 Curlewis Street", None),
        ("Thursday. 7 Curlewis Street", None),
        ("Not Bondi, 7 Curlewis Street", None),
        ("Opposite the Woolworths, 7 Curlewis Street", None),
        ("My mum's, 7 Curlewis Street", None),
    ],
)
def test_a_suburb_may_be_said_first(utterance: str, suburb: str | None) -> None:
    street = "7 Curlewis Street"
    assert heard(utterance) == (f"{street}, {suburb}" if suburb else street)


@pytest.mark.parametrize(
    ("partial", "utterance", "line"),
    [
        ("Penrith", "12 wattle street", "12 Wattle Street, Penrith"),
        ("Wattle Street, Penrith", "one hundred and twelve", "112 Wattle Street, Penrith"),
        ("2750", "unit 3, 12 wattle street penrith", "Unit 3, 12 Wattle Street, Penrith 2750"),
        ("12 Wattle Street", "Windsor, and it's unit 4", "Unit 4, 12 Wattle Street, Windsor"),
    ],
)
def test_pieces_of_two_utterances_make_a_whole(partial: str, utterance: str, line: str) -> None:
    assert heard(utterance, partial=partial) == line


@pytest.mark.parametrize(
    ("told", "town"),
    [("Sydney", "Sydney"), ("in Adelaide", "Adelaide"), ("it's Florence", "Florence"),
     ("Perth", "Perth"), ("that's in Charlotte", "Charlotte")],
)  # fmt: skip
def test_a_suburb_that_is_also_a_persons_name_is_one_where_it_is_asked_for(
    told: str, town: str
) -> None:
    assert heard(told, partial="40 Bligh Street") == f"40 Bligh Street, {town}"


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        ("the postcode is two seven five oh", "12 Wattle Street, Penrith 2750"),
        ("it's number fourteen", "14 Wattle Street, Penrith"),
        ("the street should be battle street", "12 Battle Street, Penrith"),
        ("the suburb is harris park", "12 Wattle Street, Harris Park"),
        ("unit 5", "Unit 5, 12 Wattle Street, Penrith"),
        ("no, 7 harbour road", "7 Harbour Road, Penrith"),
    ],
)
def test_a_part_amends_the_address_in_the_record(utterance: str, line: str) -> None:
    assert heard(utterance, record={Step.ADDRESS: "12 Wattle Street, Penrith"}) == line


@pytest.mark.parametrize(
    "utterance",
    [
        "okay",
        "why do you need that",
        "no idea",
        "hold on a moment",
        "two people",
        "24 hours a day",
        "about 20 minutes",
        "I have 3 taps to fix",
        "my number is 0491 570 156",
        "tomorrow at 3",
        "my street",
        "the usual place",
        "do you come to windsor?",
        "",
        "...",
        "#",
    ],
)
def test_other_talk_is_no_address(utterance: str) -> None:
    assert act(utterance) is None


def test_at_another_step_only_a_whole_address_counts() -> None:
    assert heard("I live at 12 wattle street", step=Step.NAME) == "12 Wattle Street"
    assert act("penrith", step=Step.NAME) is None


def test_the_span_covers_the_address_alone() -> None:
    utterance = "well I live at 12 wattle street, penrith, thanks"
    found = act(utterance)
    assert found is not None
    assert utterance[slice(*found.span)] == "12 wattle street, penrith"


_NAMES = st.sampled_from(["Wattle", "Kurrajong", "Ironbark", "St Anne", "O'Hara"])
_TYPES = st.sampled_from(["Street", "Road", "Avenue", "Lane", "Crescent"])


@given(st.integers(1, 99_999), _NAMES, _TYPES, st.sampled_from(["Penrith", "Bondi"]))
def test_a_written_address_comes_back_as_it_was(
    number: int, name: str, kind: str, suburb: str
) -> None:
    line = f"{number} {name} {kind}, {suburb} NSW 2000"
    assert heard(f"it's {line}, thanks") == line
    assert heard(line) == line


NUMBERS = {
    "12": "12",
    "one hundred and twelve": "112",
    "one twelve": "112",
    "six one eight": "618",
    "twenty one thirteen": "2113",
    "three oh two": "302",
    "sixteen hundred": "1600",
    "one zero zero zero one": "10001",
}
STREETS = {
    "juniper street": "Juniper Street",
    "north juniper boulevard": "North Juniper Boulevard",
    "1st street": "1st Street",
    "forty second street": "42nd Street",
    "e canal lane": "E Canal Lane",
    "p street": "P Street",
}
UNITS = {
    "": "",
    " apt 4": ", Apt 4",
    " suite one forty": ", Suite 140",
    " #110": ", #110",
    " unit 2b": ", Unit 2B",
}
PLACES = {
    "": "",
    " tampa fl": ", Tampa, FL",
    " colorado springs co 80922": ", Colorado Springs, CO 80922",
    " mobile fl 36602": ", Mobile, FL 36602",
    " boston massachusetts oh two one two seven": ", Boston, MA 02127",
    " fresno california nine three seven oh one": ", Fresno, CA 93701",
}


@given(*(st.sampled_from(list(said)) for said in (NUMBERS, STREETS, UNITS, PLACES)))
def test_number_street_unit_and_place_go_together_freely(
    number: str, street: str, unit: str, place: str
) -> None:
    line = f"{NUMBERS[number]} {STREETS[street]}{UNITS[unit]}{PLACES[place]}"
    assert heard(f"yeah it's {number} {street}{unit}{place} thanks", "US") == line


_SAID = (
    "12 1a 60-66 4/5 # unit flat street st road the of and in no sorry n w 1 six one hundred "
    "twenty first nsw ny new york usa 2150 po box the old mill , . level 3rd floor suburb is code"
)
_WORDS = st.sampled_from(_SAID.split())


@given(
    st.one_of(st.text(max_size=80), st.lists(_WORDS, max_size=20).map(" ".join)),
    st.sampled_from(["AU", "GB", "US", "DE"]),
)
def test_no_text_raises_and_a_value_has_a_street_or_a_box(text: str, region: str) -> None:
    for record in ({}, {Step.ADDRESS: "12 Wattle Street, Penrith"}):
        found = act(text, region, record=record, partial=text[:20])
        if found is not None:
            lacks = found.missing if isinstance(found, Provide) else None
            assert (found.value is None) == (lacks in (Missing.STREET, Missing.HOUSE_NUMBER))
            assert found.value or (isinstance(found, Provide) and found.partial)


@pytest.mark.parametrize(
    "piece", ["1 ", "one ", "unit ", "#1", "1-", "st ", "12 smith ", "n s w ", "the old mill, "]
)
def test_long_hostile_text_costs_no_more_than_a_long_answer(piece: str) -> None:
    assert act(piece * 20_000) == act((piece * 4_000)[:4_000])


@pytest.mark.parametrize(
    ("utterance", "region", "line"),
    [
        ("thirty one and a half vine street", "US", "31 1/2 Vine Street"),
        ("RR 3 Box 20, Salina, KS", "US", "RR 3 Box 20, Salina, KS"),
        ("ground floor flat, 4 abbey row, wells", "GB", "Ground Floor Flat, 4 Abbey Row, Wells"),
    ],
)
def test_half_numbers_rural_boxes_and_floor_flats_are_kept(
    utterance: str, region: str, line: str
) -> None:
    found = heard(utterance, region)
    assert found is not None
    assert found.replace(",", "") == line.replace(",", "")


REST = "64 Bay Road, Salem, OR 97301"


def in_america(utterance: str) -> str | None:
    return heard(utterance, "US")


@pytest.mark.parametrize("building", ["Harbour Mall", "Friends of the Lake", "Kestrelworks"])
@pytest.mark.parametrize("mark", [", ", " "])
def test_a_building_that_the_address_begins_with_is_kept(building: str, mark: str) -> None:
    assert in_america(f"{building}{mark}{REST}") == f"{building}, {REST}"


@pytest.mark.parametrize("lead", ["Tobias Reed, ", "It Is ", "Sure. ", "Deliver To ", "it's ", ""])
def test_names_of_people_and_talk_are_no_buildings(lead: str) -> None:
    assert in_america(lead + REST) == REST


def test_without_state_or_postcode_nothing_is_taken_for_a_building() -> None:
    assert in_america("Harbour Mall, 64 Bay Road") == "64 Bay Road"


@pytest.mark.parametrize(
    ("said", "street"), [("17 star road", "17 Star Road"), ("6 mile walk", None)]
)
def test_a_street_may_be_called_after_what_is_counted(said: str, street: str | None) -> None:
    assert in_america(said) == street


@pytest.mark.parametrize("said", ["ten minutes drive", "a 20 minute walk", "5 blocks"])
def test_a_distance_is_no_address(said: str) -> None:
    assert in_america(said) is None


@pytest.mark.parametrize(
    "said",
    [
        "one drink and two dumplings",
        "three veggie top pies",
        "I need 4 dumplings",
        "30 gb",
        "40 taxi usd",
        "2 tickest",
        "yes 2 vanilla milkshakes",
        "three soups and 40 bill",
        "the hotel bill 40 and the taxi 40 bill",
    ],
)
def test_a_few_things_are_no_house_number(said: str) -> None:
    assert in_america(said) is None


def test_a_few_before_a_street_are() -> None:
    assert in_america("two Birch Road") == "2 Birch Road"


@pytest.mark.parametrize("lead", ["", "it's ", "my address is ", "yes sure, we are at ", "Ruth "])
def test_a_street_without_its_type_may_be_announced(lead: str) -> None:
    assert in_america(f"{lead}235 karungala") == "235 Karungala"
    assert in_america(f"{lead}8 Rosewood") == "8 Rosewood"


@pytest.mark.parametrize(
    ("said", "street"),
    [
        ("Five Birch Place", "5 Birch Place"),
        ("I live at nine rosewood close", "9 Rosewood Close"),
        ("I have 12 Birch Place", "12 Birch Place"),
    ],
)
def test_a_few_before_a_street_of_any_type_are_where_it_is_written_or_said_as_one(
    said: str, street: str
) -> None:
    assert in_america(said) == street


@pytest.mark.parametrize(
    "said",
    [
        "I live at 5 George Street but the job is at 9 Church Street",
        "I live at 5 George Street, the job's at 9 Church Street",
        "my address is 5 George Street but the work is at 9 Church Street",
        "I'm at 5 George Street but the house is at 9 Church Street",
        "my home is 5 George Street and the job is at 9 Church Street",
        "the job is at 9 Church Street, I live at 5 George Street",
        "9 Church Street, but I live at 5 George Street",
        "please come to 9 Church Street, my home is 5 George Street",
        "send the bill to 5 George Street, the job is at 9 Church Street",
        "billing address 5 George Street, site address 9 Church Street",
        "my office is at 5 George Street but come to 9 Church Street",
        "I'm calling from 5 George Street but it's 9 Church Street that needs it",
        "the job is at my daughter's, 9 Church Street, I'm at 5 George Street",
        "the office is 5 George Street, the job is at our other place, 9 Church Street",
        "home is 5 George Street but I need you at 9 Church Street",
        "not 5 George Street, 9 Church Street",
    ],
)
def test_the_address_of_the_job_is_taken(said: str) -> None:
    meant = act(said)
    assert meant is not None
    assert meant.value == "9 Church Street"
    assert said[slice(*meant.span)] == "9 Church Street"


def test_where_only_the_suburb_of_the_job_is_told_its_street_is_asked_for() -> None:
    meant = act("I live at 5 George Street, Newtown, but the job is in Ryde")
    assert isinstance(meant, Provide)
    assert (meant.value, meant.missing, meant.partial) == (None, Missing.STREET, "Ryde")


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("I live at 12 Elm Street, Newtown", "12 Elm Street, Newtown"),
        ("I live at 12 Elm Street but the entrance is on Bridge Street", "12 Elm Street"),
        ("my address is 12 Elm Street but come to the back door", "12 Elm Street"),
        ("I live at 12 Elm Street, not 14", "12 Elm Street"),
        ("12 Elm Street, Newtown, 2042", "12 Elm Street, Newtown 2042"),
    ],
)
def test_an_only_address_is_taken_whatever_is_told_beside_it(said: str, value: str) -> None:
    assert heard(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("12th Station Street", "12 Station Street"),
        ("12th Station Street, Newtown", "12 Station Street, Newtown"),
        ("123rd Main Road", "123 Main Road"),
        ("3rd Abbey Close", "3 Abbey Close"),
        ("unit 4, 12th Station Street", "Unit 4, 12 Station Street"),
        ("45 12th Street", "45 12th Street"),
        ("12 5th Avenue", "12 5th Avenue"),
        ("2nd floor, 12 Station Street", "2nd Floor, 12 Station Street"),
        ("5th Avenue", None),
        ("12th Street", None),
    ],
)
def test_a_rank_before_a_streets_name_is_its_house_number(said: str, value: str | None) -> None:
    assert heard(said) == value


@pytest.mark.parametrize(
    ("said", "region", "line"),
    [
        ("14 Banksia Street, Ryde, dear", "AU", "14 Banksia Street, Ryde"),
        ("14 Banksia Street Ryde mate", "AU", "14 Banksia Street, Ryde"),
        ("9 Fig Close, that's in Glenmore Park", "AU", "9 Fig Close, Glenmore Park"),
        ("uh eleven uh Hill End Road um Mudgee", "AU", "11 Hill End Road, Mudgee"),
        ("it's six Smyth, S M Y T H, Smyth Court, Troy", "US", "6 Smyth Court, Troy"),
        ("12 B A T T L E Street", "AU", "12 Battle Street"),
        ("top floor, 8 Abbey Row, Wells", "GB", "Top Floor, 8 Abbey Row, Wells"),
        ("basement flat, 8 Abbey Row, Wells", "GB", "Basement Flat, 8 Abbey Row, Wells"),
        (
            "flat C-31, Rose Towers, 8 Abbey Row, Wells",
            "GB",
            "Flat C-31, Rose Towers, 8 Abbey Row, Wells",
        ),
        ("flat C 31, 8 Abbey Row, Wells", "GB", "Flat C31, 8 Abbey Row, Wells"),
        ("flat C dash 31, 8 Abbey Row, Wells", "GB", "Flat C-31, 8 Abbey Row, Wells"),
        ("flat 2, 8 Rose House, Abbey Row, Wells", "GB", "Flat 2, 8 Rose House, Abbey Row, Wells"),
        ("8 Abbey Row, Wells, G twelve eight T B", "GB", "8 Abbey Row, Wells G12 8TB"),
        (
            "8 Abbey Row, as in the abbey, Wells, M K 2 2 double R",
            "GB",
            "8 Abbey Row, Wells MK2 2RR",
        ),
        ("RMB 1340 Kyneton Road Malmsbury", "AU", "RMB 1340, Kyneton Road, Malmsbury"),
    ],
)
def test_what_callers_say_around_the_parts_is_read(said: str, region: str, line: str) -> None:
    assert heard(said, region) == line


HELD = "Unit 4, 12 Wattle Street, Penrith NSW 2750"


@pytest.mark.parametrize("step", [Step.ADDRESS, Step.EMAIL])
@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("number 14, not 12", "Unit 4, 14 Wattle Street, Penrith NSW 2750"),
        ("you've got 12, it's 21", "Unit 4, 21 Wattle Street, Penrith NSW 2750"),
        ("it's Road not Street", "Unit 4, 12 Wattle Road, Penrith NSW 2750"),
        ("not unit 4, unit 14", "Unit 14, 12 Wattle Street, Penrith NSW 2750"),
        ("the postcode's 2751", "Unit 4, 12 Wattle Street, Penrith NSW 2751"),
        ("zip code is 2751, you had 2750", "Unit 4, 12 Wattle Street, Penrith NSW 2751"),
        ("South Penrith", "Unit 4, 12 Wattle Street, South Penrith NSW 2750"),
        ("it's not Penrith, it's Emu Plains", "Unit 4, 12 Wattle Street, Emu Plains NSW 2750"),
        ("Penrith Victoria, not New South Wales", "Unit 4, 12 Wattle Street, Penrith VIC 2750"),
        ("the street is Battle Street", "Unit 4, 12 Battle Street, Penrith NSW 2750"),
        ("the unit number is 5", "Unit 5, 12 Wattle Street, Penrith NSW 2750"),
        ("there's no unit", "12 Wattle Street, Penrith NSW 2750"),
    ],
)
def test_a_held_address_is_mended_by_part_whatever_is_asked(
    said: str, line: str, step: Step
) -> None:
    mend = act(said, step=step, record={Step.ADDRESS: HELD})
    assert isinstance(mend, Correct)
    assert mend.value == line


@pytest.mark.parametrize(
    ("said", "held", "line"),
    [
        (
            "it's West Maple, not East",
            "4 East Maple Avenue, Troy, NY",
            "4 West Maple Avenue, Troy, NY",
        ),
        ("Troy Ohio not New York", "4 Maple Avenue, Troy, NY", "4 Maple Avenue, Troy, OH"),
        ("take the dear out of it", "4 Maple Avenue, Troy Dear", "4 Maple Avenue, Troy"),
    ],
)
def test_words_that_a_mend_repeats_stay_single(said: str, held: str, line: str) -> None:
    assert heard(said, "US", record={Step.ADDRESS: held}, step=Step.EMAIL) == line


@pytest.mark.parametrize("said", ["it's B A T T L E", "the street's wrong, it's Battle Street"])
def test_a_read_back_address_is_mended_by_a_name(said: str) -> None:
    mended = heard(said, record={Step.ADDRESS: HELD}, asked=Asked.CONFIRM)
    assert mended == "Unit 4, 12 Battle Street, Penrith NSW 2750"


@pytest.mark.parametrize(
    "said",
    [
        "it's in July",
        "it's in the morning",
        "that's right, I'm Kowalski",
        "no, Friday, not Monday",
        "14",
        "my number is 0491 570 156",
        "Ruth, not Rose",
        "yes that's right",
    ],
)
def test_what_is_about_something_else_mends_no_address(said: str) -> None:
    for step in (Step.EMAIL, Step.TIME, Step.NAME):
        assert act(said, step=step, record={Step.ADDRESS: HELD}) is None


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ("12 Wattle Street", Missing.SUBURB),
        ("12 Wattle Street, Penrith", None),
        ("12 Wattle Street 2750", None),
        ("Wattle Street, Penrith", Missing.HOUSE_NUMBER),
        ("Penrith", Missing.STREET),
    ],
)
def test_what_an_address_lacks_is_told(said: str, missing: Missing | None) -> None:
    found = act(said)
    assert isinstance(found, Provide)
    assert found.missing is missing


@pytest.mark.parametrize(
    "said",
    [
        "my mum's address is 12 Banks Street Mascot",
        "my neighbour lives at 5 Elm Street",
        "your address is 12 George Street isn't it",
        "I used to live at 4 Rose Street",
        "do you know where 12 Smith Street is",
        "do you deliver to 12 Elm Street",
        "can I skip my address",
        "is my address necessary",
        "home",
        "at my place",
        "same as before",
        "you should have it on file",
    ],
)
def test_an_address_that_is_asked_about_past_or_somebody_elses_is_none(said: str) -> None:
    assert act(said) is None


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("it's my daughter's place, 9 Daisy Avenue Balmain", "9 Daisy Avenue, Balmain"),
        ("the job's at my mum's house, 12 Banks Street Mascot", "12 Banks Street, Mascot"),
        ("unit two of fifteen Marine Parade Kingscliff", "Unit 2, 15 Marine Parade, Kingscliff"),
        ("eleven A Harris Street Pyrmont two double oh nine", "11A Harris Street, Pyrmont 2009"),
        ("14 Acacia Avenue love, Kew", "14 Acacia Avenue, Kew"),
        ("42 Wallaby Way Sydney, ring the bell at the side gate", "42 Wallaby Way, Sydney"),
        ("it's Smyth Street, S M Y T H, number 12", "12 Smyth Street"),
        ("3 Oak Lane, that's O A K, Dural", "3 Oak Lane, Dural"),
        ("7 Jones Street, Jones, J O N E S, Pyrmont", "7 Jones Street, Pyrmont"),
        ("5 Bay Road, Bay as in B A Y, Waverton", "5 Bay Road, Waverton"),
        ("44 Hill Street, corner of Rose Street, Mosman", "44 Hill Street, Mosman"),
        (
            "flat 2, 12 Elm Street, near the corner of Bay Road, Glebe",
            "Flat 2, 12 Elm Street, Glebe",
        ),
        ("4 Marina Drive, Rozelle", "4 Marina Drive, Rozelle"),
        ("14 Pier Street, Rozelle", "14 Pier Street, Rozelle"),
        ("street number 44, street name Hill Street, suburb Mosman", "44 Hill Street, Mosman"),
        ("number forty-four, that's Hill Street, Mosman", "44 Hill Street, Mosman"),
    ],
)
def test_what_stands_beside_the_parts_changes_none(said: str, value: str) -> None:
    assert heard(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Berth 9, Rozelle Bay Marina, Rozelle", "Berth 9, Rozelle Bay Marina, Rozelle"),
        ("berth nine at the Rozelle Bay Marina in Rozelle", "Berth 9, Rozelle Bay Marina, Rozelle"),
        ("Rozelle Bay Marina, Berth 9, Rozelle", "Berth 9, Rozelle Bay Marina, Rozelle"),
        ("Pier 4, Heron Point Marina, Drummoyne", "Pier 4, Heron Point Marina, Drummoyne"),
        (
            "Pitch 14, Lakeside Holiday Park, Narrabeen",
            "Pitch 14, Lakeside Holiday Park, Narrabeen",
        ),
        ("Plot 6, Marsh Lane Allotments, Ryde", "Plot 6, Marsh Lane Allotments, Ryde"),
        ("Stall 12, Heron Markets, Haymarket", "Stall 12, Heron Markets, Haymarket"),
        ("Mooring 3, Lavender Bay, North Sydney", "Mooring 3, Lavender Bay, North Sydney"),
        (
            "site twenty two at the Sunrise Caravan Park, 1 Ocean Street, Narrabeen",
            "Site 22, Sunrise Caravan Park, 1 Ocean Street, Narrabeen",
        ),
    ],
)
def test_a_part_of_a_ground_needs_no_street(said: str, value: str) -> None:
    assert heard(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (
            "Shop 3B, corner of Pitt Lane and Station Road, Burwood, behind the bakery",
            "Shop 3B, Corner of Pitt Lane and Station Road, Burwood",
        ),
        (
            "on the corner of Pitt Lane and Station Road in Burwood",
            "Corner of Pitt Lane and Station Road, Burwood",
        ),
        (
            "Pitt Lane, corner of Station Road, Burwood",
            "Corner of Pitt Lane and Station Road, Burwood",
        ),
        ("it's the corner of Pitt and Bathurst, Sydney", "Corner of Pitt and Bathurst, Sydney"),
        (
            "Cnr Pitt Lane & Station Road, Burwood",
            "Corner of Pitt Lane and Station Road, Burwood",
        ),
    ],
)
def test_a_corner_has_both_its_streets(said: str, value: str) -> None:
    assert heard(said) == value


def test_a_corner_that_is_told_later_keeps_the_suburb() -> None:
    held = {Step.ADDRESS: "Shop 3B, Pitt Lane, Burwood"}
    said = "Yes, and it's on the corner of Pitt Lane AND Station Road, behind the bakery"
    acts = read(said, Situation(Step.EMAIL, datetime(2027, 3, 2), region="AU", record=held)).acts
    told = [act.value for act in acts if isinstance(act, Provide | Correct)]
    assert told == ["Shop 3B, Corner of Pitt Lane and Station Road, Burwood"]


def test_the_corner_of_a_room_is_no_address() -> None:
    said = "the tap in the corner of the kitchen and laundry drips"
    held = {Step.ADDRESS: "12 Elm Street, Glebe"}
    acts = read(said, Situation(Step.SERVICE, datetime(2027, 3, 2), region="AU", record=held)).acts
    assert not any(isinstance(a, Provide | Correct) and a.step is Step.ADDRESS for a in acts)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("I meant Wattle Road", "Unit 4, 12 Wattle Road, Penrith NSW 2750"),
        ("the street is spelled W A T T E L", "Unit 4, 12 Wattel Street, Penrith NSW 2750"),
        ("it's unit 5, love", "Unit 5, 12 Wattle Street, Penrith NSW 2750"),
        ("the state is Victoria", "Unit 4, 12 Wattle Street, Penrith VIC 2750"),
        ("the house number's 14", "Unit 4, 14 Wattle Street, Penrith NSW 2750"),
        (
            "no, it's 21 Wattle Street",
            "Unit 4, 21 Wattle Street, Penrith NSW 2750",
        ),
        ("room 3 has the leak", None),
    ],
)
def test_a_part_said_anew_while_another_field_is_asked(said: str, line: str | None) -> None:
    assert heard(said, step=Step.EMAIL, record={Step.ADDRESS: HELD}) == line


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        (
            "flat B-310, Coral Towers, 21 Mill Street, Ryde",
            "Flat B-310, Coral Towers, 21 Mill Street, Ryde",
        ),
        (
            "unit number A dash 5, Silver Heights, 2 Hill Road",
            "Unit A-5, Silver Heights, 2 Hill Road",
        ),
        (
            "suite 40-C, Arcadia Plaza, 12 West Main Street",
            "Suite 40-C, Arcadia Plaza, 12 West Main Street",
        ),
        ("unit 3, block B, 7 Park Road, Ryde", "Unit 3, Block B, 7 Park Road, Ryde"),
        ("flat 6, 31 Linden House, Abbey Lane", "Flat 6, 31 Linden House, Abbey Lane"),
        ("four Ferry Cottages, Quay Lane, Wells", "4 Ferry Cottages, Quay Lane, Wells"),
        ("12 Elm Street, near the station, Ryde", "12 Elm Street, Ryde"),
        ("12 Elm Street, two doors down from the pub", "12 Elm Street"),
        ("it's 12 Elm Street and it's flat C-4", "12 Elm Street, Flat C-4"),
        ("lot 5 on Quarry Road, Dural", "Lot 5 Quarry Road, Dural"),
        ("it's a PO box, number 90, Orange", "PO Box 90, Orange"),
        ("P.O. Box 90, Orange", "PO Box 90, Orange"),
        ("locked bag 7, Orange", "Locked Bag 7, Orange"),
        ("unit two one oh five slash nine mill street ryde", "2105/9 Mill Street, Ryde"),
        ("it's 9 Heron Crescent and that's in Byron Bay", "9 Heron Crescent, Byron Bay"),
        ("9 Sea Gull Drive, that's sea gull two words, Ryde", "9 Sea Gull Drive, Ryde"),
        ("number five lake view whitby", "5 Lake View, Whitby"),
        ("Newtown, 8 Camden.", "8 Camden, Newtown"),
        ("Apartment 11. 11 slash 63 Hall Street, Ryde", "11/63 Hall Street, Ryde"),
        ("It's a new estate, lot 14 Elm Drive, Ryde", "Lot 14 Elm Drive, Ryde"),
        ("It's for my mum's place, so 8 Elm Avenue, Ryde", "8 Elm Avenue, Ryde"),
        ("12 Elm Street, Orange, number 0491 570 156", "12 Elm Street, Orange"),
        ("number 4 Oak Avenue, Ryde", "4 Oak Avenue, Ryde"),
        (
            "letters go to PO Box 3, but the house is 12 Elm Street, Orange",
            "12 Elm Street, Orange",
        ),
    ],
)
def test_units_buildings_landmarks_lots_and_boxes(utterance: str, line: str) -> None:
    assert heard(utterance) == line


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        ("21 Osprey Street Gymea, cat's not to go out", "21 Osprey Street, Gymea"),
        ("21 Osprey Street, Gymea, builders sit out the front", "21 Osprey Street, Gymea"),
        ("21 Osprey Street Gymea ring the bell", "21 Osprey Street, Gymea"),
        ("21 Osprey Street, the battle-axe block, Gymea", "21 Osprey Street, Gymea"),
        (
            "21 Osprey Street, we're the ones with a boat, Gymea, number 21",
            "21 Osprey Street, Gymea",
        ),
        ("21 Osprey Street, the close by the park", "21 Osprey Street"),
        ("21 Osprey Street Seven Hills parking's free", "21 Osprey Street, Seven Hills"),
        ("21 Osprey Street Gymea, Gymea not Kirrawee", "21 Osprey Street, Gymea"),
        ("21 Osprey Street Dee Why", "21 Osprey Street, Dee Why"),
        ("21 Osprey Street, King's Cross", "21 Osprey Street, King's Cross"),
        ("21 Osprey Street, The Rocks", "21 Osprey Street, The Rocks"),
        ("21 osprey street, double bay", "21 Osprey Street, Double Bay"),
    ],
)
def test_an_address_ends_where_other_talk_begins(utterance: str, line: str) -> None:
    assert heard(utterance) == line


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        (
            "Number thirty Elm Street, Ryde. No, that was before, we're at forty-one now",
            "41 Elm Street, Ryde",
        ),
        ("17 Elm Street... Elm? Elm Avenue, 17 Elm Avenue Ryde", "17 Elm Avenue, Ryde"),
        ("Two Elm Street. Sorry, three. Three Elm Street, Ryde", "3 Elm Street, Ryde"),
        ("3 Elm Street, is that Ryde or Denistone? Denistone", "3 Elm Street, Denistone"),
        (
            "14 Elm Street, Ryde. No wait, 40, four zero, I always say it too fast.",
            "40 Elm Street, Ryde",
        ),
        ("27 Koora, K O O R A, Street, Ryde", "27 Koora Street, Ryde"),
        ("29 Wirra Road, Windsor, spelled W I R R A", "29 Wirra Road, Windsor"),
        ("it's a hundred and four Elm Street, Ryde", "104 Elm Street, Ryde"),
    ],
)
def test_who_mends_an_address_while_telling_it_is_followed(utterance: str, line: str) -> None:
    assert heard(utterance) == line


def test_a_suburb_that_is_wondered_about_and_said_again_is_the_answer() -> None:
    told = "Is it Rose Hill? or Green Bay, they can't decide. Rose Hill"
    assert heard(told, partial="Lot 9 Elm Street") == "Lot 9 Elm Street, Rose Hill"


@pytest.mark.parametrize("asked", [Asked.ANSWER, Asked.CONFIRM])
def test_talk_beside_a_yes_is_no_part_of_the_address(asked: Asked) -> None:
    held = {Step.ADDRESS: "Unit 3, 12 Elm Street, Ryde"}
    told = "Yes but use the back stairs, front one's shut"
    assert heard(told, record=held, asked=asked) is None


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        ("4/12 Kiama Street, Bondi, Stavros Papadimos", "4/12 Kiama Street, Bondi"),
        ("12 Bay Road, St Ives, Vikram Rao", "12 Bay Road, St Ives"),
        ("5 Elm Street, Bondi, Sydney, New South Wales", "5 Elm Street, Bondi, Sydney NSW"),
        ("Unit 2, 40 King St, no wait, 14 King St Newtown", "Unit 2, 14 King St, Newtown"),
        ("Unit 2, 40 King St, no wait, 14 Bay Rd Newtown", "14 Bay Rd, Newtown"),
        (
            "6 Gulmohar Place, Parramatta, that's G U L M O H A R",
            "6 Gulmohar Place, Parramatta",
        ),
    ],
)
def test_a_name_a_mend_and_a_spelling_leave_the_rest_of_the_address(
    utterance: str, line: str
) -> None:
    assert heard(utterance, record={Step.NAME: "Stavros Papadimos"}) == line


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        ("Rear of 92 Addison Street, Newtown. Side gate.", "Rear, 92 Addison Street, Newtown"),
        ("It's at the rear of 92 Addison Street, Newtown", "Rear, 92 Addison Street, Newtown"),
        ("No, it's the rear. Rear 92 Addison Street", "Rear, 92 Addison Street"),
        ("Back of ninety-two Addison Street, Newtown", "Back, 92 Addison Street, Newtown"),
        ("I'll be back, 92 Addison Street, Newtown", "92 Addison Street, Newtown"),
        ("I'm back at 92 Addison Street, Newtown", "92 Addison Street, Newtown"),
        ("The corner of Wattle and Pine. 2 Pine Street, Newtown", "2 Pine Street, Newtown"),
        ("The corner of Wattle and Pine, Newtown", "Corner of Wattle and Pine, Newtown"),
    ],
)
def test_the_house_behind_and_the_door_at_a_corner_are_kept(utterance: str, line: str) -> None:
    assert heard(utterance) == line


@pytest.mark.parametrize(
    "utterance",
    [
        "No, hang on, I'm getting muddled. It's number 64, not 46, we moved in March.",
        "No, I always get that wrong. It's sixty-four, not forty-six, the one with gnomes",
        "No. My sister's at 46. I'm at 64.",
    ],
)
def test_a_denied_number_is_mended_whatever_stands_beside_it(utterance: str) -> None:
    record = {Step.ADDRESS: "46 Banksia Parade, Windsor"}
    found = act(utterance, record=record, asked=Asked.CONFIRM)
    assert found
    assert found.value == "64 Banksia Parade, Windsor"


def test_a_number_beside_a_yes_mends_nothing() -> None:
    record = {Step.ADDRESS: "46 Banksia Parade, Windsor"}
    assert act("Yes, and there's 12 of us", record=record, asked=Asked.CONFIRM) is None


@pytest.mark.parametrize(
    ("utterance", "line"),
    [
        (
            "It's number 4 Rose Street, Parramatta. Rose, like the flower.",
            "4 Rose Street, Parramatta",
        ),
        ("31 Wattle Street, Penrith, Wattle as in the tree", "31 Wattle Street, Penrith"),
        ("Actually, I'd like a ride to 80 Senter Road", "80 Senter Road"),
        ("19 Bay Road, Bay like a bay of the sea, in Windsor", "19 Bay Road, Windsor"),
        ("17 Pine Road, that's Pine as in the tree, Blacktown", "17 Pine Road, Blacktown"),
        ("9 Elm Street, Elm with an E, in Newtown", "9 Elm Street, Newtown"),
        ("5 Clare Street, Newtown. Clare without an I.", "5 Clare Street, Newtown"),
        (
            "22 Elm, sorry, 24 Elm Street, Newtown. Oliver's at 22, that's grandma's.",
            "24 Elm Street, Newtown",
        ),
        (
            "Number 2A, sorry, 2A/15 Wisteria Lane, Penrith",
            "2A/15 Wisteria Lane, Penrith",
        ),
        (
            "15 Wisteria Lane, number 2A, sorry, 2A/15 Wisteria Lane, Penrith",
            "2A/15 Wisteria Lane, Penrith",
        ),
        ("the tenant's place is 4 of 66 Marsden Street, Penrith", "4/66 Marsden Street, Penrith"),
        (
            "It is 100 and 2, Pacific Street, number of the flat is eight, in Bondi",
            "102 Pacific Street, Unit 8, Bondi",
        ),
        (
            "It's Rosebank Cottage, 3 Mill Lane, Windsor. You do come out to Windsor?",
            "Rosebank Cottage, 3 Mill Lane, Windsor",
        ),
    ],
)
def test_what_is_said_beside_an_address_is_no_part_of_it(utterance: str, line: str) -> None:
    assert heard(utterance) == line


@pytest.mark.parametrize(
    ("utterance", "suburb"),
    [
        ("Newtown, I said that already", "Newtown"),
        ("Bondi, I told you", "Bondi"),
        ("I already told you, Bondi", "Bondi"),
        ("still Newtown", "Newtown"),
        ("Sydney, lobby's on level one", "Sydney"),
        ("Windsor, just ring the bell", "Windsor"),
    ],
)
def test_a_suburb_that_is_asked_for_may_have_talk_beside_it(utterance: str, suburb: str) -> None:
    assert heard(utterance, partial="12 Elm Street") == f"12 Elm Street, {suburb}"


def test_other_talk_is_no_suburb_though_one_is_asked_for() -> None:
    assert heard("hang on, I'll ask my wife", partial="12 Elm Street") is None


def test_a_number_said_anew_after_the_address_is_done_mends_it() -> None:
    held = {Step.ADDRESS: "12 Elm Street, Penrith"}
    assert heard("No, it's number 14", step=Step.TIME, record=held) == "14 Elm Street, Penrith"
    assert heard("Wait, it's 6 Oak Avenue", record=held) == "6 Oak Avenue, Penrith"
