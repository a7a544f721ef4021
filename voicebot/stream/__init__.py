"""The provider's door: a WebSocket in and out for each call, and the webhook that announces it.

server        one worker's server: HTTP requests, admission, calls, drain
webhook       what /twiml answers; tokens: what binds a stream to the call it announced
connection    one connection, bounded and fair, and its outbox
dialect       the provider's frames, read and written
session       one call: reads the socket, performs the machine's effects
machine       one call as a pure function, with its `events` and its `state`; two sides meet in it:
              `caller` (`turns`: when has the caller finished?) and `voice` (`playback`: what was
              heard of the bot?)
listening     speech to text and voice activity for one call; speaking: its speech output
observers     what a call tells metrics, trace and rows; metrics: what operators see

Nothing is public: `python -m voicebot.stream` is one stream worker.
"""
