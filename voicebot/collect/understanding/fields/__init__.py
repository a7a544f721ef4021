"""One reader for each field: from an utterance in its situation to candidates."""

from collections.abc import Mapping

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Reader
from voicebot.collect.understanding.es.address import address as spanish_address
from voicebot.collect.understanding.fields.address import address
from voicebot.collect.understanding.fields.email import email
from voicebot.collect.understanding.fields.mends import mending
from voicebot.collect.understanding.fields.name import name
from voicebot.collect.understanding.fields.phone import phone
from voicebot.collect.understanding.fields.service import service
from voicebot.collect.understanding.fields.time import time
from voicebot.collect.understanding.zh.address import address as chinese_address
from voicebot.collect.understanding.zh.name import name as chinese_name
from voicebot.collect.understanding.zh.time import time as chinese_time

READERS: Mapping[Step, Reader] = {
    Step.NAME: name,
    Step.PHONE: phone,
    Step.ADDRESS: address,
    Step.EMAIL: email,
    Step.SERVICE: service,
    Step.TIME: time,
}
"""Every field, by the step that asks for it."""
_CHINESE: Mapping[Step, Reader] = {
    **READERS,
    Step.NAME: chinese_name,
    Step.ADDRESS: chinese_address,
    Step.TIME: chinese_time,
}
_SPANISH: Mapping[Step, Reader] = {**READERS, Step.ADDRESS: spanish_address}


_MENDING, _MENDING_CHINESE, _MENDING_SPANISH = (
    {step: mending(step, reader) for step, reader in each.items()}
    for each in (READERS, _CHINESE, _SPANISH)
)


def readers(language: str) -> Mapping[Step, Reader]:
    """Return the readers of a language, by the step that asks for each field; all mend."""
    if language.startswith("zh"):
        return _MENDING_CHINESE
    return _MENDING_SPANISH if language.startswith("es") else _MENDING
