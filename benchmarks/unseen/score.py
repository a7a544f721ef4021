"""Score readings of unseen turns; README.md describes the cases.

`score` judges values and fields, `score_acts` acts and rest. Both take the answers of `voicebot
extract` by id, and cases; both return figures and a line for each miss.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

Case = Mapping[str, Any]

COURTESIES = {"greet", "thank"}
"""Acts that may always be there."""

# What stands for an act while `voicebot extract` prints an intent and no `acts`.
ACT_OF_INTENT = {
    "answer": "provide", "correction": "correct", "yes": "affirm", "no": "deny",
    "refusal": "decline", "dont_know": "decline", "unsure": "decline", "no_preference": "flexible",
    "question": "ask", "bot_challenge": "ask", "repeat": "repeat", "speak_slower": "slow_down",
    "hold": "wait", "human": "want_person", "cancel": "want", "complaint": "want",
    "change_of_mind": "withdraw", "greeting": "greet", "goodbye": "leave", "thanks": "thank",
}  # fmt: skip

TITLES = {"mr", "mrs", "ms", "miss", "mister", "dr", "doctor", "prof", "professor", "officer"}
LEFT_OUT = {"in", "at", "the", "no", "number", "numero", "unit", "en"}
"""Words of an address that may be there or not."""

SHORT = {
    "street": "st", "avenue": "ave", "road": "rd", "drive": "dr", "lane": "ln", "court": "ct",
    "place": "pl", "square": "sq", "terrace": "ter", "highway": "hwy", "boulevard": "blvd",
    "crescent": "cres", "close": "cl", "saint": "st", "mount": "mt", "apartment": "apt",
    "suite": "ste", "floor": "fl", "building": "bldg", "junior": "jr", "second": "2nd",
    "north": "n", "south": "s", "east": "e", "west": "w", "northeast": "ne",
    "new south wales": "nsw", "victoria": "vic", "queensland": "qld", "tasmania": "tas",
    "western australia": "wa", "south australia": "sa", "arizona": "az", "california": "ca",
    "colorado": "co", "illinois": "il", "iowa": "ia", "maine": "me", "mississippi": "ms",
    "nebraska": "ne", "nevada": "nv", "new hampshire": "nh", "new mexico": "nm",
    "new york": "ny", "pennsylvania": "pa", "texas": "tx", "vermont": "vt",
    "avenida": "av", "calle": "c", "departamento": "depto", "apartamento": "apto",
}  # fmt: skip


def score(
    answers: Mapping[str, Case], cases: Iterable[Case]
) -> tuple[dict[str, float | None], list[str]]:
    """Judge values: `right` of all, `wrong` of those given, `taken` where there is none."""
    count = right = given = wrong = empty = taken = false_yes = 0
    misses = list[str]()
    for case in cases:
        step, expected, got = case["step"], case["expected"], answers[case["id"]]
        value, fields, wanted = got["value"], got.get("fields", {}), expected.get("fields", {})
        fits = _fits(step, value, expected)
        wrong_fields = [k for k in wanted if k in fields and not _fits(k, fields[k], wanted[k])]
        is_right = fits and not wrong_fields and all(key in fields for key in wanted)
        is_given = value is not None or any(key in fields for key in wanted)
        count, right, given = count + 1, right + is_right, given + is_given
        wrong += is_given and (bool(wrong_fields) or (value is not None and not fits))
        if expected["value"] is None and not wanted:
            empty, taken = empty + 1, taken + (not fits)
        false_yes += step == "confirm" and value == "yes" and not fits
        if not is_right:
            kept = {key: one for key, one in fields.items() if key != step}
            misses.append(
                f"{case['id']} {case['utterance']!r}: {value!r} {kept or ''}"
                f" for {expected['value']!r} {wanted or ''}"
            )
    return {
        "right": _share(right, count), "wrong": _share(wrong, given),
        "taken": _share(taken, empty), "false_yes": false_yes,
    }, misses  # fmt: skip


def score_acts(
    answers: Mapping[str, Case], cases: Iterable[Case]
) -> tuple[dict[str, float | None], list[str]]:
    """Judge acts and rest of the `scored` cases; the `unscored` say more than an intent can."""
    scored = right = unscored = 0
    misses = list[str]()
    for case in cases:
        expected, got = case["expected"], answers[case["id"]]
        if "acts" not in expected:
            continue
        if "acts" in got:
            is_right = _acts_fit(expected, got)
        elif len(expected["acts"]) == 1 and _nameable(expected["acts"][0]):
            act = ACT_OF_INTENT.get(got["intent"], got["intent"])
            is_right = act in {one.partition(" ")[0] for one in expected["acts"][0]}
        else:
            unscored += 1
            continue
        scored, right = scored + 1, right + is_right
        if not is_right:
            acts = [_spoken(act) for act in got["acts"]] if "acts" in got else got["intent"]
            misses.append(
                f"{case['id']} {case['utterance']!r}: {acts} {got.get('rest', '')}"
                f" for {expected['acts']}"
            )
    return {"right": _share(right, scored), "scored": scored, "unscored": unscored}, misses


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _nameable(alternatives: Iterable[str]) -> bool:
    return any(one.partition(" ")[0] in ACT_OF_INTENT.values() for one in alternatives)


def _acts_fit(expected: Case, got: Case) -> bool:
    """Return whether every required act is there, no forbidden one, and no forbidden rest."""
    said = [_spoken(act) for act in got["acts"]]
    needed = all(any(_is(act, one) for act in said for one in each) for each in expected["acts"])
    allowed = [*(one for each in expected["acts"] for one in each), *expected.get("may", ())]
    allowed += COURTESIES | {f"provide {step}" for step in expected.get("fields", ())}
    alone = all(any(_is(act, one) for one in allowed) for act in said)
    return needed and alone and not (expected.get("rest") == "empty" and got.get("rest"))


def _spoken(act: Case) -> str:
    """Return an act as in a case: "correct phone"; "WantPerson" and "want_person" are one."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", act["act"]).lower()
    return f"{name} {act['step']}" if act.get("step") else name


def _is(act: str, wanted: str) -> bool:
    return act == wanted or act.partition(" ")[0] == wanted


def _fits(step: str, value: str | None, expected: Any) -> bool:
    wanted = expected if isinstance(expected, Mapping) else {"value": expected}
    normal = _normal(step, value)
    return any(normal == _normal(step, one) for one in (wanted["value"], *wanted.get("accept", ())))


def _normal(step: str, value: str | None) -> str | None:
    if value is None:
        return None
    plain = unicodedata.normalize("NFKD", value).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    if step not in ("name", "address"):
        return plain.replace(" ", "")
    words = re.findall(r"\w+", re.sub(r"['’.]", "", plain))
    if step == "name" or re.search("[一-鿿]", plain):  # where words end cannot be heard
        return "".join(word for word in words if word not in TITLES)
    text = re.sub(r"(?<=\d) (?=[a-z]\b)", "", " ".join(words))  # "27 B" is 27B
    for long in sorted(SHORT, key=len, reverse=True):
        text = re.sub(rf"\b{long}\b", SHORT[long], text)
    return " ".join(word for word in text.split() if word not in LEFT_OUT)
