"""The kinds of words under their old name, for the readers that are still here."""

from voicebot.collect.reading.words import FUNCTION_WORDS as FUNCTION_WORDS
from voicebot.collect.reading.words import is_common_family as is_common_family
from voicebot.collect.reading.words import is_everyday as is_everyday
from voicebot.collect.reading.words import is_family as is_family
from voicebot.collect.reading.words import is_given as is_given
