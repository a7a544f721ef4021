"""A call from the browser: Chromium's fake microphone plays a caller to real speech to text.

The microphone plays a file from its beginning whenever it is opened, and cannot wait for the bot.
So the caller opens it for each line: once the page shows that the bot has spoken and listens, the
line is written into the file and the page's microphone, which takes no notice, is opened anew
behind it. What is said next is what the record says is asked: who is misheard says it again.

    page         speaking │ listening              │ thinking │ speaking │ listening
    microphone            └ opened: the line ──────┘ silence              └ opened: the next
"""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from tests.page.conftest import House, Microphone, ring, running_house
from voicebot import g711
from voicebot.simulators.phone import Clip, local_voice, shipped_clip

pytestmark = [pytest.mark.page, pytest.mark.audio, pytest.mark.slow]

A_TURN_MS = 60_000
"""By far the longest: the bot's longest sentence takes ten seconds, stt some more."""
MOST_TURNS = 20
# What is said to a question that is no step: a time of their own, to the times that are offered.
CLIPS = {"confirm": "yes", "choice": "time"}
LEAD_S = 0.4
"""The microphone's noise suppression begins anew each time it is opened, and needs a moment."""
NUMBER = "0412345678#"
BETWEEN_WISHES_S = 5.0
"""The line opens after 0.5 to 2 s; a wish that came before it, or was misheard, comes again."""

OPENED_FOR_EACH_LINE = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const desk = new AudioContext();
  const line = desk.createMediaStreamDestination();
  let before = null;
  window.say = async () => {
    before?.getTracks().forEach((track) => track.stop());
    before = await open(wanted);
    desk.createMediaStreamSource(before).connect(line);
  };
  return line.stream;
};
"""

SAID = ".transcript .bot:not(.now)"
LISTENS = """
(before) => {
  if (document.querySelector('.phone:is([data-state=over], [data-state=dialled])')) return true;
  const said = document.querySelectorAll('.transcript .bot:not(.now)').length;
  if (document.querySelector('article .state-speaking')) window.spoken = said;
  const listens = said > before && window.spoken === said && document.querySelector('article .state-listening');
  // It also listens to a word that interrupts it, for as long as that lasts; then it has more to say.
  window.since = listens ? (window.since ?? performance.now()) : null;
  return listens && performance.now() - window.since > 1200;
}
"""  # noqa: E501 - a page's script


@pytest.fixture(scope="module")
def spoken_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Servers with real speech recognition and a real voice, where only who signs may call."""
    settings = {"VOICEBOT_TRANSCRIBER": "local", "VOICEBOT_SYNTHESIZER": "local"}
    settings["VOICEBOT_TWILIO_AUTH_TOKEN"] = "any-secret"
    with running_house(tmp_path_factory.mktemp("browser-call"), settings) as house:
        yield house


class Caller:
    """A person at the page."""

    def __init__(self, page: Page, microphone: Microphone, house: House) -> None:
        self._page = page
        self._microphone = microphone
        self._house = house
        self._bot_said = 0
        page.add_init_script(OPENED_FOR_EACH_LINE)
        page.goto(house.console)

    def ring(self) -> None:
        """Call, and hear the bot begin."""
        ring(self._page)
        expect(self._page.locator(SAID)).to_have_count(1)
        expect(self._page.locator("article .state-speaking")).to_be_visible()
        self._bot_said = 1

    def say(self, *names: str) -> None:
        """Shipped clips, in one breath."""
        clips = [shipped_clip(f"john_{name}.wav").cut() for name in names]
        voice = [g711.decode(clip.audio) for clip in clips]
        self._microphone.plays(np.concatenate([silence(LEAD_S), *voice]))
        self._page.evaluate("say()")

    def key(self, digits: str) -> None:
        """Press these keys of the page's keypad."""
        keypad = self._page.get_by_role("group", name="Keypad")
        for digit in digits:
            keypad.get_by_role("button", name=digit, exact=True).click()

    def listen(self) -> None:
        """Until the bot has answered and waits, or the call is over."""
        self._page.wait_for_function(LISTENS, arg=self._bot_said, timeout=A_TURN_MS)
        self._bot_said = self._page.locator(SAID).count()

    @property
    def asked(self) -> str | None:
        """A step, `confirm`, or nothing any more."""
        sid = self._page.url.rpartition("/")[2]
        with urlopen(f"{self._house.console}/calls/{sid}", timeout=20) as answer:
            found: str | None = json.load(answer)["asking"]
            return found


def test_a_call_from_the_browser_spoken_and_keyed_interrupts_the_bot_and_books_a_slot(
    calling_page: Page, microphone: Microphone, spoken_house: House
) -> None:
    page, caller = calling_page, Caller(calling_page, microphone, spoken_house)
    caller.ring()
    caller.say("name", "service", "time")
    caller.listen()
    greeting = page.locator(".transcript .bot .cut").first
    expect(greeting).to_contain_text("cut off by the caller")
    expect(greeting.locator("s")).to_contain_text("name")
    for _ in range(MOST_TURNS):
        asked = caller.asked
        if asked is None:
            break
        if asked == "phone":
            caller.key(NUMBER)
        else:
            caller.say(CLIPS.get(asked, asked))
        caller.listen()
    expect(page.locator("article .state-booked")).to_be_visible()
    expect(page.locator(".steps .full")).to_have_count(6)
    expect(page.locator(".phone[data-state=over]")).to_be_visible(timeout=A_TURN_MS)
    expect(page.locator(".phone [role=status]")).to_have_text("Call ended: booked")


def test_a_caller_who_wants_a_person_is_shown_who_would_be_dialled(
    calling_page: Page, microphone: Microphone, spoken_house: House
) -> None:
    page = calling_page
    wish = said(spoken_house, "I would like to talk to a real person, please.")
    again_and_again = [silence(BETWEEN_WISHES_S), g711.decode(wish.audio)] * MOST_TURNS
    microphone.plays(np.concatenate(again_and_again))
    page.goto(spoken_house.console)
    ring(page)
    expect(page.locator(".phone[data-state=dialled]")).to_be_visible(timeout=A_TURN_MS)
    expect(page.locator(".phone [role=status]")).to_contain_text("put through to +61")
    expect(page.locator("article .banner.person")).to_be_visible()


def said(house: House, text: str) -> Clip:
    """A sentence of a synthetic caller's, by the server's own voice at a higher pitch."""

    async def speak() -> Clip:
        async with local_voice(house.server.data_dir) as voice:
            return await voice.speak(text)

    with ThreadPoolExecutor(1) as aside:  # Playwright's loop is running in this thread
        return aside.submit(asyncio.run, speak()).result()


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(round(seconds * g711.RATE_HZ), dtype=np.int16)
