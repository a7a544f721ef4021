"""The provider's webhook: what /twiml answers to which request. Decisions, no sockets.

GET  /twiml?CallSid=…&From=…&To=…[&try=N]    what the provider shall do with a call now
POST /twiml  with the same as a form         the same

A browser's stream has its call and its token in the address, /media/web-…/<token>: it cannot sign
its upgrade, so the token is verified before the socket opens, and consumed with `start`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit
from xml.sax.saxutils import escape, quoteattr

from websockets.http11 import Request

from voicebot import signature
from voicebot.business import Business
from voicebot.call import BROWSER_PREFIX, CallSid, Status, parse_call_sid
from voicebot.errors import InvalidRequest
from voicebot.log import get_logger
from voicebot.runtime.ports import is_authority
from voicebot.settings import Settings
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
}

StatusOf = Callable[[CallSid], Awaitable[Status | None]]
_log = get_logger("voicebot.stream.webhook")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path with query, the Host it named, who signed it, and a POST's form."""

    path: str
    host: str
    signature: str | None
    form: tuple[tuple[str, str], ...] = ()

    @property
    def parameters(self) -> dict[str, str]:
        """Each parameter's first value; empty ones are left out."""
        given = (*self.form, *parse_qsl(urlsplit(self.path).query))
        return {key: value for key, value in reversed(given) if value}


def read_request(request: Request, body: bytes) -> Asked:
    """What a request asks; raises InvalidRequest where two readers could read it differently."""
    hosts = request.headers.get_all("Host")
    signatures = request.headers.get_all(signature.HEADER)
    if len(hosts) != 1 or len(signatures) > 1:
        raise InvalidRequest("one Host and at most one signature, please")
    if not is_authority(hosts[0]):
        raise InvalidRequest("this Host is no name with a port")
    form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return Asked(request.path, hosts[0], signatures[0] if signatures else None, tuple(form))


class Addresses:
    """How the world reaches this door: from settings, else from what the request says."""

    def __init__(self, settings: Settings) -> None:
        self._public = urlsplit(settings.public_url.rstrip("/")) if settings.public_url else None

    @property
    def base(self) -> str:
        """The path before ours, where a proxy puts one."""
        return self._public.path if self._public else ""

    def stream_url(self, host: str) -> str:
        """Where the provider shall stream to."""
        return self._url(host, ("ws", "wss"), MEDIA)[-1]

    def webhook_urls(self, asked: Asked) -> list[str]:
        """What the provider may have signed when it asked."""
        urls = self._url(asked.host, ("http", "https"), asked.path)
        return [form for url in urls for form in signature.webhook_forms(url)]

    def upgrade_urls(self, asked: Asked) -> list[str]:
        """The same for an upgrade to WebSocket."""
        urls = self._url(asked.host, ("ws", "wss"), asked.path)
        return [form for url in urls for form in signature.upgrade_forms(url)]

    def _url(self, host: str, schemes: tuple[str, str], path: str) -> list[str]:
        """The address of `path`; without a public URL in both schemes, the plain one last."""
        plain, secure = schemes
        if self._public is None:
            return [f"{secure}://{host}{path}", f"{plain}://{host}{path}"]
        scheme = plain if self._public.scheme in ("http", "ws") else secure
        at = SplitResult(scheme, self._public.netloc, "", "", "")
        return [urlunsplit(at) + self.base + path]


class Webhook:
    """Answers /twiml."""

    def __init__(
        self, settings: Settings, business: Business, status_of: StatusOf, tokens: StreamTokens
    ) -> None:
        self._business = business
        self._status_of = status_of
        self._tokens = tokens
        self._addresses = Addresses(settings)
        token = settings.twilio_auth_token
        self._auth_token = token.get_secret_value() if token else None

    def is_genuine_request(self, asked: Asked) -> bool:
        """Did the provider sign this request for TwiML? True where no auth token is set."""
        return self._is_signed(asked, self._addresses.webhook_urls)

    def is_genuine_upgrade(self, asked: Asked) -> bool:
        """Did the provider sign this upgrade, or was it announced as a browser's?

        True where no auth token is set.
        """
        return self._is_signed(asked, self._addresses.upgrade_urls) or self._is_a_browsers(asked)

    def _is_a_browsers(self, asked: Asked) -> bool:
        browser = browser_in(asked.path)
        return browser is not None and self._tokens.verify(*browser, Bearer.BROWSER)

    def _is_signed(self, asked: Asked, urls: Callable[[Asked], list[str]]) -> bool:
        if self._auth_token is None:
            return True
        return signature.is_signed(self._auth_token, urls(asked), asked.signature, asked.form)

    async def answer(self, asked: Asked, *, has_room: bool) -> str:
        """The TwiML for this call; raises InvalidCallSid.

        Who names no call (a person with a browser, a trial) is told where calls are streamed to,
        without a token.
        """
        parameters = asked.parameters
        given = parameters.get("CallSid")
        call_sid = parse_call_sid(given) if given is not None else None
        match await self._status_of(call_sid) if call_sid is not None else None:
            case Status.BOOKED | Status.INCOMPLETE:
                return twiml_hang_up()
            case Status.TRANSFER:
                number = self._business.transfer_to
                return twiml_dial(number) if number else twiml_hang_up()
            case _ if has_room:
                return self._connect(call_sid, asked.host, parameters)
            case _:
                return self._put_off(_tries(parameters))

    def _connect(self, call_sid: CallSid | None, host: str, asked: dict[str, str]) -> str:
        url = self._addresses.stream_url(host)
        parameters = {
            name.lower(): _LOST_PLUS.sub("+", _printable(asked.get(name, "")))[:_MAX_NUMBER]
            for name in ("From", "To")
        }
        if call_sid is None:
            return twiml_connect(url, parameters, self._webhook_path)
        if call_sid.startswith(BROWSER_PREFIX):
            url = f"{url}/{call_sid}/{self._tokens.issue(call_sid, Bearer.BROWSER)}"
        else:
            parameters = {"token": self._tokens.issue(call_sid), **parameters}
        return twiml_connect(url, parameters, self._webhook_path)

    def _put_off(self, tries: int) -> str:
        _log.info("call_put_off", tries=tries)
        if tries >= MAX_TRIES:
            metrics.calls_refused[Refusal.APOLOGISED].inc()
            language = self._business.language
            return twiml_apologise(_APOLOGY[language], language)
        metrics.calls_refused[Refusal.PUT_OFF].inc()
        return twiml_wait(self._webhook_path, tries + 1)

    @property
    def _webhook_path(self) -> str:
        return self._addresses.base + TWIML


def browser_in(path: str) -> tuple[CallSid, str] | None:
    """Return callSid and token of a browser's stream address; None for any other address."""
    call_sid, slash, given = path.partition("?")[0].removeprefix(f"{MEDIA}/").partition("/")
    if not slash or not call_sid.startswith(BROWSER_PREFIX):
        return None
    return CallSid(call_sid), given


def _printable(text: str) -> str:
    """Return the text without control characters and the like: XML has no way to write them."""
    return "".join(character for character in text if character.isprintable())


def _tries(parameters: dict[str, str]) -> int:
    given = parameters.get("try", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0


def twiml_connect(stream_url: str, parameters: Mapping[str, str], webhook_path: str) -> str:
    """Stream this call to `stream_url`; ask the webhook again when that is over.

    The verb after <Connect> is what makes a call survive us: the provider falls through to it
    whenever the stream ends, for whatever reason, and asks again what to do now.
    """
    given = "".join(
        f"<Parameter name={quoteattr(name)} value={quoteattr(value)}/>"
        for name, value in parameters.items()
        if value
    )
    stream = f"<Stream url={quoteattr(stream_url)}>{given}</Stream>"
    return _response(f"<Connect>{stream}</Connect>{_redirect(webhook_path)}")


def twiml_wait(webhook_path: str, tries: int) -> str:
    """Nobody is free: ask again in a moment. `tries` is how often that was said, this included."""
    return _response(f'<Pause length="{PAUSE_S}"/>{_redirect(f"{webhook_path}?try={tries}")}')


def twiml_apologise(words: str, language: str) -> str:
    """Nobody was free for too long."""
    return _response(f"<Say language={quoteattr(language)}>{escape(words)}</Say><Hangup/>")


def twiml_hang_up() -> str:
    """The call is over."""
    return _response("<Hangup/>")


def twiml_dial(number: str) -> str:
    """Put the caller through to a person."""
    return _response(f"<Dial>{escape(number)}</Dial><Hangup/>")


def _redirect(path: str) -> str:
    return f'<Redirect method="GET">{escape(path)}</Redirect>'


def _response(verbs: str) -> str:
    return f"{_TWIML_HEAD}<Response>{verbs}</Response>"
