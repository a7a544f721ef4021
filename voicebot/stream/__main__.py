"""`python -m voicebot.stream`: one stream worker. Several of them share the port."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial

from voicebot.business import Business, load_business
from voicebot.call import FIELDS
from voicebot.collect.collector import Hear, SayAloud, converse
from voicebot.collect.events import Ending
from voicebot.collect.meaning import by_meaning
from voicebot.collect.resuming import begin
from voicebot.collect.understand import Understand, understand_by_rules
from voicebot.collect.understanding import Situation, read
from voicebot.collect.understanding.model import open_understanding
from voicebot.collect.wording import Wording, load_wording
from voicebot.errors import SpeechUnavailable
from voicebot.ledger import Ledger
from voicebot.log import get_logger
from voicebot.runtime.process import Lifetime, run
from voicebot.settings import Engine, Settings, load_settings
from voicebot.speech import (
    CachedSynthesizer,
    FallbackSynthesizer,
    Synthesizer,
    detectors,
    open_meaning,
    open_stt,
    open_synthesizer,
    sentences_of,
)
from voicebot.store import (
    EventReader,
    LineAudio,
    cancel_tasks,
    open_client,
    open_store,
    redis_url,
    utc_now,
)
from voicebot.stream.dependencies import CallDependencies
from voicebot.stream.latency import Rows, probe_loop
from voicebot.stream.server import StreamServer
from voicebot.stream.staff_line import follow_commands
from voicebot.stream.state import FillerPhrases
from voicebot.telemetry import open_tracing

WARM_RETRY_S = 5.0
"""Text to speech may start after us; it is asked again until it speaks."""
_SAMPLE = "my name is Ann Lee, 12 George Street, 0412 345 678, ann at mail dot com, tomorrow at ten"
_log = get_logger("voicebot.stream")


async def main(lifetime: Lifetime) -> None:
    """Serve calls until the lifetime ends and they are done."""
    settings = load_settings()
    business = load_business(settings.business)
    wording = load_wording(business)
    fixed = sentences_of(wording.fixed_sentences())
    stt, synthesizer = open_stt(settings), open_synthesizer(settings, fixed)
    warm_understanding(business)
    tracing = open_tracing(settings)
    try:
        async with (
            open_store(settings, business) as store,
            open_client(redis_url(settings)) as staff_client,
            open_understanding(settings) as mind,
            by_meaning(open_meaning(settings), business, mind) as understand,
        ):
            calls = CallDependencies(
                stt=stt,
                synthesizer=synthesizer,
                fixed=frozenset(fixed),
                detector=detectors(settings),
                converse=partial(hold_conversation, business, understand=understand),
                announce=store.announce,
                settle=store.settle,
                relay=store.relay,
                fillers=filler_phrases(settings, wording),
                backchannels=wording.lines["reply.go_on"],
                language=business.language.partition("-")[0],
                max_call_s=settings.max_call_s,
            )
            server = StreamServer(settings, business, store, calls, tracing)
            staff = follow_commands(
                store.commands,
                EventReader(staff_client),
                lambda: server.open_calls,
                LineAudio(staff_client) if business.listening_in else None,
            )
            await _serve(server, settings, synthesizer, lifetime, staff)
    finally:
        await tracing.close()
        await synthesizer.aclose()
        await stt.aclose()


def filler_phrases(settings: Settings, wording: Wording) -> FillerPhrases | None:
    """Return the filler phrases for a late OpenAI; local engines are in time."""
    chosen = (settings.transcriber, settings.understanding, settings.synthesizer)
    if all(settings.engine(engine) is not Engine.OPENAI for engine in chosen):
        return None
    return FillerPhrases(wording.lines["trouble.wait"], settings.openai_filler_ms / 1000)


def warm_understanding(business: Business) -> None:
    """Load what understanding loads when first asked: not in the middle of somebody's call."""
    now = datetime.now(business.zone).replace(tzinfo=None)
    for step in FIELDS:
        where = Situation(
            step,
            now,
            language=business.language,
            region=business.region,
            services=business.services,
        )
        read(_SAMPLE, where)
    business.emergency_in(_SAMPLE)


async def hold_conversation(
    business: Business,
    ledger: Ledger,
    hear: Hear,
    say: SayAloud,
    *,
    understand: Understand = understand_by_rules,
    clock: Callable[[], datetime] = utc_now,
) -> Ending:
    """Hold the conversation of one call, from where its record stands."""
    return await converse(
        begin(business, ledger.state),
        hear=hear,
        say=say,
        ledger=ledger,
        understand=understand,
        clock=clock,
    )


async def _serve(
    server: StreamServer,
    settings: Settings,
    synthesizer: Synthesizer,
    lifetime: Lifetime,
    staff: Coroutine[object, object, None],
) -> None:
    rows = Rows(settings.measure_file)
    async with asyncio.TaskGroup() as group:
        helpers = [group.create_task(probe_loop(rows)), group.create_task(staff)]
        if isinstance(synthesizer, CachedSynthesizer | FallbackSynthesizer):
            helpers.append(group.create_task(_warm(synthesizer)))
        await server.run(lifetime.stopping, lifetime.ready)
        await cancel_tasks(helpers)
    await rows.flush()


async def _warm(synthesizer: CachedSynthesizer | FallbackSynthesizer) -> None:
    """Synthesise the fixed sentences before a caller waits for one."""
    while True:
        try:
            await synthesizer.warm()
        except SpeechUnavailable:
            await asyncio.sleep(WARM_RETRY_S)
        else:
            _log.info("fixed_sentences_ready")
            return


if __name__ == "__main__":
    run(main)
