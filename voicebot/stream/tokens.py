"""The token that binds a stream to the call that was announced at the webhook.

    <expiry>.<nonce>.<HMAC-SHA256 of "callSid.expiry.nonce">

It needs no memory shared between workers: any process with the secret can verify it, also after a
restart. The secret is derived from the provider's auth token, which all machines know, or else of a
file in the data directory. Single use is best effort: each worker remembers what it has seen
until it expires.

A browser signs nothing when it opens its WebSocket, so its token alone must do. It is signed with
another key than the provider's tokens, is for a browser's own calls only, is valid for seconds, and
is accepted (the server asks Redis) by one worker only. SignalWire does not sign it either: its
tokens, of a third key, stand in the stream's address, and are given to signed webhooks alone.
"""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from voicebot.call import CallSid
from voicebot.errors import SettingsError
from voicebot.settings import Settings

_SECRET_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FILE: Final = "stream-secret"
_PURPOSE: Final = b"voicebot stream pass"
_BROWSERS: Final = b"of a browser"
_ADDRESSES: Final = b"in an address"


class Bearer(StrEnum):
    """The opener of a token's stream."""

    PROVIDER = "provider"
    BROWSER = "browser"
    ADDRESS = "address"
    """A provider that does not sign the upgrade."""


LIFETIMES_S: Final = {Bearer.PROVIDER: 60, Bearer.BROWSER: 20, Bearer.ADDRESS: 60}
"""A provider connects within a few seconds of reading the TwiML; a page starts its audio before."""


class StreamTokens:
    """Issues and verifies stream tokens. `clock` returns seconds since the epoch."""

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        self._secrets = {
            Bearer.PROVIDER: secret,
            Bearer.BROWSER: hmac.new(secret, _BROWSERS, hashlib.sha256).digest(),
            Bearer.ADDRESS: hmac.new(secret, _ADDRESSES, hashlib.sha256).digest(),
        }
        self._clock = clock
        self._used: dict[str, int] = {}

    def issue(self, call_sid: CallSid, bearer: Bearer = Bearer.PROVIDER) -> str:
        """Return a token for one stream of this call, valid for the bearer's LIFETIMES_S."""
        expiry = int(self._clock()) + LIFETIMES_S[bearer]
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        return f"{expiry}.{nonce}.{self._sign(call_sid, str(expiry), nonce, bearer)}"

    def verify(self, call_sid: CallSid, given: str, bearer: Bearer) -> bool:
        """Return whether the token is for this call and bearer, in time, and unused here."""
        expiry, _, rest = given.partition(".")
        nonce, _, signature = rest.partition(".")
        right = self._sign(call_sid, expiry, nonce, bearer)
        genuine = hmac.compare_digest(right.encode(), signature.encode("utf-8", "replace"))
        return genuine and int(expiry) >= self._clock() and nonce not in self._used

    def consume(self, call_sid: CallSid, given: str, bearer: Bearer = Bearer.PROVIDER) -> bool:
        """Verify a token and use it up: it is never accepted again by this process."""
        if not self.verify(call_sid, given, bearer):
            return False
        expiry, nonce, _ = given.split(".")
        now = self._clock()
        self._used = {n: until for n, until in self._used.items() if until >= now}
        self._used[nonce] = int(expiry)
        return True

    def _sign(self, call_sid: CallSid, expiry: str, nonce: str, bearer: Bearer) -> str:
        text = f"{call_sid}.{expiry}.{nonce}".encode("utf-8", "replace")
        return hmac.new(self._secrets[bearer], text, hashlib.sha256).hexdigest()


def token_secret(settings: Settings) -> bytes:
    """Return the key that signs this installation's tokens.

    Raises SettingsError when it cannot be stored.
    """
    if settings.twilio_auth_token is not None:
        token = settings.twilio_auth_token.get_secret_value().encode()
        return hmac.new(token, _PURPOSE, hashlib.sha256).digest()
    return _secret_file(settings.data_dir / _FILE)


def _secret_file(path: Path) -> bytes:
    """Return the file's bytes; the first worker makes it, whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        secret = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot keep a secret in {path}: {error.strerror}") from error
    if len(secret) != _SECRET_BYTES:
        raise SettingsError(f"{path} is not whole: remove it and start again")
    return secret


def _create(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails when another worker was first: then its secret holds
    except FileExistsError:
        pass
    finally:
        draft.unlink()
