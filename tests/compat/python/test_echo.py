"""An unmodified bot of python-telegram-bot, by polling and by webhook, and somebody who talks to it."""

import socket

import pytest
import requests
from kit import Account, Person, Server, echo_bot, eventually


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def talk(server: Server, account: Account, person: Person) -> None:
    """What a person does with the bot, whichever way the bot learns of it."""
    person.write(account.id, "/start")
    greeting = person.sees(account.id, "Hello, Ann Lee! Shall we?")
    mention = greeting["entities"][0]
    assert (mention["type"], mention["offset"], mention["length"]) == ("text_mention", 7, 7)
    assert mention["user"]["id"] == person.id

    person.write(account.id, "Good morning ☀️ 早上好")
    person.sees(account.id, "Good morning ☀️ 早上好")

    yes = greeting["reply_markup"]["inline_keyboard"][0][0]
    assert yes == {"text": "Yes", "callback_data": "yes"}
    pressed = person.act("press", to=account.id, message_id=greeting["message_id"], data=yes["callback_data"])
    edited = person.sees(account.id, "Selected option: yes")
    assert edited["message_id"] == greeting["message_id"]
    assert "reply_markup" not in edited
    path = f"people/{person.id}/presses/{account.id}/{pressed['callback_query_id']}"
    press = server.admin("GET", path)
    assert press["answered"] is True and press["answer"]["text"] == "You said yes"


def test_a_polling_bot_echoes_and_answers_buttons(server: Server, account: Account, person: Person) -> None:
    bot = echo_bot(account, "polling")
    try:
        talk(server, account, person)
    except AssertionError:
        pytest.fail(f"the bot said:\n{bot.errors()}", pytrace=True)
    finally:
        bot.stop()
    # It confirmed what it handled: nothing is left for the next one.
    left = requests.get(f"{account.bot}/getUpdates", timeout=60).json()
    assert left == {"ok": True, "result": []}


def test_what_is_written_while_a_bot_is_away_waits_for_it(server: Server, account: Account, person: Person) -> None:
    for number in range(5):
        person.write(account.id, f"waiting {number}")
    bot = echo_bot(account, "polling")
    try:
        person.sees(account.id, "waiting 4")
    finally:
        bot.stop()
    echoes = [m["text"] for m in person.screen(account.id) if m["from"]["id"] == account.id]
    assert sorted(echoes) == [f"waiting {number}" for number in range(5)]


def test_a_webhook_bot_echoes_and_answers_buttons(server: Server, account: Account, person: Person) -> None:
    port = free_port()
    bot = echo_bot(account, "webhook", str(port))
    try:
        eventually("the webhook", lambda: requests.get(f"{account.bot}/getWebhookInfo", timeout=60).json()["result"]["url"])
        talk(server, account, person)
        info = requests.get(f"{account.bot}/getWebhookInfo", timeout=60).json()["result"]
        assert info["url"] == f"http://127.0.0.1:{port}/hook"
        assert info["has_custom_certificate"] is False
        assert "last_error_message" not in info
    finally:
        bot.stop()
