"""Staff are told by webhooks to a business's own systems, customers by mail.

Webhooks are signed and delivered at least once:

    call:{sid}:events ──► delivery (one per endpoint) ──► POST ──► 2xx: the cursor moves on
                             │                             └ else: retried for about a day
                             └ lease: one process delivers     └ then: a failed delivery, listed

receivers      the mail server, webhook addresses and keys of the settings; one signed POST
notification   the body of a webhook, from an event of a call's stream
delivery_log   cursors, retries and failed deliveries of each endpoint, in Redis
delivery       one call to one endpoint: retries first, then new events, in order
dispatcher     one endpoint in one process: which calls to check, and when

mail           finds unconfirmed bookings and hands confirmations to an SMTP server
letter         a confirmation as a message with an iCalendar invitation

The work to do is what a call's event stream holds after the endpoint's cursor, not something in
memory. So after a killed process, an outage of Redis or a late replay from the journal, the next
check finds it. The cursor moves after the receiver's 2xx; a crash in between delivers once more,
under the same id. For the promises to receivers see docs/webhooks.md.

What is public

    endpoints, Endpoint             the webhook receivers of the settings
    WebhookClient, Verdict          makes one signed request; what became of it
    trial_body                       the body of an event that says nothing
    FailedDeliveries, WebhookFailure, Place   what receivers did not take; a position in that list
    smtp_server, SmtpServer, sender_address   the mail server of the settings; who confirms
"""

from voicebot.notify.delivery_log import FailedDeliveries, Place, WebhookFailure
from voicebot.notify.notification import trial_body
from voicebot.notify.receivers import (
    Endpoint,
    SmtpServer,
    Verdict,
    WebhookClient,
    endpoints,
    sender_address,
    smtp_server,
)

__all__ = [
    "Endpoint", "FailedDeliveries", "Place", "SmtpServer", "Verdict", "WebhookClient",
    "WebhookFailure", "endpoints", "sender_address", "smtp_server", "trial_body",
]  # fmt: skip
