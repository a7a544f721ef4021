"""Staff hear a call that goes on: both voices, as they sound. Where the business allows it."""

import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from voicebot.call import CallSid, CommandRefusal
from voicebot.console.auth import Visitor
from voicebot.console.dependencies import CurrentVisitor, Sid, State, Who
from voicebot.console.problems import Problem
from voicebot.log import get_logger
from voicebot.store import AWAY, WISH_S, Store

RENEW_S = WISH_S / 3
PATIENCE_S = 1.0

router = APIRouter(prefix="/live", include_in_schema=False)
log = get_logger(__name__)


@router.get("/calls/{callSid}/audio")
async def audio(
    callSid: Sid, by: Annotated[Who, Query()], state: State, visitor: CurrentVisitor
) -> StreamingResponse:
    """Stream what is said (mu-law, 8 kHz, one channel) until the call ends; that is logged.

    403 where the business does not allow it, 409 for a call that is not on the phone.
    """
    if not state.business.listening_in:
        detail = "`listening_in` is off in the business file"
        raise Problem(403, "listening_in_is_off", detail)
    if not await state.store.index.is_live(callSid):
        detail = f"nobody is on the line of {callSid}"
        raise Problem(409, CommandRefusal.CALL_HAS_ENDED, detail)
    log.info("staff_listens", call_sid=callSid, by=by)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    heard = pieces(state.store, callSid, visitor)
    return StreamingResponse(heard, media_type="audio/basic", headers=headers)


async def pieces(store: Store, call_sid: CallSid, visitor: Visitor) -> AsyncGenerator[bytes, None]:
    """Yield the pieces as they come, while the call is live and the visitor may stay."""
    renewed = 0.0
    with suppress(*AWAY):  # the page asks again
        async with store.line_audio.heard(call_sid) as next_piece:
            while True:
                if time.monotonic() - renewed >= RENEW_S:
                    if not await store.index.is_live(call_sid) or not await visitor.may_stay():
                        return
                    await store.line_audio.ask(call_sid)
                    renewed = time.monotonic()
                if piece := await next_piece(PATIENCE_S):
                    yield piece
