"""`voicebot call`: place a simulated call and show it."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from voicebot.call import Status, Step, parse_call_sid
from voicebot.errors import PhoneError
from voicebot.simulators.phone.caller import Caller
from voicebot.simulators.phone.console import Console, Record
from voicebot.simulators.phone.line import Clock
from voicebot.simulators.phone.provider import (
    CALLED,
    Dialled,
    Outcome,
    Provider,
    new_call_sid,
    new_caller,
)
from voicebot.simulators.phone.recordings import default_script, spoken
from voicebot.simulators.phone.report import Report
from voicebot.simulators.phone.script import Kind, Script, ScriptLine, load_script, parse_line

_URL: Final = "by VOICEBOT_STREAM_PORT: ws://127.0.0.1:8080/media"
_CONSOLE: Final = "by VOICEBOT_CONSOLE_PORT: http://127.0.0.1:8000"
_SETTLE_S: Final = 2.0
_LOOK_AGAIN_S: Final = 0.1

EXIT_CODES: Final = {Outcome.HUNG_UP: 0, Outcome.CALLER_LEFT: 3}
"""All other outcomes are 1."""


_Url = Annotated[
    str | None,
    typer.Option(help="The server's stream address.", metavar="WS", show_default=_URL),
]
_ConsoleUrl = Annotated[
    str | None,
    typer.Option(
        help="The staff's console: tells which step is open, and the record. '' for none.",
        metavar="HTTP",
        show_default=_CONSOLE,
    ),
]
_CallSid = Annotated[
    str | None, typer.Option(help="Resume or name a call; random otherwise.", metavar="SID")
]
_From = Annotated[
    str | None,
    typer.Option("--from", help="The caller's number; random otherwise.", metavar="NUMBER"),
]
_Say = Annotated[
    list[str] | None,
    typer.Option(
        help="Say this when the bot asks something; repeatable. Texts are spoken by the "
        "local voice, pitched higher; 'keys:123#', 'silence' and 'hangup' do what they say.",
        metavar="TEXT",
    ),
]
_ScriptFile = Annotated[
    Path | None,
    typer.Option(help='What to say at which step: step = ["line", …].', metavar="FILE.toml"),
]
_Audio = Annotated[
    list[Path] | None,
    typer.Option(help="Like --say, with a recording; repeatable.", metavar="FILE.wav"),
]
_HangupAfter = Annotated[
    Step | None,
    typer.Option(
        help="Hang up once this step is saved and the bot has gone on "
        "(name, phone, address, email, service or time).",
        metavar="STEP",
        show_choices=False,
    ),
]
_Book = Annotated[bool | None, typer.Option(help="Say the yes that books, or hang up before it.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the final record, nothing else.")]


def call(
    url: _Url = None,
    console: _ConsoleUrl = None,
    call_sid: _CallSid = None,
    from_: _From = None,
    say: _Say = None,
    script: _ScriptFile = None,
    audio: _Audio = None,
    hangup_after: _HangupAfter = None,
    book: _Book = None,
    json: _Json = False,
) -> None:
    """Place a simulated phone call to a running server.

    \b
    Acts as the provider and as a caller: asks the webhook, opens the stream, speaks recorded
    sentences in real time, and prints the conversation with the latency of each turn and the
    stored record. Start a server first: make run-local. Where VOICEBOT_TWILIO_AUTH_TOKEN is set,
    the requests are signed with it, for VOICEBOT_PUBLIC_URL if there is one.

    \b
    voicebot call                                     the whole booking
    voicebot call --hangup-after phone                a caller who is cut off
    voicebot call --call-sid CA...                    the same caller again
    voicebot call --say "My name is Ann Lee" --say "keys:0412345678#"
    voicebot call --script caller.toml                your own caller

    \b
    A script is TOML; a line is a text, a WAV file beside the script, or hangup, silence, keys:…#:
      name    = ["My name is Ann Lee."]
      phone   = ["phone.wav", "keys:0412345678#"]     asked again, the next line
      confirm = ["Yes."]                              when a value is read back
      no      = ["No."]                               when it was read back wrong
      phone   = ["oh four one two | three four five"] in groups, a sign of the bot between them
      time    = [{ line = "Tomorrow at ten.", interrupt_after_ms = 700 }]
      correct = { phone = "+61412345678" }            what the record should hold

    Where VOICEBOT_BUSINESS names another business than the demo, or VOICEBOT_SMTP_URL is set, a
    call without lines of your own hangs up before it books, and j.smith@gmail.com is not mailed;
    --book books all the same.

    Exit code 0: the bot ended the conversation; 3: the caller hung up as scripted; 1: otherwise.
    """
    sid = parse_call_sid(call_sid) if call_sid else new_call_sid()
    server = find_server()
    asked = server.console_url if console is None else console
    dialled = Dialled(
        url or server.stream_url, sid, from_ or new_caller(), CALLED, **server.signing
    )
    lines = _script(say or [], audio or [], script)
    record = Console(asked, sid, server.token) if asked else None
    if hangup_after is Step.DONE:
        raise PhoneError("--hangup-after takes one of: name, phone, address, email, service, time")
    books = not server.is_in_earnest or bool(say or audio or script) if book is None else book
    if (hangup_after or not books) and not asked:
        raise PhoneError("--hangup-after and --no-book need a console: it tells what is asked")
    report = Report(quiet=json)

    async def place() -> Outcome:
        clips = await spoken(lines, server.data_dir)
        caller = Caller(
            lines, clips, report, console=record, hangup_after=hangup_after, books=books
        )
        return await _place(Provider(dialled, Clock(), report.noticed), caller, report, sid)

    raise typer.Exit(EXIT_CODES.get(asyncio.run(place()), 1))


def _script(say: list[str], audio: list[Path], script: Path | None) -> Script:
    """Return the script: lines of the command line first, then the file's; else the default."""
    if say and audio:
        raise PhoneError(
            "--say and --audio have no order between them: put the lines into a file, "
            'name = ["a text", "a-recording.wav"], and give it with --script'
        )
    opening = (
        *(_said(text) for text in say),
        *(ScriptLine(Kind.RECORDING, str(path)) for path in audio),
    )
    if script is not None:
        return replace(load_script(script), opening=opening)
    return Script(opening=opening) if opening else default_script()


def _said(text: str) -> ScriptLine:
    line = parse_line(text, Path())
    return ScriptLine(Kind.TEXT, text) if line.kind is Kind.RECORDING else line


async def _place(provider: Provider, caller: Caller, report: Report, call_sid: str) -> Outcome:
    report.began(call_sid)
    await caller.skip_history()
    with _hanging_up_on_ctrl_c(provider):
        outcome = await provider.carry(caller.talk)
    for complaint in provider.complaints:
        report.noticed(f"the provider would drop a message: {complaint}")
    outcome = Outcome.LOST if caller.gave_up else outcome
    report.finish(outcome.value, await _last_look(caller))
    return outcome


async def _last_look(caller: Caller) -> Record | None:
    """Return the record once its status is final, or after two seconds."""
    until = asyncio.get_running_loop().time() + _SETTLE_S
    while True:
        record = await caller.look()
        settled = record is None or record.status != Status.ACTIVE
        if settled or asyncio.get_running_loop().time() > until:
            return record
        await asyncio.sleep(_LOOK_AGAIN_S)


@contextmanager
def _hanging_up_on_ctrl_c(provider: Provider) -> Iterator[None]:
    """Hang up at the first Ctrl-C; the second one ends the program."""
    loop = asyncio.get_running_loop()

    def put_down() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        provider.hang_up()

    loop.add_signal_handler(signal.SIGINT, put_down)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


class ServerAddresses(BaseSettings):
    """The addresses of a server on this machine, from the same settings as the server's."""

    model_config = SettingsConfigDict(
        env_prefix="VOICEBOT_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
    )

    stream_host: str = "127.0.0.1"
    stream_port: str = "8080"
    console_host: str = "127.0.0.1"
    console_port: str = "8000"
    console_token: SecretStr | None = None
    twilio_auth_token: SecretStr | None = None
    public_url: str | None = None
    data_dir: Path = Path(".voicebot")
    business: str = ""
    smtp_url: SecretStr | None = None

    @property
    def is_in_earnest(self) -> bool:
        """True when a booking here takes a place of a real business, or is mailed."""
        return self.business not in ("", "demo") or self.smtp_url is not None

    @property
    def stream_url(self) -> str:
        """The URL of the media stream."""
        return f"ws://{_reachable(self.stream_host)}:{self.stream_port}/media"

    @property
    def console_url(self) -> str:
        """The URL of the console."""
        return f"http://{_reachable(self.console_host)}:{self.console_port}"

    @property
    def token(self) -> str | None:
        """The first of the console's tokens, or None."""
        given = self.console_token.get_secret_value() if self.console_token else ""
        return next(iter(given.replace(",", " ").split()), None)

    @property
    def signing(self) -> dict[str, str | None]:
        """Return what a call is signed with: the auth token, and the address that is signed."""
        token, public = self.twilio_auth_token, (self.public_url or "").rstrip("/")
        return {
            "auth_token": token.get_secret_value() if token else None,
            "public_url": public.removesuffix("/twiml").removesuffix("/media") or None,
        }


def find_server() -> ServerAddresses:
    """Read the environment and `.env`; raises PhoneError."""
    try:
        return ServerAddresses()
    except (OSError, UnicodeDecodeError) as error:
        raise PhoneError("cannot read .env: it must be UTF-8 text that you may read") from error


def _reachable(host: str) -> str:
    here = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"[{here}]" if ":" in here else here
