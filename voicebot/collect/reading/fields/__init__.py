"""One reader for each field: from an utterance in its situation to candidates."""

from collections.abc import Mapping

from voicebot.call import Step
from voicebot.collect.reading.candidates import Reader
from voicebot.collect.reading.fields.address import address
from voicebot.collect.reading.fields.email import email
from voicebot.collect.reading.fields.name import name
from voicebot.collect.reading.fields.phone import phone
from voicebot.collect.reading.fields.service import service
from voicebot.collect.reading.fields.time import time

READERS: Mapping[Step, Reader] = {
    Step.NAME: name,
    Step.PHONE: phone,
    Step.ADDRESS: address,
    Step.EMAIL: email,
    Step.SERVICE: service,
    Step.TIME: time,
}
"""Every field, by the step that asks for it."""
