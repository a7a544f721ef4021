"""A call's use of OpenAI, its cost by the price list, and its cost cap.

A meter belongs to a call: it is a context variable, set where the call's task begins. Outside of a
call, as when fixed sentences are synthesised, only the process's metrics count.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import orjson
from prometheus_client import Counter
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, ValidationError

from voicebot.call import CallState, Change
from voicebot.error_texts import sentences
from voicebot.errors import Fenced, SettingsError
from voicebot.ledger import Ledger
from voicebot.openai.failures import Service
from voicebot.settings import Settings

_MEND: Final = "set VOICEBOT_OPENAI_PRICES to a price list, or leave it out for the one that ships"
_OTHER: Final = "other"
_MILLION: Final = 1_000_000
_CENT_DIGITS: Final = 6


class TokenPrice(BaseModel):
    """US dollars per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fresh: float
    cached: float
    output: float


class Prices(BaseModel):
    """US dollars by model; hearing and speaking per minute of audio."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: date
    hearing: Mapping[str, float]
    speaking: Mapping[str, float]
    understanding: Mapping[str, TokenPrice]

    def audio(self, service: Service, model: str, seconds: float) -> float:
        """Return the cost of audio in US dollars."""
        table = self.hearing if service is Service.HEARING else self.speaking
        return table.get(model, table[_OTHER]) * seconds / 60

    def thought(self, model: str, tokens: Tokens) -> float:
        """Return the cost of an answer in US dollars."""
        price = self.understanding.get(model, self.understanding[_OTHER])
        fresh = max(0, tokens.input - tokens.cached)
        cost = fresh * price.fresh + tokens.cached * price.cached + tokens.output * price.output
        return cost / _MILLION


@lru_cache(maxsize=4)
def load_prices(path: Path | None = None) -> Prices:
    """Read the price list at `path`, or the shipped one; raises SettingsError."""
    name = str(path) if path else "the price list"
    try:
        shipped = files(__package__).joinpath("prices.toml")
        text = (path or shipped).read_text("utf-8")
        prices = Prices.model_validate(tomllib.loads(text))
    except OSError as error:
        raise SettingsError(f"cannot read {name} ({error.strerror}): {_MEND}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name} is not TOML: {error}") from error
    except ValidationError as error:
        raise SettingsError(f"{name}: {sentences(error.errors())}") from error
    for table in (prices.hearing, prices.speaking, prices.understanding):
        if _OTHER not in table:
            raise SettingsError(f"{name} must say what any other model costs: {_OTHER} = …")
    return prices


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one answer; `cached` is a part of `input`."""

    input: int = 0
    cached: int = 0
    output: int = 0


class Usage(BaseModel):
    """The totals of a call, as the record keeps them."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    heard_s: NonNegativeFloat = 0.0
    spoken_s: NonNegativeFloat = 0.0
    spoken_characters: NonNegativeInt = 0
    tokens_in: NonNegativeInt = 0
    tokens_cached: NonNegativeInt = 0
    tokens_out: NonNegativeInt = 0
    cost_usd: NonNegativeFloat = 0.0

    def to_json(self) -> str:
        """Return the totals as JSON, rounded."""
        return orjson.dumps({name: round(sum_, _CENT_DIGITS) for name, sum_ in self}).decode()


def read_usage(text: str | None) -> Usage:
    """Read an earlier session's totals; unreadable ones count as zero."""
    try:
        return Usage.model_validate_json(text or "{}")
    except ValidationError:
        return Usage()


@dataclass(slots=True)
class Meter:
    """Counts the use of one call.

    most_usd   the cost cap; beyond it, OpenAI is not asked any more
    waited_s   how long the conversation waited for the understanding model
    """

    prices: Prices = field(default_factory=load_prices)
    most_usd: float = float("inf")
    usage: Usage = field(default_factory=Usage)
    waited_s: float = 0.0
    touched: bool = False

    @property
    def is_spent(self) -> bool:
        """True once the call has reached its cost cap."""
        return self.usage.cost_usd >= self.most_usd

    def heard(self, model: str, seconds: float) -> None:
        """Count transcribed audio."""
        self.usage.heard_s += seconds
        self._count_audio(Service.HEARING, model, seconds)

    def asked_to_say(self, letters: int) -> None:
        """Count characters sent for synthesis."""
        self.usage.spoken_characters += letters
        characters.inc(letters)

    def spoke(self, model: str, seconds: float) -> None:
        """Count synthesised audio."""
        self.usage.spoken_s += seconds
        self._count_audio(Service.SPEAKING, model, seconds)

    def thought(self, model: str, tokens: Tokens) -> None:
        """Count the tokens of an answer of the understanding model."""
        self.usage.tokens_in += tokens.input
        self.usage.tokens_cached += tokens.cached
        self.usage.tokens_out += tokens.output
        for kind, count in asdict(tokens).items():
            tokens_used.labels(kind).inc(count)
        self._charge(Service.UNDERSTANDING, self.prices.thought(model, tokens))

    def _count_audio(self, service: Service, model: str, seconds: float) -> None:
        audio_seconds.labels(service).inc(seconds)
        self._charge(service, self.prices.audio(service, model, seconds))

    def _charge(self, service: Service, usd: float) -> None:
        self.touched = True
        self.usage.cost_usd += usd
        cost.labels(service).inc(usd)


_METER: ContextVar[Meter | None] = ContextVar("openai_meter", default=None)


def meter() -> Meter:
    """Return the meter of this task's call, or a new one outside of a call."""
    return _METER.get() or Meter()


def start_meter(new: Meter) -> None:
    """Use `new` in this task and in every task that it starts."""
    _METER.set(new)


def open_bill(settings: Settings, state: CallState) -> Meter:
    """Start a meter for this task's call, with what its record says; raises SettingsError."""
    prices = load_prices(settings.openai_prices)
    bill = Meter(prices, settings.openai_max_cost, read_usage(state.usage))
    start_meter(bill)
    return bill


async def note_bill(bill: Meter, ledger: Ledger) -> None:
    """Write the totals into the record, if any.

    A newer session that owns the call counts itself.
    """
    if bill.touched:
        with suppress(Fenced):
            await ledger.commit(Change(usage=bill.usage.to_json()))


audio_seconds = Counter(
    "voicebot_openai_audio_seconds", "Audio that OpenAI transcribed or spoke", ["service"]
)
characters = Counter("voicebot_openai_characters", "Characters that OpenAI was asked to speak")
tokens_used = Counter("voicebot_openai_tokens", "Tokens of understanding, by kind", ["kind"])
cost = Counter(
    "voicebot_openai_cost_usd", "Estimated cost in US dollars, by the list in prices.toml",
    ["service"],
)  # fmt: skip

for _service in Service:  # start at 0, so that the first increase is visible
    audio_seconds.labels(_service)
    cost.labels(_service)
