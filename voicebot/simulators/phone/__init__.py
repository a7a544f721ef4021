"""A simulated phone: the provider of a call, and its caller. A client of the server, no more.

What is public

    Provider, Dialled, Outcome     a call by its webhook's TwiML; its numbers; how it ended
    CALLED, new_call_sid, new_caller   numbers for a call
    Caller                         plays a Script on a Provider's streams
    Clock, FRAME_S                 call time; the seconds of a frame
    MediaStream                    one stream of a call, from its start to its stop
    Console, Record                the console as the phone reads it; a call's record there
    Script, ScriptLine, Kind, Cue, Prompter   what the caller says, and at which question
    load_script, default_script    a script from a TOML file; that of `voicebot call`
    Clip, load_clip, shipped, shipped_clip, spoken, local_voice   the audio of its lines
    parse_twiml, Verb (Connect, Dial, Hangup, Pause, Redirect, Say)   the webhook's answer
    Messages, parse_message, Media, Mark, Clear   the media stream's messages
"""

from voicebot.simulators.phone.caller import Caller
from voicebot.simulators.phone.console import Console, Record
from voicebot.simulators.phone.line import FRAME_S, Clock, MediaStream
from voicebot.simulators.phone.provider import (
    CALLED,
    Dialled,
    Outcome,
    Provider,
    new_call_sid,
    new_caller,
)
from voicebot.simulators.phone.recordings import (
    Clip,
    default_script,
    load_clip,
    local_voice,
    shipped,
    shipped_clip,
    spoken,
)
from voicebot.simulators.phone.script import Cue, Kind, Prompter, Script, ScriptLine, load_script
from voicebot.simulators.phone.twiml import (
    Connect,
    Dial,
    Hangup,
    Pause,
    Redirect,
    Say,
    Verb,
    parse_twiml,
)
from voicebot.simulators.phone.wire import Clear, Mark, Media, Messages, parse_message

__all__ = [
    "CALLED", "FRAME_S", "Caller", "Clear", "Clip", "Clock", "Connect", "Console", "Cue", "Dial",
    "Dialled", "Hangup", "Kind", "Mark", "Media", "MediaStream", "Messages", "Outcome", "Pause",
    "Prompter", "Provider", "Record", "Redirect", "Say", "Script", "ScriptLine", "Verb",
    "default_script", "load_clip", "load_script", "local_voice", "new_call_sid", "new_caller",
    "parse_message", "parse_twiml", "shipped", "shipped_clip", "spoken",
]  # fmt: skip
