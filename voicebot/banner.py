"""What `voicebot serve` shows when it is ready: where everything is, and what to type next."""

from __future__ import annotations

from typing import Final

from voicebot.ports import console_door, is_loopback, stream_door, without_password
from voicebot.settings import Engine, Settings

_HERE: Final = "127.0.0.1"


def banner(settings: Settings) -> str:
    """What somebody at the terminal wants to know now."""
    stream, console = stream_door(settings), console_door(settings)
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
{_strangers(settings)}
Place a call from another terminal:
  {make}
  {f"voicebot call {options}".rstrip()}

Stop with Ctrl-C.
"""


def _provider(settings: Settings) -> str:
    """What to enter where the number was bought."""
    if settings.public_url is None:
        return ""
    return f"  number   voice webhook {settings.public_url}/twiml, method POST or GET\n"


def _strangers(settings: Settings) -> str:
    """Told last, so that it is read."""
    if settings.twilio_auth_token is not None or is_loopback(settings.stream_host):
        return ""
    return (
        f"\nWARNING: ANYBODY CAN CALL. The stream port listens on {settings.stream_host} and "
        "checks no signature: set VOICEBOT_TWILIO_AUTH_TOKEN.\n"
    )


def _openai(settings: Settings) -> str:
    """A key in the environment is enough to have it used: that shall not go unseen."""
    chosen = {
        "hears": settings.transcriber,
        "speaks": settings.synthesizer,
        "understands": settings.understanding,
    }
    used = [what for what, engine in chosen.items() if settings.engine(engine) is Engine.OPENAI]
    where = without_password(settings.openai_base_url or "api.openai.com")
    return f"  OpenAI   {', '.join(used)}, at {where}\n" if used else ""
