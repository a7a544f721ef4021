"""Parse TwiML, the webhook's answer, into the verbs that voicebot uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from voicebot.errors import PhoneError

LONGEST_PARAMETER: Final = 500
"""The limit of the characters in a `<Parameter>`'s name and value together."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a stream to `url` until the server closes it."""

    url: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Redirect:
    """Ask for new TwiML at `url`, relative to the document's own."""

    url: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text with the provider's voice."""

    text: str


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect the caller with a person."""

    number: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


Verb = Connect | Redirect | Pause | Say | Dial | Hangup


def parse_twiml(document: str) -> tuple[Verb, ...]:
    """Return the verbs in order; raises PhoneError where the provider would end the call."""
    try:
        response = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise PhoneError(f"the webhook's answer is not XML: {error}") from error
    if response.tag != "Response":
        raise PhoneError(f"the webhook's answer is <{response.tag}>, not <Response>")
    return tuple(_verb(element) for element in response)


def _verb(element: ElementTree.Element) -> Verb:
    text = (element.text or "").strip()
    match element.tag:
        case "Connect":
            return _connect(element)
        case "Redirect":
            return _redirect(element, text)
        case "Pause":
            return Pause(float(element.get("length", "1")))
        case "Say":
            return Say(text)
        case "Dial":
            return Dial(text)
        case "Hangup":
            return Hangup()
        case unknown:
            raise PhoneError(f"the webhook answered with <{unknown}>, which this phone cannot do")


def _redirect(element: ElementTree.Element, url: str) -> Redirect:
    # The stream server takes no POST bodies, so a redirect that is not GET could never work.
    if element.get("method", "POST").upper() != "GET":
        raise PhoneError('<Redirect> must say method="GET": the provider would POST')
    return Redirect(url)


def _connect(element: ElementTree.Element) -> Connect:
    stream = element.find("Stream")
    url = stream.get("url", "") if stream is not None else ""
    if stream is None or not url:
        raise PhoneError("<Connect> without <Stream url=…>")
    if "?" in url:
        raise PhoneError(f"the stream's address has a query, which the provider drops: {url}")
    parameters = {p.get("name", ""): p.get("value", "") for p in stream.findall("Parameter")}
    for name, value in parameters.items():
        if len(name) + len(value) >= LONGEST_PARAMETER:
            raise PhoneError(f"<Parameter> {name} is longer than {LONGEST_PARAMETER} characters")
    return Connect(url, parameters)
