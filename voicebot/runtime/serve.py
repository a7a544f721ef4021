"""`voicebot serve`: start all processes on this machine, keep them running, stop them in order.

    serve ─┬─ Valkey       unless VOICEBOT_REDIS_URL names a server
           ├─ stt, tts     where speech is local, or falls back to local
           ├─ stream 1…N   share the provider's port
           ├─ console      the staff's port
           └─ notify       mail and webhooks, where they are set

On SIGTERM or Ctrl-C the stream workers finish their calls, for a bounded time; then console and
notify stop, then speech, and Valkey last, after the last commit. A second signal ends all at once.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

import typer

from voicebot.error_texts import why
from voicebot.errors import VoicebotError
from voicebot.log import get_logger
from voicebot.runtime.check_settings import unknown_settings
from voicebot.runtime.child_processes import Child, Part, end_orphans, kept_metrics, metrics_dir
from voicebot.runtime.doctor import refusals
from voicebot.runtime.ports import (
    console_address,
    is_loopback,
    reserve,
    stream_address,
    without_password,
)
from voicebot.runtime.process import Lifetime, run_detached
from voicebot.settings import Engine, Settings, load_settings
from voicebot.speech.models import SpeechProcess, is_needed
from voicebot.store import (
    AWAY,
    EmbeddedValkey,
    connect,
    own_data_dir,
    prepare_data_dir,
    require_form,
)

LOCAL_HOST = "127.0.0.1"
LOCAL_DRAIN_S = 2.0
"""With --local, Ctrl-C should not wait for calls."""

_STOP_MARGIN_S = 5.0  # what a worker may need to close, on top of its drain
_STILL_STARTING_EVERY_S = 5.0
_VALKEY_CHECK_EVERY_S = 1.0
_REDIS_TIMEOUT_S = 3.0
_LOCKS = "children"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Children:
    """The child processes, in the groups in which they stop."""

    streams: tuple[Child, ...]
    console: Child
    speech: tuple[Child, ...]
    notify: tuple[Child, ...] = ()
    """Mail and webhooks, where they are set."""

    @property
    def all(self) -> tuple[Child, ...]:
        """All children, in the order in which they start."""
        return (*self.speech, *self.streams, self.console, *self.notify)


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
) -> None:
    """Answer calls: start Redis (unless VOICEBOT_REDIS_URL is set), speech, stream, console.

    \b
    voicebot serve --local         try it out; `make run-local` is the same
    voicebot serve --workers 2     for real: one stream process per core
    VOICEBOT_STREAM_PORT=8081 VOICEBOT_CONSOLE_PORT=8001 voicebot serve --local

    Wrong settings are reported before anything starts, with exit code 78; see `voicebot doctor`.
    """
    run_detached(partial(_serve, workers=workers, local=local))


async def _serve(lifetime: Lifetime, *, workers: int, local: bool) -> None:
    settings = for_trying_out(load_settings()) if local else load_settings()
    for sentence in unknown_settings():
        say(f"warning: {sentence}")
    if impossible := list(refusals(settings)):  # reported once, not by every child
        raise ExceptionGroup("impossible settings", impossible)
    data_dir = prepare_data_dir(settings.data_dir)
    with own_data_dir(data_dir):
        await end_orphans(prepare_data_dir(data_dir / _LOCKS))
        with kept_metrics(data_dir), reserve(stream_address(settings)) as stream:
            with reserve(console_address(settings)) as console:  # the console binds the port itself
                ports = {"stream_port": stream.getsockname()[1]}
                ports["console_port"] = console.getsockname()[1]
            settings = settings.model_copy(update={"data_dir": data_dir, **ports})
            if settings.redis_url is not None:
                await _check_redis(settings.redis_url)
                await _supervise(settings, workers, lifetime)
            else:
                await _serve_with_valkey(settings, workers, lifetime)
    say("stopped")


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


async def _serve_with_valkey(settings: Settings, workers: int, lifetime: Lifetime) -> None:
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
            settings = settings.model_copy(update={"redis_url": url})
            await _supervise(settings, workers, lifetime)
            watch.cancel()
    finally:
        await valkey.stop()


async def _keep_valkey(valkey: EmbeddedValkey) -> None:
    """Restart Valkey whenever it does not answer; calls go on meanwhile."""
    async with connect(valkey.url) as client:
        while True:
            await asyncio.sleep(_VALKEY_CHECK_EVERY_S)
            try:
                await client.ping()
            except AWAY:
                log.warning("valkey_away")
                await _revive(valkey)


async def _revive(valkey: EmbeddedValkey) -> None:
    try:
        await valkey.start()
        log.info("valkey_back")
    except VoicebotError as error:  # retried at the next check
        log.error("valkey_stays_away", error=error)


async def _supervise(settings: Settings, workers: int, lifetime: Lifetime) -> None:
    children = children_of(settings, workers)
    say(f"starting {', '.join(child.part.name for child in children.all)} …")
    async with asyncio.TaskGroup() as lives:
        for child in children.all:
            lives.create_task(child.live())
        if await _all_ready(children.all, lifetime.stopping):
            say(banner(settings))
            await lifetime.stopping.wait()
        await _wind_down(children, settings.drain_s)


def for_trying_out(settings: Settings) -> Settings:
    """Return the settings with --local's defaults, where the environment sets no others."""
    defaults = {"stream_host": LOCAL_HOST, "drain_s": LOCAL_DRAIN_S}
    given = settings.model_fields_set
    return settings.model_copy(update={k: v for k, v in defaults.items() if k not in given})


def children_of(settings: Settings, workers: int) -> Children:
    """Return the children that these settings need, with the resolved settings."""
    metrics = metrics_dir(settings.data_dir)
    resolved = {
        "VOICEBOT_REDIS_URL": str(settings.redis_url),
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
        return Child(Part(name, f"voicebot.{module}", resolved, folder=metrics, lock=lock))

    speech = [
        child(process.value, f"speech.{process}")
        for process in SpeechProcess
        if is_needed(settings, process)
    ]
    streams = [child(f"stream {number}", "stream") for number in range(1, workers + 1)]
    notify = (child("notify", "notify"),) if settings.smtp_url or settings.webhook_url else ()
    return Children(tuple(streams), child("console", "console"), tuple(speech), notify)


def say(text: str) -> None:
    """Print a line for the person at the terminal."""
    with suppress(OSError):  # the terminal may be gone
        print(text, flush=True)


async def _all_ready(children: tuple[Child, ...], stopping: asyncio.Event) -> bool:
    """Report each child that becomes ready; False when stopped before all are."""
    waiting = {child.part.name: child for child in children}
    async with asyncio.TaskGroup() as group:
        stop = group.create_task(stopping.wait())
        pending: set[asyncio.Task[object]] = {
            group.create_task(_announce(child, waiting)) for child in children
        }
        while pending and not stop.done():
            done, _ = await asyncio.wait(
                {stop, *pending},
                timeout=_STILL_STARTING_EVERY_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            pending -= done
            if not done:
                say(f"  still starting: {', '.join(waiting)} …")
        for task in (stop, *pending):
            task.cancel()
    return not waiting


async def _announce(child: Child, waiting: dict[str, Child]) -> None:
    await child.ready.wait()
    del waiting[child.part.name]
    say(f"  {child.part.name:<9} ready ({child.ready_at - child.began_at:.1f} s)")


async def _wind_down(children: Children, drain_s: float) -> None:
    say(f"stopping; calls that are running have {drain_s:g} s to end (Ctrl-C again: at once) …")
    await _stop(children.streams, drain_s + _STOP_MARGIN_S)
    await _stop((children.console, *children.notify), _STOP_MARGIN_S)
    await _stop(children.speech, _STOP_MARGIN_S)


async def _stop(children: tuple[Child, ...], within_s: float) -> None:
    async with asyncio.TaskGroup() as group:
        for child in children:
            group.create_task(child.stop(within_s))


_HERE: Final = "127.0.0.1"


def banner(settings: Settings) -> str:
    """Return what to show at the terminal once everything runs."""
    stream, console = stream_address(settings), console_address(settings)
    at = f"{stream.reachable_host}:{stream.port}"
    staff = f"http://{console.reachable_host}:{console.port}"
    usual = (at, staff) == (f"{_HERE}:8080", f"http://{_HERE}:8000")
    options = "" if usual else f"--url ws://{at}/media --console {staff}"
    make = f"make call ARGS='{options}'" if options else "make call"
    return f"""
voicebot is ready

  phone    ws://{at}/media   webhook http://{at}/twiml
{_provider(settings)}{_openai(settings)}\
  staff    {staff}   API {staff}/docs
  Redis    {without_password(str(settings.redis_url))}
  data     {settings.data_dir}
{_open_port_warning(settings)}
Place a call from another terminal:
  {make}
  {f"voicebot call {options}".rstrip()}

Stop with Ctrl-C.
"""


def _provider(settings: Settings) -> str:
    """Return the webhook to configure at the provider."""
    if settings.public_url is None:
        return ""
    return f"  number   voice webhook {settings.public_url}/twiml, method POST or GET\n"


def _open_port_warning(settings: Settings) -> str:
    """Return a warning when calls from any source are accepted; shown last."""
    if settings.twilio_auth_token is not None:
        return ""
    if settings.public_url is not None:
        where = f"is reached at {settings.public_url}"
    elif is_loopback(settings.stream_host):
        return ""
    else:
        where = f"listens on {settings.stream_host}"
    return (
        f"\nWARNING: ANYBODY CAN CALL. The stream port {where} and checks no signature: "
        "set VOICEBOT_TWILIO_AUTH_TOKEN.\n"
    )


def _openai(settings: Settings) -> str:
    """Return what OpenAI is used for; a key in the environment is enough to use it."""
    chosen = {
        "hears": settings.transcriber,
        "speaks": settings.synthesizer,
        "understands": settings.understanding,
    }
    used = [what for what, engine in chosen.items() if settings.engine(engine) is Engine.OPENAI]
    where = without_password(settings.openai_base_url or "api.openai.com")
    return f"  OpenAI   {', '.join(used)}, at {where}\n" if used else ""
