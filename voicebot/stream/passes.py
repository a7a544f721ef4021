"""The pass that binds a stream to the call that was announced at the webhook.

    <expiry>.<nonce>.<HMAC-SHA256 of "callSid.expiry.nonce">

It needs no memory shared between workers: whoever has the secret can check it, also after a
restart. The secret comes of the provider's auth token, which all machines know, or else of a
file in the data directory. Single use is best effort: each worker remembers what it has seen
until it expires.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from voicebot.call import CallSid
from voicebot.errors import SettingsError
from voicebot.settings import Settings

LIFETIME_S: Final = 60
"""The provider connects within a few seconds of reading the TwiML."""
_SECRET_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FILE: Final = "stream-secret"
_PURPOSE: Final = b"voicebot stream pass"


class PassOffice:
    """Issues passes and checks them. `clock` gives seconds since the epoch."""

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock = clock
        self._used: dict[str, int] = {}

    def issue(self, call_sid: CallSid) -> str:
        """A pass for one stream of this call, good for LIFETIME_S."""
        expiry = int(self._clock()) + LIFETIME_S
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        return f"{expiry}.{nonce}.{self._seal(call_sid, str(expiry), nonce)}"

    def admit(self, call_sid: CallSid, given: str) -> bool:
        """Is this a pass for this call, in time, and not yet used here?"""
        expiry, _, rest = given.partition(".")
        nonce, _, seal = rest.partition(".")
        genuine = hmac.compare_digest(
            self._seal(call_sid, expiry, nonce).encode(), seal.encode("utf-8", "replace")
        )
        now = self._clock()
        if not genuine or int(expiry) < now or nonce in self._used:
            return False
        self._used = {n: until for n, until in self._used.items() if until >= now}
        self._used[nonce] = int(expiry)
        return True

    def _seal(self, call_sid: CallSid, expiry: str, nonce: str) -> str:
        text = f"{call_sid}.{expiry}.{nonce}".encode("utf-8", "replace")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


def pass_secret(settings: Settings) -> bytes:
    """The key of this installation's passes; raises SettingsError when it cannot be kept."""
    if settings.twilio_auth_token is not None:
        token = settings.twilio_auth_token.get_secret_value().encode()
        return hmac.new(token, _PURPOSE, hashlib.sha256).digest()
    return _secret_file(settings.data_dir / _FILE)


def _secret_file(path: Path) -> bytes:
    """The file's bytes; made, whole or not at all, by whichever worker comes first."""
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
