"""The token that binds a stream to an announced call."""

from pathlib import Path

import pytest

from voicebot.call import CallSid
from voicebot.errors import SettingsError
from voicebot.settings import Settings
from voicebot.stream.tokens import LIFETIMES_S, Bearer, StreamTokens, token_secret

CALL, OTHER = CallSid("CA1"), CallSid("CA2")


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def settings(tmp_path: Path, token: str | None = None) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, twilio_auth_token=token)


def test_a_token_admits_its_call_once(clock: Clock) -> None:
    tokens = StreamTokens(b"secret", clock)
    given = tokens.issue(CALL)
    assert tokens.consume(CALL, given)
    assert not tokens.consume(CALL, given)


def test_a_token_admits_no_other_call(clock: Clock) -> None:
    tokens = StreamTokens(b"secret", clock)
    given = tokens.issue(CALL)
    assert not tokens.consume(OTHER, given)
    assert tokens.consume(CALL, given)


def test_a_token_is_good_at_another_worker_with_the_same_secret(clock: Clock) -> None:
    assert StreamTokens(b"secret", clock).consume(CALL, StreamTokens(b"secret", clock).issue(CALL))
    assert not StreamTokens(b"other", clock).consume(
        CALL, StreamTokens(b"secret", clock).issue(CALL)
    )


@pytest.mark.parametrize("bearer", Bearer)
def test_a_token_expires(bearer: Bearer, clock: Clock) -> None:
    tokens = StreamTokens(b"secret", clock)
    given = tokens.issue(CALL, bearer)
    assert tokens.verify(CALL, given, bearer)
    clock.now += LIFETIMES_S[bearer] + 1
    assert not tokens.consume(CALL, given, bearer)


def test_a_browsers_pass_is_no_providers_and_the_other_way_round(clock: Clock) -> None:
    tokens = StreamTokens(b"secret", clock)
    assert not tokens.consume(CALL, tokens.issue(CALL, Bearer.BROWSER), Bearer.PROVIDER)
    assert not tokens.consume(CALL, tokens.issue(CALL, Bearer.PROVIDER), Bearer.BROWSER)


def test_to_look_at_a_token_does_not_spend_it(clock: Clock) -> None:
    tokens = StreamTokens(b"secret", clock)
    given = tokens.issue(CALL, Bearer.BROWSER)
    assert tokens.verify(CALL, given, Bearer.BROWSER)
    assert tokens.consume(CALL, given, Bearer.BROWSER)
    assert not tokens.verify(CALL, given, Bearer.BROWSER)


def test_used_passes_are_forgotten_when_they_could_not_be_used_any_more(clock: Clock) -> None:
    tokens = StreamTokens(b"secret", clock)
    for _ in range(3):
        tokens.consume(CALL, tokens.issue(CALL))
    clock.now += LIFETIMES_S[Bearer.PROVIDER] + 1
    tokens.consume(CALL, tokens.issue(CALL))
    assert len(tokens._used) == 1


@pytest.mark.parametrize("given", ["", ".", "..", "1.2.3", "9999999999.x.ü", "a" * 500, "\udcff"])
def test_forged_passes_are_refused(given: str, clock: Clock) -> None:
    assert not StreamTokens(b"secret", clock).consume(CALL, given)


def test_a_later_expiry_cannot_be_written_into_a_token(clock: Clock) -> None:
    tokens = StreamTokens(b"secret", clock)
    expiry, nonce, seal = tokens.issue(CALL).split(".")
    assert not tokens.consume(CALL, f"{int(expiry) + 1}.{nonce}.{seal}")


def test_the_secret_survives_a_restart(tmp_path: Path) -> None:
    secret = token_secret(settings(tmp_path))
    assert len(secret) == 32
    assert token_secret(settings(tmp_path)) == secret
    assert (tmp_path / "stream-secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["stream-secret"]


def test_machines_with_one_auth_token_have_one_secret(tmp_path: Path) -> None:
    here, there = settings(tmp_path / "a", "token"), settings(tmp_path / "b", "token")
    assert token_secret(here) == token_secret(there) != token_secret(settings(tmp_path, "other"))
    assert not (tmp_path / "a").exists()


def test_a_secret_that_is_not_whole_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "stream-secret").write_bytes(b"short")
    with pytest.raises(SettingsError, match="remove it"):
        token_secret(settings(tmp_path))
