"""All errors that voicebot raises on purpose, named by what failed."""

from typing import Final

INSTALL_LOCAL: Final = "install the extra local, in voicebot's folder: pip install '.[local]'"
"""The advice for a missing package. A bare package name would install from a public index."""


class VoicebotError(Exception):
    """Root of the tree; its message says what to do."""


class SettingsError(VoicebotError):
    """A setting or the business file cannot be used."""


class AlreadyRunning(VoicebotError):
    """Another `voicebot serve` owns the data directory."""


class StartFailed(VoicebotError):
    """A part of the program did not come up, or its port is taken."""


class InvalidCallSid(VoicebotError, ValueError):
    """A call id outside [A-Za-z0-9_.-]{1,64}."""


class StoreError(VoicebotError):
    """The record could not be read or written."""


class StoreUnavailable(StoreError):
    """Redis did not answer in time, or refused."""


class BrokenRecord(StoreError):
    """A key of another type stands where a call's record should be; a person must fix it.

    why  names the key and its type
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}: rename or delete that key")
        self.why = why


class TooManyCommands(StoreError):
    """A call has not come to the commands that staff gave it before."""


class StillInUse(StoreError):
    """A call that is to be erased is on the phone, or a process still has writes of it."""


class Fenced(StoreError):
    """A newer session owns this call: the older one ends quietly."""


class SpeechError(VoicebotError):
    """Speech to text or text to speech failed."""


class ModelMissing(SpeechError):
    """A model package is absent, or its bytes are not the pinned ones."""


class SpeechUnavailable(SpeechError):
    """The speech process did not answer."""


class PhoneError(VoicebotError):
    """The simulated phone could not place or hold its call."""


class StreamError(VoicebotError):
    """The provider's stream failed."""


class InvalidRequest(StreamError):
    """An HTTP request at the stream port that cannot be read."""


class ProtocolViolation(StreamError):
    """A frame that makes the call impossible; `code` is the WebSocket close code."""

    def __init__(self, message: str, *, code: int = 1008) -> None:
        super().__init__(message)
        self.code = code


class CallEnded(StreamError):
    """The caller's socket is gone, or the provider said stop."""
