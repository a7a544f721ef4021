"""Telling others what calls bring: confirmations by mail, webhooks to a business's own systems.

Webhooks are signed and delivered at least once each:

    call:{sid}:events ──► delivery (one per endpoint) ──► POST ──► 2xx: the cursor moves on
                             │                             └ else: retried for about a day
                             └ lease: one process delivers     └ then: a failed delivery, listed

endpoints      addresses and keys from the settings; one signed POST
notification   an event of a call's stream as a receiver is told it
delivery_log   what each endpoint has been told, in Redis
delivery       one call to one endpoint: retries first, then what is new, in order
dispatcher     one endpoint in one process: which calls to look at, and when

mail           finds bookings that are not confirmed yet and hands letters to an SMTP server
letter         a confirmation as a message with an iCalendar invitation

Nothing is handed over in memory: what is to be delivered is what stands in a call's event stream
behind the endpoint's cursor. A sender that is killed, a Redis that was away and a commit that came
out of a journal hours later end alike: the next look finds what is behind the cursor. The cursor
moves after the receiver's 2xx, so a crash in between delivers once more, under the same id. What a
call means to a receiver, and where nothing is promised: docs/webhooks.md.
"""
