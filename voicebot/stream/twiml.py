"""What the webhook answers: TwiML, as text. Pure.

The verb after <Connect> is what makes a call survive us: the provider falls through to it
whenever the stream ends, for whatever reason, and asks again what to do now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

PAUSE_S: Final = 2
MAX_TRIES: Final = 5
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'


def connect(stream_url: str, parameters: Mapping[str, str], webhook_path: str) -> str:
    """Stream this call to `stream_url`; ask the webhook again when that is over."""
    given = "".join(
        f"<Parameter name={quoteattr(name)} value={quoteattr(value)}/>"
        for name, value in parameters.items()
        if value
    )
    stream = f"<Stream url={quoteattr(stream_url)}>{given}</Stream>"
    return _response(f"<Connect>{stream}</Connect>{_redirect(webhook_path)}")


def wait(webhook_path: str, tries: int) -> str:
    """Nobody is free: ask again in a moment. `tries` is how often that was said, this included."""
    return _response(f'<Pause length="{PAUSE_S}"/>{_redirect(f"{webhook_path}?try={tries}")}')


def apologise(words: str, language: str) -> str:
    """Nobody was free for too long."""
    return _response(f"<Say language={quoteattr(language)}>{escape(words)}</Say><Hangup/>")


def hang_up() -> str:
    """The call is over."""
    return _response("<Hangup/>")


def dial(number: str) -> str:
    """Put the caller through to a person."""
    return _response(f"<Dial>{escape(number)}</Dial><Hangup/>")


def _redirect(path: str) -> str:
    return f'<Redirect method="GET">{escape(path)}</Redirect>'


def _response(verbs: str) -> str:
    return f"{_HEAD}<Response>{verbs}</Response>"
