"""Refusals as python-telegram-bot sorts them: by status and, for some, by the words of the description."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from kit import Account, Person, waiting
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken


def bot_of(account: Account, token: str | None = None) -> Bot:
    return Bot(token or account.token, base_url=f"{account.server.url}/bot")


def refused(account: Account, story: Callable[[Bot], Awaitable[Any]], kind: type[Exception]) -> str:
    """Runs the story, expects it to be refused, and returns the library's text."""

    async def told() -> None:
        async with bot_of(account) as bot:
            await story(bot)

    with pytest.raises(kind) as refusal:
        asyncio.run(told())
    assert type(refusal.value) is kind
    return str(refusal.value)


@pytest.fixture
def known(account: Account, person: Person) -> Person:
    person.write(account.id, "hello")
    return person


def test_a_wrong_secret_is_an_invalid_token(account: Account) -> None:
    wrong = f"{account.id}:{'A' * 35}"
    with pytest.raises(InvalidToken):
        asyncio.run(bot_of(account, wrong).get_me())


def test_an_unknown_chat_is_not_found(account: Account) -> None:
    assert refused(account, lambda bot: bot.send_message(987_654_321, "x"), BadRequest) == "Chat not found"


def test_an_empty_text_is_refused_before_its_chat(account: Account) -> None:
    assert refused(account, lambda bot: bot.send_message(987_654_321, ""), BadRequest) == "Message text is empty"


def test_a_text_has_4096_characters_at_most(account: Account, known: Person) -> None:
    assert refused(account, lambda bot: bot.send_message(known.id, "x" * 4097), BadRequest) == "Message is too long"


def test_broken_markup_is_explained(account: Account, known: Person) -> None:
    text = refused(account, lambda bot: bot.send_message(known.id, "<b>x", parse_mode="HTML"), BadRequest)
    assert text.startswith("Can't parse entities: can't find end tag corresponding to start tag")
    text = refused(account, lambda bot: bot.send_message(known.id, "1.5", parse_mode="MarkdownV2"), BadRequest)
    assert text.startswith("Can't parse entities: character '.' is reserved")


def test_an_edit_must_change_something(account: Account, known: Person) -> None:
    async def story(bot: Bot) -> None:
        sent = await bot.send_message(known.id, "same")
        await bot.edit_message_text("same", known.id, sent.message_id)

    assert refused(account, story, BadRequest) == (
        "Message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )


def test_messages_that_are_not_there(account: Account, known: Person) -> None:
    stories: dict[str, Callable[[Bot], Awaitable[Any]]] = {
        "Message to edit not found": lambda bot: bot.edit_message_text("x", known.id, 99_999),
        "Message to delete not found": lambda bot: bot.delete_message(known.id, 99_999),
        "Message to forward not found": lambda bot: bot.forward_message(known.id, known.id, 99_999),
        "Message to copy not found": lambda bot: bot.copy_message(known.id, known.id, 99_999),
        "Message to be replied not found": lambda bot: bot.send_message(known.id, "x", reply_to_message_id=99_999),
    }
    told = {expected: refused(account, story, BadRequest) for expected, story in stories.items()}
    assert told == {expected: expected for expected in stories}


def test_the_persons_own_message_can_not_be_edited(account: Account, known: Person) -> None:
    async def story(bot: Bot) -> None:
        theirs = (await waiting(bot, 1))[0].message
        await bot.edit_message_text("mine", known.id, theirs.message_id)

    assert refused(account, story, BadRequest) == "Message can't be edited"


def test_callback_data_has_64_bytes_at_most(account: Account, known: Person) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="é" * 33)]])
    assert refused(account, lambda bot: bot.send_message(known.id, "x", reply_markup=keyboard), BadRequest) == "Button_data_invalid"


def test_a_callback_query_that_never_was(account: Account) -> None:
    text = refused(account, lambda bot: bot.answer_callback_query("123456789"), BadRequest)
    assert text == "Query is too old and response timeout expired or query id is invalid"


def test_who_blocks_the_account_gets_nothing(account: Account, known: Person) -> None:
    known.act("block", account_id=account.id)
    text = refused(account, lambda bot: bot.send_message(known.id, "x"), Forbidden)
    assert text == "Forbidden: bot was blocked by the user"
    known.act("unblock", account_id=account.id)
    with pytest.raises(pytest.fail.Exception):
        refused(account, lambda bot: bot.send_message(known.id, "welcome back"), Forbidden)


def test_the_newer_of_two_pollers_wins(account: Account) -> None:
    async def story(bot: Bot) -> None:
        older = asyncio.create_task(bot.get_updates(timeout=30))
        await asyncio.sleep(1)
        async with bot_of(account) as second:
            newer = asyncio.create_task(second.get_updates(timeout=4))
            try:
                await older
            finally:
                assert await newer == ()

    text = refused(account, story, Conflict)
    assert text == "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


def test_a_webhook_keeps_pollers_away(account: Account) -> None:
    async def story(bot: Bot) -> None:
        await bot.set_webhook("http://127.0.0.1:9/hook")
        await bot.get_updates()

    text = refused(account, story, Conflict)
    assert text == "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
