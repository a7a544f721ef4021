"""The old system's record: the whole call as one JSON string under `call:<callSid>`. Pure.

It is read when a call that began there goes on here, and written again (the mirror) for readers
that still look there. Other programs wrote it, so it is read tolerantly. The mirror changes what
the call has changed and nothing else, and leaves alone what it cannot read.
"""

import json
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from voicebot.business import Business
from voicebot.call import FIELDS, Status, Step
from voicebot.errors import StoreError
from voicebot.store.layout import (
    ANSWER_FIELD,
    BOOKED_FIELD,
    EMAIL_SENT_FIELD,
    Fields,
    answer_text,
    clean,
    flag,
    iso_utc,
)
from voicebot.store.models import UserInfo
from voicebot.store.record import CallRecord, in_order, read_foreign_json, valid_answers
from voicebot.validation import read_moment, validate

_FLAGS = (BOOKED_FIELD, EMAIL_SENT_FIELD)
_NOTHING = ("", "null", "{}")
_DEEPEST = 3
"""An address may be an object in an object; deeper is no address."""
_HOUSE_NUMBER = re.compile(r"(?:^|(?<=, ))(\d+[A-Za-z]?), (?=[^\W\d])")


def read_legacy(old: bytes | None, business: Business) -> CallRecord | None:
    """Return the old record in the form of the new one, or None when the bytes are none.

    Values that the check takes are in normal form, others as they stand. Booked times without an
    offset are in the business's zone, all other moments in UTC.
    """
    try:
        tree, _ = _unwrap((old or b"").decode("utf-8", "replace"))
        return _read(tree, business) if tree and isinstance(tree, dict) else None
    except RecursionError:
        return None


def write_legacy(record: CallRecord, old: bytes | None, business: Business) -> str | None:
    """Return the old text with what the call has changed in it; the whole record if there is none.

    None when there is nothing to write: nothing has changed, or what stands there cannot be read.
    """
    try:
        text = (old or b"").decode()
        if text.strip() in _NOTHING:
            return _dump(record.skeleton.nested())
        tree, layers = _unwrap(text)
        if not tree or not isinstance(tree, dict):
            return None
        if not (changes := _changes(tree, record, business)):
            return None
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        return mark + str(_wrap({**tree, **changes}, layers))
    except (UnicodeDecodeError, RecursionError, _UnreadablePart):
        return None


class _UnreadablePart(StoreError):
    """The call has changed something inside a part that is not what it should be."""


def _unwrap(value: object) -> tuple[object, int]:
    """Return the value of JSON text that may be encoded repeatedly, and the number of encodings."""
    layers = 0
    while isinstance(value, str):
        inner = read_foreign_json(value)
        if not isinstance(inner, str | dict | list):
            break
        value, layers = inner, layers + 1
    return value, layers


def _wrap(value: object, layers: int) -> object:
    for _ in range(layers):
        value = _dump(value)
    return value


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _plain(value: object) -> str:
    """Return JSON that every reader takes: without NaN and lone surrogates."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return _plain(json.loads(json.dumps(value), parse_constant=lambda _: None))
    return clean(text)


def _object(value: object) -> dict[str, object]:
    inner, _ = _unwrap(value)
    return inner if isinstance(inner, dict) else {}


def _list(value: object) -> list[object]:
    inner, _ = _unwrap(value)
    return inner if isinstance(inner, list) else []


def _read(tree: Mapping[str, object], business: Business) -> CallRecord:
    user, services = _object(tree.get("user")), _list(tree.get("services"))
    fields = _info(_object(user.get("userInfo")), business)
    if service := _service(user.get("service"), services):
        fields[ANSWER_FIELD[Step.SERVICE]] = _plain(service)
    fields |= _answer(Step.TIME, user.get("serviceBookedTime"), business)
    fields |= {name: flag(_is_true(tree.get(name))) for name in _FLAGS}
    if company := _object(tree.get("company")):
        fields["company"] = _plain(company)
    if services:
        fields["services"] = _plain(services)
    if created := read_moment(tree.get("createdAt")):
        fields["createdAt"] = iso_utc(created)
    step = _open_step(fields, business)
    fields["step"] = step.value
    fields["status"] = (Status.BOOKED if step is Step.DONE else Status.ACTIVE).value
    messages = (_object(element) for element in _list(tree.get("history")))
    return CallRecord(fields, tuple(_plain(message) for message in messages if message))


def _info(info: Mapping[str, object], business: Business) -> Fields:
    fields: Fields = {}
    for name in UserInfo.model_fields:
        if not name.endswith("_timestamp"):
            fields |= _answer(Step(name), info.get(name), business)
        elif moment := read_moment(info.get(name)):
            fields[f"user.userInfo.{name}"] = iso_utc(moment)
    return fields


def _answer(step: Step, value: object, business: Business) -> Fields:
    if not (text := _one_line(value)):
        return {}
    answer = validate(step, text, business)
    return {ANSWER_FIELD[step]: text if answer is None else answer_text(answer)}


def _one_line(value: object, depth: int = 0) -> str:
    """Return a value as text: the digits of a whole number, the parts of an object in a row."""
    match value:
        case str():
            return clean(value).strip()
        case int() if not isinstance(value, bool):
            return str(value)
        case float() if value.is_integer():
            return str(int(value))
        case dict() | list() if depth < _DEEPEST:
            parts = value.values() if isinstance(value, dict) else value
            line = ", ".join(filter(None, (_one_line(part, depth + 1) for part in parts)))
            return _HOUSE_NUMBER.sub(r"\1 ", line)
    return ""


def _service(chosen: object, services: Iterable[object]) -> dict[str, object]:
    """Return the service as an object; one that is only named is looked up in the record's list."""
    chosen, _ = _unwrap(chosen)
    if isinstance(chosen, dict):
        return chosen if chosen.get("name") else {}
    if not isinstance(chosen, str) or not chosen.strip():
        return {}
    listed = (offer for offer in services if isinstance(offer, dict))
    return next((s for s in listed if s.get("name") == chosen), {"id": chosen, "name": chosen})


def _is_true(value: object) -> bool:
    return str(value).casefold() in ("true", "1", "yes")


def _open_step(fields: Fields, business: Business) -> Step:
    """Return the first step without a valid answer; an unbooked time is asked again."""
    if fields[BOOKED_FIELD] == flag(True):
        return Step.DONE
    answers = valid_answers(fields, business)
    return next((step for step in FIELDS if step not in answers), Step.TIME)


def _changes(
    tree: Mapping[str, object], record: CallRecord, business: Business
) -> dict[str, object]:
    """Return the top-level values of the old record that the call has changed, as they are now."""
    found = _read(tree, business)
    was = CallRecord(found.fields).skeleton.nested()
    now = CallRecord(record.fields).skeleton.nested()
    changes = {name: now[name] for name in _FLAGS if now[name] != was[name]}
    user = _differing(was["user"], now["user"])
    if info := _differing(*(_object(skeleton["user"])["userInfo"] for skeleton in (was, now))):
        user["userInfo"] = _patched(_object(tree.get("user")).get("userInfo"), info)
    if service := user.get("service"):
        user["service"] = _as_listed(_object(service), _list(tree.get("services")))
    if user:
        changes["user"] = _patched(tree.get("user"), user)
    history, layers = _unwrap(tree.get("history"))
    until = read_moment(record.fields.get("updatedAt"))
    said = [message for _, message in in_order(record.history, until)]
    if (merged := _merged(history or [], said)) != (history or []):
        changes["history"] = _wrap(merged, layers)
    return changes


def _differing(was: object, now: object) -> dict[str, object]:
    return {n: v for n, v in _object(now).items() if n != "userInfo" and _object(was).get(n) != v}


def _patched(part: object, changes: Mapping[str, object]) -> object:
    inner, layers = _unwrap(part)
    inner = inner or {}
    if not isinstance(inner, dict):
        raise _UnreadablePart
    return _wrap({**inner, **changes}, layers)


def _as_listed(service: dict[str, object], services: Iterable[object]) -> dict[str, object]:
    """Return the service as the old record's list writes it (a price may be a number there)."""
    listed = (offer for offer in services if isinstance(offer, dict))
    same = (o for o in listed if all(_one_line(o.get(n)) == service[n] for n in ("id", "name")))
    return next(same, service)


def _merged(old: object, said: list[dict[str, object]]) -> list[object]:
    """Return the old messages in place, as they are; new ones behind all those before them.

    One that was heard in part takes the place of the whole one. What is no message stays behind
    the message that it follows.
    """
    if not isinstance(old, list):
        raise _UnreadablePart
    messages = [_object(element) for element in old]
    known = defaultdict[str, deque[int]](deque)
    for place, message in enumerate(messages):
        known[_plain(message)].append(place)
    merged, followers = list(old), defaultdict[int, list[object]](list)
    behind = -1
    for message in said:
        if places := known[_plain(message)]:
            behind = max(behind, places.popleft())
        elif (whole := _whole_of(messages, message)) is not None:
            merged[whole], behind = message, max(behind, whole)
        else:
            followers[behind].append(message)
    result, waiting = list[object](), followers[-1]
    for place, element in enumerate(merged):
        if "message" in messages[place]:
            result += waiting
            waiting = []
        result.append(element)
        waiting += followers[place]
    return result + waiting


def _whole_of(messages: list[dict[str, object]], part: Mapping[str, object]) -> int | None:
    """Return the index of the whole message of which only this part was heard."""
    if part.get("heard") != "partial":
        return None
    words = str(part.get("message"))
    return next(
        (
            place
            for place, message in enumerate(messages)
            if message.get("startedAt") == part.get("startedAt")
            and str(message.get("message")).startswith(words)
        ),
        None,
    )
