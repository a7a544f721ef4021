"""The bot's lines are data, and every line can be said."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise, product

import pytest

from tests.collect.conversation import NOW, at, hears, run
from tests.collect.conversation import said as spoken_in
from voicebot.business import Business, load_business
from voicebot.call import FIELDS, CallState, Step
from voicebot.collect.collector import expectation
from voicebot.collect.dialogue import situation
from voicebot.collect.resuming import begin
from voicebot.collect.spoken import pronounce, spoken_time, written
from voicebot.collect.understanding import Missing, Provide, read
from voicebot.collect.wording import load_wording
from voicebot.errors import SettingsError

DEMO = load_business(None)
_PLACES = "value services hours opens closes service price address time name times day text"
_MORE_PLACES = "email length areas advice number field count"
PLACEHOLDERS = set(f"{_PLACES} {_MORE_PLACES}".split(" "))


def test_every_question_has_a_line_for_each_attempt() -> None:
    wording = load_wording(DEMO)
    for step in FIELDS:
        assert len(wording.lines[f"ask.{step}"]) == 3
        assert f"confirm.{step}" in wording.lines
    assert all(f"missing.{missing}" in wording.lines for missing in Missing)


def test_no_line_wants_a_placeholder_that_nobody_fills() -> None:
    for variants in load_wording(DEMO).lines.values():
        for text in variants:
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            assert names <= PLACEHOLDERS, text


def test_what_is_said_often_is_fixed_and_holds_nothing_of_a_caller() -> None:
    sentences = load_wording(DEMO).fixed_sentences()
    assert "Hello, this is Harbour Home Services." in sentences
    assert "Is that right?" in sentences
    assert not [s for s in sentences if "{" in s]
    unspoken = sentences.index("I'm sorry, I can't read that out just now.")
    assert unspoken < sentences.index("What's your name, please?")


def test_nothing_is_asked_twice_running_in_the_same_words() -> None:
    wording = load_wording(DEMO)
    asked = [wording.line("ask.name", put) for put in range(12)]
    assert all(one != other for one, other in pairwise(asked))


def test_a_business_may_say_it_differently() -> None:
    business = DEMO.model_copy(update={"wording": {"ask.name": "Who is speaking?"}})
    assert load_wording(business).line("ask.name", 1) == "Who is speaking?"


def test_overrides_that_cannot_be_said_are_refused_by_name() -> None:
    own = {
        "ask.nam": "Who are you?",
        "ask.name": "Who rings {company}?",
        "ask.phone": "Your {number}?",
        "confirm.phone": "Is it {value?",
    }
    with pytest.raises(SettingsError) as told:
        load_wording(DEMO.model_copy(update={"wording": own}))
    assert str(told.value).split("; wording, ") == [
        "wording, ask.nam is no line of the bot; did you mean ask.name?",
        "ask.phone has {number}, and only {company} can be filled",
        "confirm.phone has a brace without its other one",
    ]


def test_a_company_name_with_braces_is_only_a_name() -> None:
    company = DEMO.company.model_copy(update={"name": "Curly {and} Sons"})
    business = DEMO.model_copy(update={"company": company})
    assert "Curly {and} Sons" in load_wording(business).line("greeting")


def test_every_language_has_the_same_lines_with_the_same_places_to_fill() -> None:
    def places(language: str) -> dict[str, set[str]]:
        business = DEMO.model_copy(update={"language": language})
        return {
            key: {n for text in texts for _, n, _, _ in string.Formatter().parse(text) if n}
            for key, texts in load_wording(business).lines.items()
        }

    assert places("en") == places("zh-CN") == places("es")


_SAID = {
    "en": (
        *("0412 345", "0412 345 678", "j smith at", "at gmail dot com", "jo@example.com"),
        *("tomorrow", "tomorrow morning", "Friday afternoon", "Tuesday evening", "tonight"),
        *("at ten", "tomorrow at noon", "Friday at half past nine", "midnight tomorrow"),
        *("Newtown", "Station Street", "12 Elm Street, Newtown", "unit five", "Robin Carter"),
        *("plumbing", "my tap drips"),
    ),
    "zh-CN": (
        *("一三八零零", "13800138000", "张三艾特", "艾特qq点com", "gao@qq.com"),
        *(
            "明天",
            "明天上午",
            "周五下午",
            "下周二晚上",
            "今天夜里",
            "明天凌晨",
            "明天中午",
            "大后天傍晚",
        ),
        *(
            "十点",
            "明天中午十二点",
            "周五九点半",
            "海淀区",
            "中山路",
            "中山路5号",
            "高峰",
            "水管维修",
        ),
    ),
}
"""Whole answers and pieces of every field, so that each kind of value is read."""
_INTERNAL = re.compile(
    r"\d{4}-\d\d|T\d\d:|\d\d:\d\d:|[{}]|_|\b(?:None|null|nan|AM|PM)\b|\+0|Step|Missing"
)
_LATIN_OF_OURS = re.compile(
    r"\b(?:morning|afternoon|evening|night|noon|small|hours|at|and|or|day|clock|am|pm|[A-Z][a-z]+day)\b"
)


def values_of(business: Business) -> set[str]:
    """Every value and piece of these answers, as it is put into a line."""
    spoken: set[str] = set()
    for step, said in product(FIELDS, _SAID[business.language]):
        dialogue = replace(begin(business, CallState()), step=step)
        done = read(said, situation(dialogue, datetime(2026, 3, 2, 1, tzinfo=UTC)))
        for act in (act for act in done.acts if isinstance(act, Provide)):
            spoken |= {written(act.step, v, business) for v in (act.value, act.partial) if v}
    return spoken


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_no_line_ever_says_an_internal_form(language: str) -> None:
    business = DEMO.model_copy(update={"language": language})
    wording = load_wording(business)
    values = values_of(business)
    assert len(values) > len(_SAID[language]) / 2
    for key, variants in wording.lines.items():
        if key.startswith("mail."):
            continue
        for variant, value in product(range(len(variants)), values):
            line = wording.line(key, variant, **dict.fromkeys(PLACEHOLDERS, value))
            for form in (line.replace(value, value.replace("@", " ")), pronounce(line)):
                own = form if "@" not in value else form.replace("_", " ")
                assert not _INTERNAL.search(own), (key, form)
            if language == "zh-CN":
                assert not _LATIN_OF_OURS.search(line.replace("gao@qq.com", "")), (key, line)
            else:
                assert not re.search(r"[一-鿿]", line), (key, line)


@pytest.mark.parametrize(
    ("language", "piece", "words"),
    [
        ("en", "2026-03-03 06", "tomorrow, Tuesday the 3rd, in the morning"),
        ("zh-CN", "2026-03-03 06", "3月3号星期二上午"),
        ("zh-CN", "2026-03-10 18", "3月10号星期二晚上"),
    ],
)
def test_a_day_with_its_part_is_said_in_words(language: str, piece: str, words: str) -> None:
    assert spoken_time(piece, NOW.astimezone(DEMO.zone), language) == words


@pytest.mark.parametrize(
    ("language", "said", "told"),
    [
        ("en", "tomorrow at 3 pm Perth time", "I've turned that into our local time."),
        ("zh-CN", "明天珀斯时间下午三点", "我已经换算成我们这里的时间。"),
    ],
)
def test_a_time_that_was_counted_in_our_zone_is_said_to_be(
    language: str, said: str, told: str
) -> None:
    dialogue = at(Step.TIME, DEMO.model_copy(update={"language": language}))
    dialogue, effects = run(dialogue, hears(dialogue, said))
    assert spoken_in(effects).startswith(told)
    assert dialogue.pending == "2026-03-03T18:00"


@pytest.mark.parametrize(
    ("step", "language", "words"),
    [
        (Step.PHONE, "en", ("oh", "double", "triple")),
        (Step.PHONE, "zh-CN", ()),
        (Step.NAME, "en", ()),
        (Step.SERVICE, "en", ("Plumbing", "Electrical", "Cleaning", "Gardening")),
    ],
)
def test_the_recogniser_is_told_likely_words_and_never_a_value_of_a_caller(
    step: Step, language: str, words: tuple[str, ...]
) -> None:
    business = load_business(None).model_copy(update={"language": language})
    assert expectation(at(step, business), lambda: NOW).vocabulary == words


_LONGEST_SENTENCE_WORDS = 18
_MOST_BEFORE_A_QUESTION = 2
_PRAISE = re.compile(r"\b(?:perfect|great|wonderful|awesome|amazing|excellent)\b", re.I)


def test_lines_are_short_for_the_ear_and_praise_nobody() -> None:
    for key, forms in load_wording(DEMO).lines.items():
        if key.startswith("mail."):
            continue
        for text in forms:
            assert not _PRAISE.search(text), (key, text)
            sentences = re.split(r"(?<=[.?!])\s+", text)
            assert max(len(each.split()) for each in sentences) <= _LONGEST_SENTENCE_WORDS, key
            if text.endswith("?"):
                assert len(sentences) - 1 <= _MOST_BEFORE_A_QUESTION, (key, text)


@pytest.mark.parametrize("language", ["en", "zh-CN", "es"])
def test_what_is_said_often_has_three_forms(language: str) -> None:
    lines = load_wording(DEMO.model_copy(update={"language": language})).lines
    for section in ("ask", "saved", "missing", "reply.noted", "reply.unknown", "time.choose"):
        for key in (key for key in lines if key.startswith(section)):
            assert len(set(lines[key])) >= 3, key
