"""A walk through the API: a contact, a message, the history, updates, and everything tidied up again.

Run it as `python walk.py`; README.md names its settings. What the client does with faults is in contactgram.py.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from contactgram import Contactgram, ContactgramError, Json, Policy


async def walk(api: Contactgram, peer: str) -> None:
    print(f"token: good for {'a while' if await api.authorise() > 60 else 'a moment'}")
    contact = await api.add_contact(phone_number="+447700900555", first_name="Ann", last_name="Example")
    print(f"contact added: {contact['first_name']} {contact['last_name']}")
    try:
        await talk(api, peer, contact["id"])
    except ContactgramError:
        await leave_nothing_behind(api, contact["id"])
        raise
    await api.remove_contact(contact["id"])
    print("contact removed")


async def talk(api: Contactgram, peer: str, contact_id: int) -> None:
    contact = await api.contact(contact_id)
    print(f"contact fetched: {contact['phone_number']}")

    message = await api.send_message(peer, "Hello from an example!")
    print(f"message sent: {message['text']}")

    messages = await api.messages(limit=10, offset=0)
    print(f"messages read: {len(messages)}, the newest says: {messages[0].get('text', '')}")

    # Pages of one, to show that there are several.
    contacts = [contact async for contact in api.contacts(page_size=1)]
    print(f"contacts paged: {len(contacts)}")

    handled = 0
    async for update in api.updates(wait=1):
        handle(update)
        handled += 1
    print(f"updates handled: {handled}")


def handle(update: Json) -> None:
    text = update.get("message", {}).get("text", "something else")
    print(f"update: {text}")


async def leave_nothing_behind(api: Contactgram, contact_id: int) -> None:
    try:
        await api.remove_contact(contact_id)
    except ContactgramError as error:
        print(f"contact left behind: {error}", file=sys.stderr)


def setting(name: str, otherwise: str | None = None) -> str:
    value = os.environ.get(name, otherwise)
    if value is None:
        sys.exit(f"{name} is not set; README.md says where it comes from")
    return value


async def main() -> None:
    policy = Policy(
        timeout=float(setting("CONTACTGRAM_TIMEOUT", "10")), deadline=float(setting("CONTACTGRAM_DEADLINE", "30"))
    )
    url = setting("CONTACTGRAM_URL", "http://127.0.0.1:8081")
    client = setting("CONTACTGRAM_CLIENT_ID"), setting("CONTACTGRAM_CLIENT_SECRET")
    async with Contactgram(url, *client, policy) as api:
        await walk(api, setting("CONTACTGRAM_PEER", "1234567890"))


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    logging.getLogger("contactgram").setLevel(logging.INFO)
    try:
        asyncio.run(main())
    except ContactgramError as error:
        sys.exit(f"stopped: {error}")
