"""`voicebot serve`: start all processes on this machine, keep them running, stop them in order.

    serve ─┬─ Valkey       unless VOICEBOT_REDIS_URL names a server
           ├─ stt, tts     where speech is local, or falls back to local
           ├─ stream 1…N   share the provider's port
           ├─ console      the staff's port
           └─ notify       mail and webhooks, where they are set

With `--only` it starts some of these parts; parts.py says how they meet. Where the console is left
out, `metrics` tells this machine's metrics at the console's port.

On SIGTERM or Ctrl-C the stream workers finish their calls, for a bounded time; then console and
notify stop, then speech, and Valkey last, after the last commit. A second signal ends all at once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from voicebot.error_texts import why
from voicebot.errors import SettingsError, VoicebotError
from voicebot.log import get_logger
from voicebot.runtime.check_settings import foreign_speech, unknown_settings
from voicebot.runtime.child_processes import Child, end_orphans
from voicebot.runtime.data_dir import metrics_folder, own_data_dir, prepare_data_dir
from voicebot.runtime.doctor import refusals
from voicebot.runtime.parts import ALL_PARTS, PARTS_VARIABLE, Part, part_of
from voicebot.runtime.ports import (
    console_address,
    is_loopback,
    reserve,
    stream_address,
    without_password,
)
from voicebot.runtime.process import Lifetime, run
from voicebot.settings import Engine, Settings, load_settings
from voicebot.speech import SpeechProcess, is_needed
from voicebot.store import AWAY, EmbeddedValkey, cancel_tasks, connect, require_form

LOCAL: Final = {"stream_host": "127.0.0.1", "drain_s": 2.0}
"""With --local: this machine only, and Ctrl-C does not wait for calls."""

_STOP_MARGIN_S = 5.0  # what a worker may need to close, on top of its drain
_STILL_STARTING_EVERY_S = 5.0
_VALKEY_CHECK_EVERY_S = 1.0
_REDIS_TIMEOUT_S = 3.0
_LOCKS = "children"
_METRICS = ("metrics", "console.metrics_only")

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Children:
    """The child processes, in groups: they start in this order; streams, others, speech stop."""

    speech: list[Child]
    streams: list[Child]
    others: list[Child]
    """The console, or metrics without it, and notify where mail or webhooks are set."""

    @property
    def all(self) -> list[Child]:
        """All children, in the order in which they start."""
        return [*self.speech, *self.streams, *self.others]


def serve(
    workers: Annotated[
        int,
        typer.Option(
            "--workers", min=1, metavar="N", help="Stream processes; they share the port."
        ),
    ] = 1,
    local: Annotated[
        bool,
        typer.Option(
            "--local", help="For trying out: listen on 127.0.0.1, do not wait for calls at Ctrl-C."
        ),
    ] = False,
    only: Annotated[
        list[Part] | None,
        typer.Option(
            "--only",
            help="Run this part alone (may be repeated); the others run elsewhere, on one Redis.",
        ),
    ] = None,
) -> None:
    """Answer calls: start Redis (unless VOICEBOT_REDIS_URL is set), speech, stream, console.

    \b
    voicebot serve --local         try it out; `make run-local` is the same
    voicebot serve --workers 2     for real: one stream process per core
    VOICEBOT_STREAM_PORT=8081 VOICEBOT_CONSOLE_PORT=8001 voicebot serve --local
    voicebot serve --only stream --only speech    on a machine beside others (docs/operations.md)

    Wrong settings are reported before anything starts, with exit code 78; see `voicebot doctor`.
    """
    parts = frozenset(only or ALL_PARTS)
    run(partial(_serve, workers=workers, local=local, parts=parts), detached=True)


async def _serve(lifetime: Lifetime, *, workers: int, local: bool, parts: frozenset[Part]) -> None:
    settings = for_trying_out(load_settings()) if local else load_settings()
    for sentence in unknown_settings():
        say(f"warning: {sentence}")
    if impossible := list(refusals(settings, parts)):  # reported once, not by every child
        raise ExceptionGroup("impossible settings", impossible)
    if parts & {Part.STREAM, Part.SPEECH} and (sentence := foreign_speech(settings)):
        say(f"warning: {sentence}")
    data_dir = prepare_data_dir(settings.data_dir)
    only = () if parts == ALL_PARTS else parts
    with own_data_dir(data_dir, only):
        locks = prepare_data_dir(data_dir / _LOCKS)
        await end_orphans(locks, lambda lock: part_of(lock) in parts)
        with metrics_folder(data_dir, only) as metrics, ExitStack() as ports:
            chosen = _reserved(settings, parts, ports)
            settings = settings.model_copy(update={"data_dir": data_dir, **chosen})
            supervise = partial(
                _supervise, workers=workers, metrics=metrics, lifetime=lifetime, parts=parts
            )
            if settings.redis_url is not None:
                await _check_redis(settings.redis_url)
                await supervise(settings)
            elif parts == {Part.SPEECH}:
                await supervise(settings)
            else:
                await _with_valkey(settings, supervise)
    say("stopped")


def _reserved(settings: Settings, parts: frozenset[Part], held: ExitStack) -> dict[str, int]:
    """Return the ports to listen on; the stream workers' is held open until `held` is closed.

    Raises StartFailed where one is in use.
    """
    chosen = {}
    if Part.STREAM in parts:
        stream = held.enter_context(reserve(stream_address(settings)))
        chosen["stream_port"] = stream.getsockname()[1]
    with reserve(console_address(settings)) as console:  # the console binds the port itself
        chosen["console_port"] = console.getsockname()[1]
    return chosen


async def _check_redis(url: str) -> None:
    """Warn when Redis does not answer; calls are taken meanwhile.

    Raises SettingsError when the server is of another kind than `url` says.
    """
    try:
        async with asyncio.timeout(_REDIS_TIMEOUT_S):
            await require_form(url)
    except (*AWAY, TimeoutError) as error:
        say(
            f"warning: Redis at {without_password(url)} does not answer ({why(error)}): calls are "
            "taken, and kept in the journal until it does"
        )


async def _with_valkey(
    settings: Settings, supervise: Callable[[Settings], Awaitable[None]]
) -> None:
    """Supervise with an embedded Valkey, which is restarted when needed and stopped last."""
    valkey = EmbeddedValkey(settings.data_dir, settings.redis_port)
    say("starting Valkey …")
    began_at = time.monotonic()
    url = await valkey.start()
    how = "ready" if valkey.started else "found running, adopted"
    say(f"  {'Valkey':<9} {how} ({time.monotonic() - began_at:.1f} s)")
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_keep_valkey(valkey))
            await supervise(settings.model_copy(update={"redis_url": url}))
            await cancel_tasks([watch])
    finally:
        await valkey.stop()


async def _keep_valkey(valkey: EmbeddedValkey) -> None:
    """Restart Valkey whenever it does not answer; calls go on meanwhile."""
    async with connect(valkey.url) as client:
        while True:
            await asyncio.sleep(_VALKEY_CHECK_EVERY_S)
            try:
                await client.ping()
                continue
            except AWAY:
                log.warning("valkey_away")
            try:
                await valkey.start()
                log.info("valkey_back")
            except VoicebotError as error:  # retried at the next check
                log.error("valkey_stays_away", error=error)


async def _supervise(
    settings: Settings, *, workers: int, metrics: Path, lifetime: Lifetime, parts: frozenset[Part]
) -> None:
    children = children_of(settings, workers, metrics, parts)
    say(f"starting {', '.join(child.name for child in children.all)} …")
    async with asyncio.TaskGroup() as lives:
        for child in children.all:
            lives.create_task(child.live())
        if await _all_ready(children.all, lifetime.stopping):
            say(banner(settings, parts))
            await lifetime.stopping.wait()
        say(
            f"stopping; calls that are running have {settings.drain_s:g} s to end "
            "(Ctrl-C again: at once) …"
            if children.streams
            else "stopping …"
        )
        await _stop(children.streams, settings.drain_s + _STOP_MARGIN_S)
        await _stop(children.others, _STOP_MARGIN_S)
        await _stop(children.speech, _STOP_MARGIN_S)


def for_trying_out(settings: Settings) -> Settings:
    """Return the settings with --local's defaults, where the environment sets no others."""
    given = settings.model_fields_set
    return settings.model_copy(update={k: v for k, v in LOCAL.items() if k not in given})


def children_of(
    settings: Settings, workers: int, metrics: Path, parts: frozenset[Part] = ALL_PARTS
) -> Children:
    """Return the children of these parts that these settings need, with the resolved settings.

    Raises SettingsError where a part that was asked for by itself has nothing to run.
    """
    resolved = {
        "VOICEBOT_REDIS_URL": settings.redis_url or "",
        PARTS_VARIABLE: ",".join(sorted(parts)),
        "VOICEBOT_DATA_DIR": str(settings.data_dir),
        "VOICEBOT_STREAM_HOST": settings.stream_host,
        "VOICEBOT_STREAM_PORT": str(settings.stream_port),
        "VOICEBOT_CONSOLE_PORT": str(settings.console_port),
        "VOICEBOT_DRAIN_S": str(settings.drain_s),
        # read by prometheus_client on import; all children write their metrics there
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }

    def child(name: str, module: str) -> Child:
        lock = settings.data_dir / _LOCKS / f"{name.replace(' ', '-')}.lock"
        return Child(name, f"voicebot.{module}", resolved, folder=metrics, lock=lock)

    speech = [child(p.value, f"speech.{p}") for p in SpeechProcess if is_needed(settings, p)]
    streams = [child(f"stream {number}", "stream") for number in range(1, workers + 1)]
    has_console = Part.CONSOLE in parts
    others = [child("console", "console") if has_console else child(*_METRICS)]
    tells = Part.NOTIFY in parts and (settings.smtp_url or settings.webhook_url)
    if tells:
        others.append(child("notify", "notify"))
    if parts == {Part.SPEECH} and not speech:
        raise SettingsError("--only speech: these settings use no local speech; see doctor")
    if parts == {Part.NOTIFY} and not tells:
        raise SettingsError(
            "--only notify: nobody is to be told; set VOICEBOT_SMTP_URL or VOICEBOT_WEBHOOK_URL"
        )
    return Children(
        speech if Part.SPEECH in parts else [], streams if Part.STREAM in parts else [], others
    )


def say(text: str) -> None:
    """Print a line for the person at the terminal."""
    with suppress(OSError):  # the terminal may be gone
        print(text, flush=True)


async def _all_ready(children: list[Child], stopping: asyncio.Event) -> bool:
    """Report each child that becomes ready; False when stopped before all are."""
    waiting = {child.name: child for child in children}

    async def announce(child: Child) -> None:
        await child.ready.wait()
        del waiting[child.name]
        say(f"  {child.name:<9} ready ({child.ready_after_s:.1f} s)")

    async with asyncio.TaskGroup() as group:
        stop = group.create_task(stopping.wait())
        pending: set[asyncio.Task[object]] = {
            stop,
            *(group.create_task(announce(child)) for child in children),
        }
        while waiting and not stop.done():
            done, pending = await asyncio.wait(
                pending, timeout=_STILL_STARTING_EVERY_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                say(f"  still starting: {', '.join(waiting)} …")
        for task in pending:
            task.cancel()
    return not waiting


async def _stop(children: list[Child], within_s: float) -> None:
    async with asyncio.TaskGroup() as group:
        for child in children:
            group.create_task(child.stop(within_s))


def banner(settings: Settings, parts: frozenset[Part] = ALL_PARTS) -> str:
    """Return what to show at the terminal once everything runs."""
    stream, console = stream_address(settings), console_address(settings)
    at = f"{stream.reachable_host}:{stream.port}"
    staff = f"http://{console.reachable_host}:{console.port}"
    takes_calls, has_page = Part.STREAM in parts, Part.CONSOLE in parts
    rows = {
        "runs": parts != ALL_PARTS and ", ".join(sorted(parts)),
        "phone": takes_calls and f"ws://{at}/media   webhook http://{at}/twiml",
        "number": takes_calls
        and settings.public_url
        and f"voice webhook {settings.public_url}/twiml, method POST or GET",
        "OpenAI": takes_calls and _openai_use(settings),
        "staff": has_page and f"{staff}   API {staff}/docs",
        "metrics": not has_page and f"{staff}/metrics",
        "Redis": settings.redis_url and without_password(settings.redis_url),
        "data": str(settings.data_dir),
    }
    table = "\n".join(f"  {name:<8} {text}" for name, text in rows.items() if text)
    call = _call_to_place(at, staff if has_page else "") if takes_calls else ""
    warning = _open_port_warning(settings) if takes_calls else ""
    return f"""
voicebot is ready

{table}
{warning}{call}
Stop with Ctrl-C.
"""


def _call_to_place(at: str, staff: str) -> str:
    """Return how to place a call at this server; `staff`: the console's address, if it is here."""
    in_clone = Path(__file__).parents[2] == Path.cwd()  # where `make` has its targets
    usual = (at, staff) == ("127.0.0.1:8080", "http://127.0.0.1:8000")
    options = "" if usual else f"--url ws://{at}/media{f' --console {staff}' if staff else ''}"
    made = f"make call ARGS='{options}'" if options else "make call"
    return f"""
Place a call from another terminal:
  {made if in_clone else f"voicebot call {options}".rstrip()}
"""


def _open_port_warning(settings: Settings) -> str:
    """Return a warning when calls from any source are accepted; shown last."""
    where = f"listens on {settings.stream_host}"
    if settings.public_url is not None:
        where = f"is reached at {settings.public_url}"
    elif is_loopback(settings.stream_host):
        return ""
    if settings.twilio_auth_token is not None:
        return ""
    return (
        f"\nWARNING: ANYBODY CAN CALL. The stream port {where} and checks no signature: "
        "set VOICEBOT_TWILIO_AUTH_TOKEN.\n"
    )


def _openai_use(settings: Settings) -> str:
    """Return what OpenAI is used for; a key in the environment is enough to use it."""
    chosen = {
        "hears": settings.transcriber,
        "speaks": settings.synthesizer,
        "understands": settings.understanding,
    }
    used = [what for what, engine in chosen.items() if settings.engine(engine) is Engine.OPENAI]
    where = without_password(settings.openai_base_url or "api.openai.com")
    return f"{', '.join(used)}, at {where}" if used else ""
