"""Settings from the environment (`VOICEBOT_…`) and a `.env` file in the working directory."""

from __future__ import annotations

import logging
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from voicebot.errors import SettingsError
from voicebot.refused import but_is, numbers, sentence

logging.getLogger("dotenv").setLevel(logging.ERROR)  # voicebot.strangers tells it, once
PREFIX: Final = "VOICEBOT_"
_DAY_S: Final = 24 * 3600
_SCHEMES: Final = ("https", "http", "wss", "ws")


class SaveMode(StrEnum):
    """When the record is written: every commit as it happens, or all of it at the end."""

    REALTIME = "realtime"
    BATCH = "batch"


class Engine(StrEnum):
    """Who hears, speaks or understands. AUTO is OpenAI when its key is set, else local."""

    AUTO = "auto"
    LOCAL = "local"
    OPENAI = "openai"
    NULL = "null"


class Settings(BaseSettings):
    """Every setting, with the default that suits one machine. Names: `VOICEBOT_` + the field."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8-sig",  # some editors begin a file with a mark
        env_ignore_empty=True,
        extra="ignore",
    )

    stream_host: str = "0.0.0.0"
    stream_port: int = Field(default=8080, ge=0, le=65535)
    console_host: str = "127.0.0.1"
    console_port: int = Field(default=8000, ge=0, le=65535)
    data_dir: Path = Path(".voicebot")

    redis_url: str | None = None
    redis_port: int = Field(default=6390, ge=1, le=65535)
    commit_deadline_ms: int = Field(default=40, ge=1)
    wait_replicas: int = Field(default=0, ge=0)
    wait_replicas_ms: int = Field(default=30, ge=1, le=1000)
    retention_days: int = Field(default=30, ge=1)
    save_mode: SaveMode = SaveMode.REALTIME
    realtime_share: float = Field(default=1.0, ge=0.0, le=1.0)
    mirror_json: bool = False

    business: Path | None = None
    transcriber: Engine = Engine.AUTO
    synthesizer: Engine = Engine.AUTO
    understanding: Engine = Engine.AUTO
    whisper_dir: Path | None = None
    piper_voice: Path | None = None
    speech_threads: int = Field(default=2, ge=1)

    public_url: str | None = None
    twilio_auth_token: SecretStr | None = None
    console_token: SecretStr | None = None

    smtp_url: SecretStr | None = None
    mail_from: str | None = None

    webhook_url: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    webhook_allow_http: bool = False
    webhook_deadline_s: float = Field(default=10.0, gt=0, le=60)

    resume_window_h: float = Field(default=24, ge=0)
    drain_s: float = Field(default=600, ge=0)
    max_calls: int = Field(default=200, ge=1)
    max_call_s: float = Field(default=900, gt=0)
    log_level: str = "info"
    measure_file: Path | None = None
    null_manifest: Path | None = None

    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")

    otlp_endpoint: str | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    otlp_traces_endpoint: str | None = Field(
        default=None, validation_alias="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    )

    openai_hearing_model: str = "gpt-live-transcribe"
    openai_file_model: str = "gpt-transcribe"
    openai_hearing_deadline_s: float = Field(default=2.0, gt=0)

    openai_speech_model: str = "gpt-4o-mini-tts"
    openai_voice: str = "marin"
    openai_manner: str = "Calm, clear and friendly, as on the telephone."
    openai_speech_rate_hz: int = Field(default=24_000, ge=8000, multiple_of=8000)
    openai_speech_deadline_ms: int = Field(default=900, ge=1)

    openai_model: str = "gpt-6-luna"
    openai_effort: Literal["none", "minimal", "low", "medium", "high"] = "none"
    openai_deadline_ms: int = Field(default=1500, ge=1)
    openai_filler_ms: int = Field(default=700, ge=1)

    openai_fallback: bool = True
    openai_max_cost: float = Field(default=0.5, gt=0)
    openai_prices: Path | None = None

    @property
    def retention_s(self) -> int:
        """How long a record is kept after its last write, in seconds."""
        return self.retention_days * _DAY_S

    @property
    def traces_url(self) -> str | None:
        """Where traces go (OTLP over HTTP), by the names that OpenTelemetry gives the settings."""
        if self.otlp_traces_endpoint or not self.otlp_endpoint:
            return self.otlp_traces_endpoint
        return f"{self.otlp_endpoint.rstrip('/')}/v1/traces"

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        """In one form, whether the stream's or the webhook's address was copied."""
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            named = (parts.hostname or "").encode("idna")
            usable = parts.scheme in _SCHEMES and named and parts.port != 0
        except ValueError:  # a port or a name that is none
            usable = False
        if not usable or parts.query or parts.fragment or not url.isprintable() or " " in url:
            raise PydanticCustomError("address", "must be like https://bot.example.com")
        http = parts._replace(scheme=parts.scheme.replace("ws", "http")).geturl()
        return http.rstrip("/").removesuffix("/twiml").removesuffix("/media")

    @field_validator("console_token")
    @classmethod
    def _holds_a_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not token.get_secret_value().replace(",", " ").split():
            raise PydanticCustomError("token", "holds no token, which would open the console")
        return token

    def engine(self, chosen: Engine) -> Engine:
        """Resolve AUTO: OpenAI when a key is set, local otherwise."""
        if chosen is not Engine.AUTO:
            return chosen
        return Engine.OPENAI if self.openai_api_key else Engine.LOCAL


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the environment once; raises SettingsError that names each wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(map(_told, error.errors()))) from error
    except OSError as error:
        raise SettingsError(f"cannot read .env: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(".env is not UTF-8 text: save it as such") from error


def variable(field: str) -> str:
    """The environment's name for a field of the settings."""
    alias = Settings.model_fields[field].validation_alias
    return str(alias) if alias else f"{PREFIX}{field.upper()}"


def _told(details: ErrorDetails) -> str:
    """One wrong setting: its name, what is allowed, what it is."""
    place = str(details["loc"][0])
    info = Settings.model_fields.get(place)
    if info is None:  # pydantic tells the alias of those that have one
        return f"{place} {sentence(details)}"
    limits = numbers(info)
    told = f"must be {limits}{but_is(details['input'])}" if limits else sentence(details)
    return f"{variable(place)} {told}"
