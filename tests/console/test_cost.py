"""What a conversation over HTTP costs is counted and capped, as a call's is."""

from __future__ import annotations

from redis.asyncio import Redis

from voicebot.business import load_business
from voicebot.call import CallSid
from voicebot.collect.collector import understand_by_rules
from voicebot.collect.understanding import Asked, Meanwhile, Understanding, nothing
from voicebot.console.conversations import Conversations, TurnRequest
from voicebot.openai.usage import Tokens, meter, read_usage
from voicebot.settings import Settings
from voicebot.store import open_store
from voicebot.store.record import utc_now

SID = CallSid("CA-cost")


class Dear:
    """Understands by the rules, is paid like a model, and stops where a model would."""

    def __init__(self) -> None:
        self.paid = 0

    async def __call__(
        self, text: str, asked: Asked, meanwhile: Meanwhile = nothing, /
    ) -> Understanding:
        if not meter().is_spent:
            meter().thought("a model", Tokens(input=100_000))
            self.paid += 1
        return await understand_by_rules(text, asked, meanwhile)


async def test_all_turns_of_a_call_are_on_one_bill_until_its_cap_is_reached(
    redis: Redis, settings: Settings
) -> None:
    settings = settings.model_copy(update={"openai_max_cost": 0.000001})
    dear = Dear()
    business = load_business(None)
    async with open_store(settings, business) as store:
        consoles = [Conversations(settings, store, business, dear) for _ in range(2)]
        await consoles[0].start(SID, None)
        assert await redis.hget(f"call:{{{SID}}}", "usage") is None
        for console, text in zip(consoles, ("My name is Robin Carter", "yes"), strict=True):
            await console.answer(SID, TurnRequest(text, utc_now()))
    used = read_usage(str(await redis.hget(f"call:{{{SID}}}", "usage")))
    assert (dear.paid, used.tokens_in) == (1, 100_000)
    assert used.cost_usd > settings.openai_max_cost
