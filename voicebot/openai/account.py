"""The account at OpenAI, or at a server that speaks its API: key, addresses, HTTP client."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

import httpx2
from openai import AsyncOpenAI

from voicebot.errors import SettingsError
from voicebot.settings import Settings

OPENAI_URL: Final = "https://api.openai.com/v1"

_ANSWER_S: Final = 10.0
"""For any piece of an answer; whoever asks in a conversation has a shorter deadline of its own."""
_CONNECT_S: Final = 2.0
_KEY = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Account:
    """Where to call, and the key, which never shows in a repr."""

    base_url: str
    key: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What a WebSocket's handshake carries."""
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def is_openai(self) -> bool:
        """OpenAI itself? Other servers refuse parameters that they do not know."""
        return self.base_url.startswith("https://api.openai.com/")

    def realtime_url(self, **query: str) -> str:
        """The address of a Realtime socket: `intent=transcription`, or `model=…`, never both."""
        scheme, _, rest = self.base_url.partition("://")
        socket = {"https": "wss", "http": "ws"}[scheme]
        return f"{socket}://{rest}/realtime?{urlencode(query)}"

    def open_client(self) -> AsyncOpenAI:
        """An HTTP client; whoever opens it closes it. One a process keeps its connections warm.

        It never tries again by itself, and never sleeps through a Retry-After: the caller waits.
        """
        return AsyncOpenAI(
            api_key=self.key,
            base_url=self.base_url,
            max_retries=0,
            timeout=httpx2.Timeout(_ANSWER_S, connect=_CONNECT_S),
        )


def account(settings: Settings) -> Account:
    """The account of these settings; raises SettingsError.

    A server of one's own (`OPENAI_BASE_URL`) may need no key; its client insists on some text.
    """
    base_url = (settings.openai_base_url or OPENAI_URL).rstrip("/")
    if base_url.partition("://")[0] not in ("http", "https"):
        raise SettingsError("OPENAI_BASE_URL must begin with https:// or http://")
    if settings.openai_api_key is not None:
        key = settings.openai_api_key.get_secret_value().strip()
        if not _KEY.fullmatch(key):  # no header can carry it: every request would fail by itself
            raise SettingsError("OPENAI_API_KEY has a sign in it that no key has; copy it again")
        return Account(base_url, key)
    if settings.openai_base_url is None:
        raise SettingsError(
            "OpenAI is wanted, and OPENAI_API_KEY is not set: set it, or VOICEBOT_TRANSCRIBER, "
            "_SYNTHESIZER and _UNDERSTANDING to local"
        )
    return Account(base_url, "none")
