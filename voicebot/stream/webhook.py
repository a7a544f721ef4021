"""The provider's webhook: is its signature right, what /twiml answers. Decisions, no sockets.

GET  /twiml?CallSid=…&From=…&To=…[&try=N]    what the provider shall do with a call now
POST /twiml  with the same as a form         the same

After a transfer the provider comes back with DialCallStatus: whether a person answered is told to
staff, and to a caller whom nobody answered.

A browser's stream has its call and its token in the address, /media/web-…/<token>: it cannot sign
its upgrade, so the token is verified before the socket opens, and consumed with `start`. So has a
stream of SignalWire, which signs the webhook and not the upgrade.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit
from xml.etree.ElementTree import Element, tostring

from websockets.http11 import Request

from voicebot.business import Business
from voicebot.call import BROWSER_PREFIX, CallSid, Status, parse_call_sid
from voicebot.collect.wording import load_wording
from voicebot.errors import InvalidRequest
from voicebot.log import get_logger
from voicebot.runtime.ports import is_authority
from voicebot.settings import Settings
from voicebot.signature import HEADER, SIGNALWIRE_HEADER, is_signed, signed_forms
from voicebot.stream import metrics
from voicebot.stream.metrics import Refusal
from voicebot.stream.tokens import Bearer, StreamTokens

MEDIA: Final = "/media"
TWIML: Final = "/twiml"
PAUSE_S: Final = 2
MAX_TRIES: Final = 5
_TWIML_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_MAX_NUMBER: Final = 128
"""A <Parameter> may hold 500 characters; no number or SIP address needs as many."""
_LOST_PLUS: Final = re.compile(r" (?=[0-9]{4,15}$)")
"""In a form a bare + is a space; no number begins with one."""
_APOLOGY: Final = {
    "en": "Sorry, all our lines are busy just now. Please call again in a few minutes.",
    "zh-CN": "抱歉，目前线路繁忙，请过几分钟再打来。",
    "es": "Lo siento, todas las líneas están ocupadas. Llame de nuevo en unos minutos.",
}

DIALLED: Final = "DialCallStatus"
REACHED: Final = ("completed", "answered")
"""The provider's words for a call to a person that was answered; all others are that it was not.
https://www.twilio.com/docs/voice/twiml/dial#action"""
_DIAL_OUTCOMES: Final = (*REACHED, "busy", "no-answer", "failed", "canceled")

StatusOf = Callable[[CallSid], Awaitable[Status | None]]
NoteDialled = Callable[[CallSid, str, bool], None]
"""Told how the call to a person ended: the provider's word, and whether one answered."""
_log = get_logger("voicebot.stream.webhook")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path with query, the Host it named, who signed it, and a POST's form.

    signs_streams  whether this provider will sign the upgrade of the stream's WebSocket, too
    """

    path: str
    host: str
    signature: str | None
    form: tuple[tuple[str, str], ...] = ()
    signs_streams: bool = True

    @property
    def parameters(self) -> dict[str, str]:
        """Each parameter's first value; empty ones are left out."""
        given = (*self.form, *parse_qsl(urlsplit(self.path).query))
        return {key: value for key, value in reversed(given) if value}


def read_request(request: Request, body: bytes) -> Asked:
    """Parse a request; raises InvalidRequest where two readers could read it differently."""
    hosts = request.headers.get_all("Host")
    ours = request.headers.get_all(SIGNALWIRE_HEADER)
    signatures = ours or request.headers.get_all(HEADER)
    if len(hosts) != 1 or len(signatures) > 1:
        raise InvalidRequest("one Host and at most one signature, please")
    if not is_authority(hosts[0]):
        raise InvalidRequest("this Host is no name with a port")
    form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    signature = signatures[0] if signatures else None
    return Asked(request.path, hosts[0], signature, tuple(form), signs_streams=not ours)


class Webhook:
    """Answers /twiml, and knows which requests are genuine.

    The world reaches this door as the settings say, else as the request itself says.
    """

    def __init__(
        self,
        settings: Settings,
        business: Business,
        status_of: StatusOf,
        tokens: StreamTokens,
        note_dialled: NoteDialled,
    ) -> None:
        self._business = business
        self._note_dialled = note_dialled
        self._status_of = status_of
        self._tokens = tokens
        self._public = urlsplit(settings.public_url.rstrip("/")) if settings.public_url else None
        self._base = self._public.path if self._public else ""
        token = settings.twilio_auth_token
        self._auth_token = token.get_secret_value() if token else None

    def is_genuine_request(self, asked: Asked) -> bool:
        """Return whether the provider signed this request; True where no auth token is set."""
        urls = self._urls(asked.host, ("http", "https"), asked.path)
        return self._is_signed(asked, [form for url in urls for form in signed_forms(url)])

    def is_genuine_upgrade(self, asked: Asked) -> bool:
        """Return whether the provider signed this upgrade, or its address has a token for it.

        True where no auth token is set.
        """
        urls = self._urls(asked.host, ("ws", "wss"), asked.path)
        if self._is_signed(
            asked, [form for url in urls for form in signed_forms(url, upgrade=True)]
        ):
            return True
        announced = announced_in(asked.path)
        return announced is not None and self._tokens.verify(*announced)

    def _is_signed(self, asked: Asked, urls: list[str]) -> bool:
        if self._auth_token is None:
            return True
        return is_signed(self._auth_token, urls, asked.signature, asked.form)

    def _urls(self, host: str, schemes: tuple[str, str], path: str) -> list[str]:
        """Return the addresses of `path`; without a public URL of both schemes, the plain last."""
        plain, secure = schemes
        if self._public is None:
            return [f"{secure}://{host}{path}", f"{plain}://{host}{path}"]
        scheme = plain if self._public.scheme in ("http", "ws") else secure
        return [f"{scheme}://{self._public.netloc}{self._base}{path}"]

    async def answer(self, asked: Asked, *, has_room: bool) -> str:
        """Return the TwiML for this call; raises InvalidCallSid.

        Who names no call (a person with a browser, a trial) is told where calls are streamed to,
        without a token.
        """
        parameters = asked.parameters
        given = parameters.get("CallSid")
        call_sid = parse_call_sid(given) if given is not None else None
        status = await self._status_of(call_sid) if call_sid is not None else None
        if call_sid is not None and status is Status.TRANSFER and self._business.transfer_to:
            return self._transfer(call_sid, self._business.transfer_to, parameters.get(DIALLED))
        if status not in (None, Status.ACTIVE, Status.ABANDONED):
            return _twiml(_verb("Hangup"))
        if has_room:
            return self._connect(call_sid, asked, parameters)
        return self._put_off(_tries(parameters))

    def _connect(self, call_sid: CallSid | None, by: Asked, asked: dict[str, str]) -> str:
        """Stream this call; ask the webhook again when that is over.

        The verb after <Connect> is what makes a call survive us: the provider falls through to it
        whenever the stream ends, for whatever reason, and asks again what to do now.
        """
        url = self._urls(by.host, ("ws", "wss"), MEDIA)[-1]
        parameters = {
            name.lower(): _LOST_PLUS.sub("+", _printable(asked.get(name, "")))[:_MAX_NUMBER]
            for name in ("From", "To")
        }
        if call_sid is not None and call_sid.startswith(BROWSER_PREFIX):
            url = f"{url}/{call_sid}/{self._tokens.issue(call_sid, Bearer.BROWSER)}"
        elif call_sid is not None and not by.signs_streams:
            url = f"{url}/{call_sid}/{self._tokens.issue(call_sid, Bearer.ADDRESS)}"
        elif call_sid is not None:
            parameters = {"token": self._tokens.issue(call_sid), **parameters}
        connect, stream = _verb("Connect"), _verb("Stream", url=url)
        stream.extend(_verb("Parameter", name=n, value=v) for n, v in parameters.items() if v)
        connect.append(stream)
        return _twiml(connect, self._ask_again(""))

    def _transfer(self, call_sid: CallSid, number: str, outcome: str | None) -> str:
        """Dial a person's number; when that has ended, say so to a caller whom nobody answered."""
        if outcome is None:
            again = {"action": f"{self._base}{TWIML}", "method": "GET"}
            return _twiml(_verb("Dial", number, **again), _verb("Hangup"))
        outcome = outcome if outcome in _DIAL_OUTCOMES else "failed"
        reached = outcome in REACHED
        _log.info("transfer_ended", call_sid=call_sid, outcome=outcome)
        self._note_dialled(call_sid, outcome, reached)
        if reached:
            return _twiml(_verb("Hangup"))
        line = load_wording(self._business).line("reply.no_person")
        return _twiml(_verb("Say", line, language=self._business.language), _verb("Hangup"))

    def _put_off(self, tries: int) -> str:
        _log.info("call_put_off", tries=tries)
        if tries >= MAX_TRIES:
            metrics.calls_refused[Refusal.APOLOGISED].inc()
            language = self._business.language
            return _twiml(_verb("Say", _APOLOGY[language], language=language), _verb("Hangup"))
        metrics.calls_refused[Refusal.PUT_OFF].inc()
        return _twiml(_verb("Pause", length=str(PAUSE_S)), self._ask_again(f"?try={tries + 1}"))

    def _ask_again(self, query: str) -> Element:
        return _verb("Redirect", f"{self._base}{TWIML}{query}", method="GET")


def announced_in(path: str) -> tuple[CallSid, str, Bearer] | None:
    """Return callSid, token and bearer of an address that has them; None for any other address."""
    door, _, place = path.partition("?")[0].partition(f"{MEDIA}/")
    call_sid, slash, given = place.partition("/")
    if door or not slash:
        return None
    bearer = Bearer.BROWSER if call_sid.startswith(BROWSER_PREFIX) else Bearer.ADDRESS
    return CallSid(call_sid), given, bearer


def _printable(text: str) -> str:
    """Leave out control characters and the like: XML has no way to write them."""
    return "".join(character for character in text if character.isprintable())


def _tries(parameters: dict[str, str]) -> int:
    given = parameters.get("try", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0


def _verb(tag: str, text: str | None = None, **attributes: str) -> Element:
    verb = Element(tag, attributes)
    verb.text = text
    return verb


def _twiml(*verbs: Element) -> str:
    response = Element("Response")
    response.extend(verbs)
    return _TWIML_HEAD + tostring(response, encoding="unicode")
