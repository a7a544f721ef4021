"""Where the server is: by the variables that tell the server itself, also those in `.env`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from voicebot.errors import PhoneError

_EVERYWHERE: Final = ("0.0.0.0", "::")


class Whereabouts(BaseSettings):
    """Of a server on this machine. Who moved it by these is served there without an option."""

    model_config = SettingsConfigDict(
        env_prefix="VOICEBOT_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
    )

    stream_host: str = "127.0.0.1"
    stream_port: str = "8080"
    console_host: str = "127.0.0.1"
    console_port: str = "8000"
    console_token: SecretStr | None = None
    data_dir: Path = Path(".voicebot")

    @property
    def stream_url(self) -> str:
        """Of the door where calls come in."""
        return f"ws://{_reachable(self.stream_host)}:{self.stream_port}/media"

    @property
    def console_url(self) -> str:
        """Of the staff's door."""
        return f"http://{_reachable(self.console_host)}:{self.console_port}"

    @property
    def token(self) -> str | None:
        """What opens the staff's door; the first, where several do."""
        given = self.console_token.get_secret_value() if self.console_token else ""
        return next(iter(given.replace(",", " ").split()), None)


def find_server() -> Whereabouts:
    """Read environment and `.env`; raises PhoneError."""
    try:
        return Whereabouts()
    except (OSError, UnicodeDecodeError) as error:
        raise PhoneError("cannot read .env: it must be UTF-8 text that you may read") from error


def _reachable(host: str) -> str:
    here = "127.0.0.1" if host in _EVERYWHERE else host
    return f"[{here}]" if ":" in here else here
