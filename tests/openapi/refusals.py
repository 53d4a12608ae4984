"""Why a request that the document describes may be refused all the same: for what no schema can say.

`hooks` asks it about each such answer. A refusal that is not here is a finding: then the document lacks a bound, a pattern or a status, or
the server refuses what it should take.
"""

from __future__ import annotations

import re

from schemathesis import Response

REASONS: dict[str, list[str]] = {
    "whether something is there, the document can't know": [
        r"chat not found",
        r"user not found",
        r"message (to \w+ |to be replied )?not found",
        r"message_id names no message that this person sees",
        r"there are no messages to (copy|forward)",
        r"\w+ (is not a user|must be users) of this server",
        r"media not found",
        r"wrong file_id or the file is temporarily unavailable",
        r"wrong file identifier/HTTP URL specified",
        r"query is too old and response timeout expired or query ID is invalid",
        r"(cursor|sync_token) is not one that this server gave",
    ],
    "what is there does not allow it": [
        r"chat member status can't be changed in private chats",
        r"message can't be (copied|edited|deleted|forwarded)",
        r"there is no (text|caption) in the message to edit",
        r"message is not modified",
        r"YOU_BLOCKED_USER",
        r"the account has 50 webhooks already",
        r"\w+ belongs to (somebody else|another group)",
        r"as the account has no default region",
        r"the contact was changed since it was read",
        r"the Idempotency-Key was used before with another request",
    ],
    "one of several parameters is needed, or only one may be there": [
        r"contact_id and chat_id can't be given together",
        r"only one of chat_id, contact_id and phone_number may be given",
        r"chat_id is empty",
        r'parameter "(contact_id|phone_number)"',
        r"to must name label, q or contact_ids",
        r"to can't name contact_ids together with label or q",
        r"replay takes either update_ids or since, and until with the latter",
    ],
    "what a parameter takes hangs on another": [
        r"can't parse BotCommandScope: \w+ is required",
        r"can't parse inline keyboard button: ",
    ],
    "it is read by rules of its own: addresses, certificates, times, formatting": [
        r"bad webhook: ",
        r"invalid webhook URL specified",
        r"send_at must be a Unix time within the next 365 days",
        r"message (caption )?is too long",
        r"can't parse entities: ",
        # Of spaces alone, or of the method that `/` was told to call.
        r"message text is empty",
        r"the first row names no column that says who somebody is",
        r"entity URL '.*' is invalid",
    ],
    "JSON Schema counts 1.0 as an integer, Telegram's objects inside parameters don't": [
        r'Field "\w+" must be a valid Number',
    ],
    "it is larger than a request may be": [
        r"^Request (Header Fields|Entity) Too Large",
    ],
    "HTTP has no such names of parts": [
        r"can't parse multipart body: failed to read headers",
    ],
}
KNOWN = {re.compile("|".join(texts)): why for why, texts in REASONS.items()}


def reason(response: Response) -> str | None:
    """Why it is no finding."""
    try:
        description = response.json().get("description", "")
    except (ValueError, AttributeError):
        return None
    return next((why for texts, why in KNOWN.items() if texts.search(description)), None)
