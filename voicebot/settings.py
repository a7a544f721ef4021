"""Settings from the environment (`VOICEBOT_…`) and a `.env` file in the working directory."""

import logging
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from voicebot.error_texts import sentence
from voicebot.errors import SettingsError

logging.getLogger("dotenv").setLevel(logging.ERROR)  # check_settings reports it once
PREFIX: Final = "VOICEBOT_"
_SCHEMES: Final = ("https", "http", "wss", "ws")


class SaveMode(StrEnum):
    """The way the record is written: every commit as it happens, or all of it at the end."""

    REALTIME = "realtime"
    BATCH = "batch"


class Engine(StrEnum):
    """An engine for speech or understanding. AUTO is OpenAI when its key is set, else local."""

    AUTO = "auto"
    LOCAL = "local"
    OPENAI = "openai"
    NULL = "null"


class Settings(BaseSettings):
    """All settings, with defaults for one machine. Names: `VOICEBOT_` + the field."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8-sig",  # some editors write a byte order mark
        env_ignore_empty=True,
        extra="ignore",
        use_attribute_docstrings=True,
    )

    stream_host: str = "0.0.0.0"
    """Address of the provider-facing port; 127.0.0.1 in `make run-local`."""
    stream_port: int = Field(default=8080, ge=0, le=65535)
    """The provider-facing port: WebSocket and webhook. 0: any free one."""
    console_host: str = "127.0.0.1"
    """Address of the staff-facing port."""
    console_port: int = Field(default=8000, ge=0, le=65535)
    """The staff-facing port: live page, HTTP API, metrics. 0: any free one."""
    data_dir: Path = Path(".voicebot")
    """Folder for Valkey's data, journals, sockets, caches and logs; one `serve` at a time."""
    redis_url: str | None = None
    """Redis or Valkey: `redis://`, `rediss://`, `redis+cluster://`, `redis+sentinel://`; without
    it an embedded Valkey is started."""
    redis_port: int = Field(default=6390, ge=1, le=65535)
    """Port of the embedded Valkey, on 127.0.0.1."""
    commit_deadline_ms: int = Field(default=40, ge=1)
    """Time that a commit waits for Redis before it is kept in the local journal."""
    wait_replicas: int = Field(default=0, ge=0)
    """A commit counts as in Redis once so many replicas have it; else it is kept locally as
    well."""
    wait_replicas_ms: int = Field(default=30, ge=1, le=1000)
    """Time that a commit waits for those replicas."""
    retention_days: int = Field(default=30, ge=1)
    """Time that a record is kept after its last write."""
    save_mode: SaveMode = SaveMode.REALTIME
    """`realtime` saves each answer at once; `batch` saves everything at the end of the call."""
    realtime_share: float = Field(default=1.0, ge=0.0, le=1.0)
    """Share of calls that are saved in real time, by CRC-32 of the callSid, for a rollout in
    stages."""
    mirror_json: bool = False
    """Keep the JSON string `call:<callSid>` of the old system up to date as well; see record.md."""
    business: Path | None = None
    """Path of the `business.toml`, or an example: `demo` (without it), `dental`, `zh-home`; see
    business.md."""
    transcriber: Engine = Engine.AUTO
    """Speech to text: `auto` (OpenAI when its key is set), `local`, `openai`, `null`."""
    synthesizer: Engine = Engine.AUTO
    """Text to speech, likewise."""
    understanding: Engine = Engine.AUTO
    """Understanding, likewise; `local` is by rules alone."""
    meaning: bool = True
    """Ask the local meaning engine, where it is installed, for what the rules cannot place."""
    whisper_dir: Path | None = None
    """Another Whisper model, as a CTranslate2 folder."""
    piper_voice: Path | None = None
    """Another Piper voice, as an `.onnx` file."""
    voice_detection: Literal["auto", "silero", "null"] = "auto"
    """The detector of voice: `silero`, a model; `null`, any sound, which fits the `null`
    transcriber; `auto`, the one that fits."""
    speech_threads: int = Field(default=2, ge=1)
    """Utterances that are recognised at once."""
    public_url: str | None = None
    """Public address of the stream port, like `https://bot.example.com`."""
    twilio_auth_token: SecretStr | None = None
    """Checks the provider's signature on webhook and stream. Without it and beyond loopback
    calls from any source are accepted."""
    console_token: SecretStr | None = None
    """Bearer token of the HTTP API and password of the live page, or several,
    separated by commas; required beyond loopback."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or networks of proxies before the console, separated by commas; `X-Forwarded-…`
    headers from others are ignored."""
    smtp_url: SecretStr | None = None
    """Mail server for confirmations: `smtp://user:password@host:port`, `smtps://…`; see mail.md."""
    mail_from: str | None = None
    """Sender of confirmations; without it the company's e-mail address."""
    webhook_url: SecretStr | None = None
    """Addresses that receive webhooks, separated by commas; see webhooks.md."""
    webhook_secret: SecretStr | None = None
    """Keys that sign webhooks, `whsec_…`, separated by commas."""
    webhook_allow_http: bool = False
    """Allow plain `http://` receivers on other machines."""
    webhook_deadline_s: float = Field(default=10.0, gt=0, le=60)
    """Time for one request to a receiver."""
    resume_window_h: float = Field(default=24, ge=0)
    """Hours in which the same caller may continue a call that ended without a booking and was not
    cancelled."""
    drain_s: float = Field(default=600, ge=0)
    """Time that running calls get at SIGTERM; 2 with `serve --local`."""
    max_calls: int = Field(default=200, ge=1)
    """Calls that a stream worker takes at once."""
    max_call_s: float = Field(default=900, gt=0)
    """Longest call; then the bot says goodbye."""
    log_level: str = "info"
    """`debug`, `info`, `warning` or `error`."""
    measure_file: Path | None = None
    """File to which stream workers append their timings as JSON lines."""
    null_manifest: Path | None = None
    """Texts of known clips for the `null` transcriber, for tests and benchmarks."""
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    """Key of OpenAI, or of a server that speaks its API."""
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    """Base URL of a server that speaks OpenAI's API, like `http://localhost:8001/v1`."""
    otlp_endpoint: str | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    """OpenTelemetry collector for traces (extra `traces`), OTLP over HTTP."""
    otlp_traces_endpoint: str | None = Field(
        default=None, validation_alias="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    )
    """The same for traces alone, as a full address."""
    openai_hearing_model: str = "gpt-live-transcribe"
    """Model of the Realtime transcription socket."""
    openai_file_model: str = "gpt-transcribe"
    """Model of `/audio/transcriptions`, the fallback."""
    openai_hearing_deadline_s: float = Field(default=2.0, gt=0)
    """Time for a transcript; then the next engine is asked."""
    openai_speech_model: str = "gpt-4o-mini-tts"
    """Model of `/audio/speech`."""
    openai_voice: str = "marin"
    """Its voice."""
    openai_manner: str = "Calm, clear and friendly, as on the telephone."
    """Its instructions."""
    openai_speech_rate_hz: int = Field(default=24_000, ge=8000, multiple_of=8000)
    """Sampling rate of the server's `pcm`, a multiple of 8000."""
    openai_speech_deadline_ms: int = Field(default=900, ge=1)
    """Time for a sentence's first audio; then the next engine speaks."""
    openai_model: str = "gpt-6-luna"
    """Model that understands what the rules leave open."""
    openai_effort: Literal["none", "minimal", "low", "medium", "high"] = "none"
    """Its reasoning effort: `none`, `minimal`, `low`, `medium`, `high`."""
    openai_deadline_ms: int = Field(default=1500, ge=1)
    """Time for its answer; then the rules' reading stands."""
    openai_filler_ms: int = Field(default=700, ge=1)
    """Silence after which a filler phrase is said while OpenAI is waited for."""
    openai_fallback: bool = True
    """Run local engines beside OpenAI, to take over when it fails."""
    openai_max_cost: float = Field(default=0.5, gt=0)
    """Cap of one call in US dollars; then local engines go on alone."""
    openai_prices: Path | None = None
    """Another price list for that estimate, as a TOML file."""

    @property
    def retention_s(self) -> int:
        """Time that a record is kept after its last write, in seconds."""
        return self.retention_days * 24 * 3600

    @property
    def traces_url(self) -> str | None:
        """The OTLP address for traces, from OpenTelemetry's own settings; None: no tracing."""
        if self.otlp_traces_endpoint or not self.otlp_endpoint:
            return self.otlp_traces_endpoint
        return f"{self.otlp_endpoint.rstrip('/')}/v1/traces"

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        """Normalise the address; the stream's and the webhook's address are accepted, too."""
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            named = (parts.hostname or "").encode("idna")
            usable = parts.scheme in _SCHEMES and named and parts.port != 0
        except ValueError:  # an invalid port or name
            usable = False
        if not usable or parts.query or parts.fragment or not url.isprintable() or " " in url:
            raise PydanticCustomError("address", "must be like https://bot.example.com")
        http = parts._replace(scheme=parts.scheme.replace("ws", "http")).geturl()
        return http.rstrip("/").removesuffix("/twiml").removesuffix("/media")

    @field_validator("console_token", "twilio_auth_token")
    @classmethod
    def _holds_a_token(cls, token: SecretStr | None, of: ValidationInfo) -> SecretStr | None:
        words = _words(token.get_secret_value()) if token is not None else ("-",)
        if not words:
            raise PydanticCustomError("token", "holds no token, which would leave its port open")
        if len(words) > 1 and of.field_name == "twilio_auth_token":
            raise PydanticCustomError("token", "has words in it where the token itself belongs")
        return token

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _are_networks(cls, given: str | tuple[str, ...]) -> tuple[str, ...]:
        words = _words(given) if isinstance(given, str) else given
        try:
            return tuple(str(ip_network(word, strict=False)) for word in words)
        except ValueError as error:
            raise PydanticCustomError(
                "proxies", "must be addresses or networks like 10.0.0.7, 192.168.0.0/16"
            ) from error

    @property
    def console_tokens(self) -> tuple[str, ...]:
        """All tokens in VOICEBOT_CONSOLE_TOKEN."""
        return _words(self.console_token.get_secret_value()) if self.console_token else ()

    def engine(self, chosen: Engine) -> Engine:
        """Resolve AUTO: OpenAI when a key is set, local otherwise."""
        if chosen is not Engine.AUTO:
            return chosen
        return Engine.OPENAI if self.openai_api_key else Engine.LOCAL


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the environment once; raises SettingsError with a line for each wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        told = (f"{variable(str(e['loc'][0]))} {sentence(e)}" for e in error.errors())
        raise SettingsError("\n".join(told)) from error
    except OSError as error:
        raise SettingsError(f"cannot read .env: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(".env is not UTF-8 text: save it as such") from error


def _words(text: str) -> tuple[str, ...]:
    """Split a list at commas and spaces."""
    return tuple(text.replace(",", " ").split())


def variable(field: str) -> str:
    """Return the environment variable of a field; a field with an alias may be given by that."""
    info = Settings.model_fields.get(field)
    return str(info.validation_alias or f"{PREFIX}{field.upper()}") if info else field
