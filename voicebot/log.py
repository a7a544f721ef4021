"""Logging to stderr without customers' data: JSON for machines, key=value on a terminal.

This module decides what a line may hold, not the places that log:

- a key that names customer data (`name`, `caller_phone`, `user.userInfo.email`) loses its value,
  however deep it lies in mappings and sequences;
- an exception is logged as its types and code lines. Its message is kept only when it is a
  VoicebotError's or the operating system's: a ValidationError quotes the input that it refused;
- an object of an unknown type is logged as the name of its type;
- libraries log from WARNING up: their debug lines print whole payloads.
"""

import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import date, time, timedelta
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import cast
from uuid import UUID

import structlog
from structlog.typing import ExcInfo, FilteringBoundLogger, Processor

from voicebot.errors import SettingsError, VoicebotError

REDACTED = "…"
LEVELS = ("debug", "info", "warning", "error", "critical")
_CUSTOMER = """
name phone address email text message messages utterance transcript answer answers value body
caller customer from to number digits dialogue history fields prompt sentence word words args
note notes
"""
_SECRET = "token secret password payload authorization key cookie signature"
_PRIVATE = frozenset(f"{_CUSTOMER} {_SECRET}".split())
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_MAX_DEPTH = 8
"""Deeper structures are cut, so that a value that contains itself does not hang the logger."""


def get_logger(name: str) -> FilteringBoundLogger:
    """Return a logger whose lines carry `source=name`; events are snake_case names with keys."""
    return cast(FilteringBoundLogger, structlog.get_logger(source=name))


def configure(level: str = "info") -> None:
    """Log to stderr from `level` up; raises SettingsError."""
    if level.lower() not in LEVELS:
        raise SettingsError(f"VOICEBOT_LOG_LEVEL must be one of {', '.join(LEVELS)}")
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_common(), _renderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    _tame_libraries(max(number, logging.WARNING))


def redact(
    logger: object, method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Hide customer data by key, at every depth (a structlog processor)."""
    for key, value in event.items():
        event[key] = REDACTED if is_private(key) else _safe(value, 0)
    return event


def is_private(key: str) -> bool:
    """Return whether a key names customer data, like `user.userInfo.name`, `toNumber`,
    `x_token`."""
    return any(word.lower() in _PRIVATE for word in _WORD.findall(key))


def describe_exception(error: BaseException) -> str:
    """Return the type, with the message of VoicebotErrors and of the operating system only."""
    kind = type(error).__qualname__
    if isinstance(error, VoicebotError):
        return f"{kind}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    return kind


def _safe(value: object, depth: int) -> object:
    if depth > _MAX_DEPTH:
        return REDACTED
    match value:
        case Enum():
            return value.value
        case PurePath():  # the renderers would show its repr
            return str(value)
        case None | str() | int() | float() | date() | time() | timedelta() | UUID():
            return value
        case BaseException():
            return describe_exception(value)
        case list() | tuple() | set() | frozenset():
            return [_safe(item, depth + 1) for item in value]
        case Mapping():
            return {
                str(key): REDACTED if is_private(str(key)) else _safe(item, depth + 1)
                for key, item in value.items()
            }
        case _:
            return f"<{type(value).__qualname__}>"


def _describe_all(exc_info: ExcInfo) -> str:
    """Return code lines and types: tracebacks as they are usually rendered quote messages."""
    return "\n".join(_chain(exc_info[1]))


def _chain(error: BaseException, seen: frozenset[int] = frozenset()) -> list[str]:
    """Describe an error, its causes and a group's parts, each once."""
    lines: list[str] = []
    seen |= {id(error)}
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            lines += _chain(part, seen)
    elif (before := error.__cause__ or error.__context__) is not None and id(before) not in seen:
        lines += _chain(before, seen)
    frames = traceback.extract_tb(error.__traceback__)
    lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return [*lines, describe_exception(error)]


def _add_source(
    logger: logging.Logger, method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    record = event.get("_record")
    event["source"] = record.name if isinstance(record, logging.LogRecord) else None
    return event


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_describe_all),
        redact,
    ]


def _renderer() -> Processor:
    if sys.stderr.isatty():
        return structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _tame_libraries(level: int) -> None:
    """Route the standard library's loggers through the same redaction, from `level` up."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_add_source, *_common()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer()],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)


def log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log an uncaught exception without customers' data (a `sys.excepthook`)."""
    get_logger("voicebot").critical("crashed", exc_info=(kind, error, trace))


# Until it is configured, structlog prints to stdout, unredacted.
configure()
