"""`python -m voicebot.mail`: the postman's process, a child of `voicebot serve`."""

from __future__ import annotations

from voicebot.business import load_business
from voicebot.mail.postman import Postman
from voicebot.settings import load_settings
from voicebot.store import open_store
from voicebot.worker import Lifetime, run


async def main(lifetime: Lifetime) -> None:
    """Confirm bookings until told to stop."""
    settings = load_settings()
    business = load_business(settings.business)
    async with open_store(settings, business) as store:
        postman = Postman(store, business, settings)
        lifetime.ready()
        await postman.run(lifetime.stopping)


if __name__ == "__main__":
    run(main)
