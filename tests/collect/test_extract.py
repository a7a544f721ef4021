import json
from collections.abc import Sequence

import pytest

from voicebot.collect.extract import extract

CASE = {
    "id": "own-1",
    "lang": "en",
    "step": "name",
    "question": "What's your name?",
    "utterance": "it's Otto Brandt",
    "reference_time": "2026-11-23T09:00:00",
    "region": "AU",
}


def result(**changes: object) -> dict[str, object]:
    line = json.dumps({**CASE, **changes}).encode()
    (out,) = extract([line])
    answer: dict[str, object] = json.loads(out)
    return answer


def test_a_case_gives_its_value_intent_fields_acts_and_rest() -> None:
    assert result() == {
        "id": "own-1",
        "value": "Otto Brandt",
        "intent": "answer",
        "fields": {"name": "Otto Brandt"},
        "acts": [{"act": "provide", "step": "name", "value": "Otto Brandt", "span": [5, 16]}],
        "rest": [],
    }


def test_words_that_no_act_explains_are_the_rest() -> None:
    answer = result(step="phone", utterance="yes, it's 0491 570 156 but ask for Bella")
    said = "yes, it's 0491 570 156 but ask for Bella"
    assert [said[start:end] for start, end in answer["rest"]] == ["but ask for Bella"]  # type: ignore[attr-defined]


def test_services_are_plain_names() -> None:
    case = result(step="service", utterance="hair please", services=["Hair Salon", "Dentist"])
    assert case["value"] == "Hair Salon"


@pytest.mark.parametrize(
    ("utterance", "value"),
    [("yes that's right", "yes"), ("no", "no"), ("no, make it 3 pm on the 30th", "no")],
)
def test_a_confirmation_is_yes_or_no(utterance: str, value: str) -> None:
    assert result(step="confirm", utterance=utterance)["value"] == value


def test_a_confirmation_is_of_the_one_value_in_the_record() -> None:
    held = {"phone": "+61491570156"}
    case = result(step="confirm", utterance="no, the last three are 157", record=held)
    assert (case["value"], case["fields"]) == ("no", {"phone": "+61491570157"})


def test_a_language_without_words_of_its_own_is_read_as_english() -> None:
    assert result(lang="fr", step="confirm", utterance="okay")["value"] == "yes"


def test_a_rejected_time_brings_the_new_one() -> None:
    case = result(step="confirm", utterance="no, make it 3 pm on the 30th")
    assert case["fields"] == {"time": "2026-11-30T15:00"}


OFFERED = ["2026-11-24T09:00", "2026-11-27T15:30"]


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("the second one please", OFFERED[1]),
        ("the last one", OFFERED[1]),
        ("the first, thanks", OFFERED[0]),
        ("Friday's better", OFFERED[1]),
        ("what was the second one again", None),
    ],
)
def test_one_of_the_offered_is_its_moment(utterance: str, value: str | None) -> None:
    assert result(step="time", utterance=utterance, offered=OFFERED)["value"] == value


def test_one_day_left_open_is_that_day() -> None:
    case = result(step="time", utterance="some time tomorrow would be good")
    assert (case["value"], case["intent"]) == ("2026-11-24", "answer")


@pytest.mark.parametrize(
    ("utterance", "intent"),
    [
        ("are you a robot", "bot_challenge"),
        ("can I talk to a person", "human"),
        ("say that again", "repeat"),
        ("hang on a sec", "hold"),
        ("I'd rather not say", "refusal"),
        ("I don't know", "dont_know"),
        ("what does it cost", "question"),
        ("thanks", "thanks"),
        ("goodbye", "goodbye"),
        ("cancel my appointment", "cancel"),
        ("zebra lions", "not_a_value"),
        ("um", "nothing"),
    ],
)
def test_a_turn_without_a_value_has_the_intent_of_its_act(utterance: str, intent: str) -> None:
    case = result(step="phone", utterance=utterance)
    assert (case["value"], case["intent"]) == (None, intent)


def test_a_correction_uses_the_record() -> None:
    case = result(
        step="email", utterance="no wait, it's Smyth", record={"name": "John Smith", "email": None}
    )
    assert (case["value"], case["fields"]) == (None, {"name": "John Smyth"})


def test_chinese_cases_are_understood() -> None:
    case = result(lang="zh", step="phone", utterance="一三八零零一三八零零零", region="CN")
    assert case["value"] == "+8613800138000"


@pytest.mark.parametrize(
    "line",
    [b"", b"not json", b"[]", b"3", b'{"id": 7}', b'{"id": "x"}', b"\xff\xfe", b'"text"'],
)
def test_an_unreadable_line_is_answered_as_invalid(line: bytes) -> None:
    (out,) = extract([line])
    answer = json.loads(out)
    assert (answer["value"], answer["intent"]) == (None, "invalid")


def test_a_number_is_an_id_too() -> None:
    assert result(id=7)["id"] == 7


@pytest.mark.parametrize("step", ["done", "colour", ""])
def test_a_step_that_does_not_exist_is_invalid(step: str) -> None:
    answer = result(step=step)
    assert (answer["id"], answer["intent"]) == ("own-1", "invalid")


def test_the_meaning_engine_names_the_service_only_where_the_rules_find_none() -> None:
    asked = list[str]()

    def compare(text: str, known: Sequence[str]) -> tuple[float, ...]:
        asked.append(text)
        return tuple(0.9 if phrase.startswith("Falconry") else 0.8 for phrase in known)

    def service(utterance: str, **changes: object) -> object:
        case = {**CASE, "step": "service", "services": ["Falconry", "Plumbing"], **changes}
        (out,) = extract([json.dumps({**case, "utterance": utterance}).encode()], compare)
        return json.loads(out)["value"]

    assert service("the bird won't come back to my glove") == "Falconry"
    assert asked == ["the bird won't come back to my glove"]
    assert service("a plumber please") == "Plumbing"
    assert service("Otto Brandt", step="name") == "Otto Brandt"
    assert service("the bird again", services=[]) is None
    assert len(asked) == 1


def test_a_number_that_no_line_can_hold_is_no_id() -> None:
    assert result(id=10**23) == {"id": None, "value": None, "intent": "invalid"}
