"""The record's words: what stands in Redis, and what is read from it."""

from datetime import datetime, timedelta, timezone

import orjson
import pytest

from voicebot.business import Business
from voicebot.call import FIELDS, Message, Service, Speaker, Status, Step
from voicebot.store.layout import answer_text, fresh_fields, iso_utc, message_json
from voicebot.store.record import CallRecord, history_messages

from .calls import BOOKED_TIME, SERVICE, SID, START, bot, caller


def test_a_message_has_exactly_the_three_keys_that_readers_know() -> None:
    assert orjson.loads(message_json(caller("hello"))) == {
        "speaker": "customer",
        "message": "hello",
        "startedAt": "2026-03-02T09:00:00.000Z",
    }


def test_a_message_that_was_cut_off_says_so() -> None:
    cut = Message(Speaker.BOT, "What is", START, partial=True)
    assert orjson.loads(message_json(cut))["heard"] == "partial"


def test_times_of_writing_are_utc_with_milliseconds_whatever_their_zone() -> None:
    east = datetime(2026, 3, 2, 20, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=11)))
    assert iso_utc(east) == "2026-03-02T09:00:00.123Z"


def test_the_booked_time_keeps_its_own_offset() -> None:
    assert answer_text(BOOKED_TIME) == "2026-03-10T15:00:00+11:00"


def test_a_service_has_its_four_keys_in_order() -> None:
    assert list(orjson.loads(answer_text(SERVICE))) == ["id", "name", "price", "description"]


def test_text_that_utf8_cannot_carry_does_not_break_a_commit() -> None:
    assert answer_text("a\ud800b") == "a?b"
    assert orjson.loads(message_json(caller("\udfff")))["message"] == "?"


def test_a_fresh_record_is_complete(business: Business) -> None:
    fields = fresh_fields(SID, business, "+61255550100", START)
    skeleton = CallRecord(fields).skeleton
    assert fields["servicebooked"] == fields["confirmEmailsent"] == "false"
    assert (skeleton.step, skeleton.status) == (Step.NAME, Status.ACTIVE)
    assert skeleton.createdAt == skeleton.updatedAt == "2026-03-02T09:00:00.000Z"
    assert skeleton.company.name == business.company.name
    assert [s.name for s in skeleton.services] == [o.name for o in business.services]
    assert skeleton.caller == "+61255550100"
    assert not CallRecord(fields).state(business, START).resumed


def test_the_nested_form_has_exactly_the_old_keys(business: Business) -> None:
    nested = CallRecord(fresh_fields(SID, business, None, START)).skeleton.nested()
    assert set(nested) == {
        "callSid",
        "services",
        "company",
        "user",
        "history",
        "servicebooked",
        "confirmEmailsent",
        "createdAt",
    }
    user = nested["user"]
    assert isinstance(user, dict)
    assert set(user) == {"userInfo", "service", "serviceBookedTime"}


def test_history_reads_in_the_order_in_which_things_were_said() -> None:
    late_written = [message_json(m) for m in (bot("two", 2), caller("one", 1), bot("also two", 2))]
    assert [m.message for m in history_messages(late_written)] == ["one", "two", "also two"]


def test_a_state_is_read_back_as_it_was_written(business: Business) -> None:
    fields = {
        "user.userInfo.name": "Test Caller",
        "user.service": answer_text(SERVICE),
        "user.serviceBookedTime": answer_text(BOOKED_TIME),
        "name_confirmed": "true",
        "step": "time",
        "status": "abandoned",
        "servicebooked": "true",
        "dialogue": "{}",
    }
    state = CallRecord(fields, [message_json(caller("hello"))]).state(business, START)
    assert state.answers == {
        Step.NAME: "Test Caller",
        Step.SERVICE: SERVICE,
        Step.TIME: BOOKED_TIME,
    }
    assert state.confirmed == {Step.NAME}
    assert (state.step, state.status, state.booked) == (Step.TIME, Status.ABANDONED, True)
    assert state.resumed
    assert state.dialogue == "{}"


@pytest.mark.parametrize("rubbish", ["", "null", "[]", "{", '{"name": ""}', "tomorrow", "12"])
def test_rubbish_in_a_record_is_left_out_and_never_an_error(
    business: Business, rubbish: str
) -> None:
    fields = dict.fromkeys(
        ("user.service", "user.serviceBookedTime", "services", "company", "step", "status"), rubbish
    )
    state = CallRecord(fields, [rubbish]).state(business, START)
    skeleton = CallRecord(fields, [rubbish]).skeleton
    assert not {Step.SERVICE, Step.TIME} & set(state.answers)
    assert skeleton.history == []
    assert skeleton.services == []


def test_every_answer_has_a_field() -> None:
    from voicebot.store.layout import ANSWER_FIELD

    assert tuple(ANSWER_FIELD) == FIELDS
    assert isinstance(SERVICE, Service)
