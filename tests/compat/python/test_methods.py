"""The methods of the Bot API through python-telegram-bot, which refuses any object that lacks a field."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from kit import Account, Person, Server, waiting
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode

Run = Callable[[Callable[[Bot], Awaitable[Any]]], Any]


@pytest.fixture
def run(account: Account) -> Run:
    """Runs a story with the account's bot."""

    def run(story: Callable[[Bot], Awaitable[Any]]) -> Any:
        async def told() -> Any:
            api = account.server.url
            async with Bot(account.token, base_url=f"{api}/bot", base_file_url=f"{api}/file/bot") as bot:
                return await story(bot)

        return asyncio.run(told())

    return run


@pytest.fixture
def known(account: Account, person: Person) -> Person:
    """Somebody who has written to the account."""
    person.write(account.id, "hello")
    return person


def entities(message: Any) -> list[tuple[str, str]]:
    return [(kind.type, text) for kind, text in message.parse_entities().items()]


def test_get_me_tells_who_the_account_is(run: Run, account: Account) -> None:
    me = run(lambda bot: bot.get_me())
    assert (me.id, me.is_bot, me.first_name) == (account.id, True, "Shop")
    assert me.username and me.can_join_groups is not None and me.supports_inline_queries is not None


def test_html_becomes_entities_that_count_utf16(run: Run, known: Person, account: Account) -> None:
    text = (
        '👋 <b>bold</b> <i>italic</i> <u>under</u> <s>gone</s> <code>x &lt; 1</code> <a href="https://example.com/">link</a> '
        '<tg-spoiler>secret</tg-spoiler> <pre><code class="language-python">print()</code></pre>'
    )
    sent = run(lambda bot: bot.send_message(known.id, text, parse_mode=ParseMode.HTML))
    assert sent.text == "👋 bold italic under gone x < 1 link secret print()"
    assert entities(sent) == [
        ("bold", "bold"),
        ("italic", "italic"),
        ("underline", "under"),
        ("strikethrough", "gone"),
        ("code", "x < 1"),
        ("text_link", "link"),
        ("spoiler", "secret"),
        ("pre", "print()"),
    ]
    assert (sent.entities[0].offset, sent.entities[-1].language) == (3, "python")
    assert sent.entities[5].url == "https://example.com/"
    assert known.sees(account.id, sent.text)["entities"][0] == {"offset": 3, "length": 4, "type": "bold"}


def test_markdown_becomes_entities(run: Run, known: Person) -> None:
    text = "*bold _both_* ~gone~ ||secret|| `code` [link](https://example.com/) 1\\.5"
    sent = run(lambda bot: bot.send_message(known.id, text, parse_mode=ParseMode.MARKDOWN_V2))
    assert sent.text == "bold both gone secret code link 1.5"
    # Telegram cuts styles that lie over each other at every edge.
    assert entities(sent) == [
        ("bold", "bold "),
        ("bold", "both"),
        ("italic", "both"),
        ("strikethrough", "gone"),
        ("spoiler", "secret"),
        ("code", "code"),
        ("text_link", "link"),
    ]


def test_entities_can_be_sent_and_others_are_found(run: Run, known: Person) -> None:
    text = "see example.com, mail me@example.com, /help @someone #tag"
    bold = MessageEntity(MessageEntity.BOLD, 0, 3)
    sent = run(lambda bot: bot.send_message(known.id, text, entities=[bold]))
    assert entities(sent) == [
        ("bold", "see"),
        ("url", "example.com"),
        ("email", "me@example.com"),
        ("bot_command", "/help"),
        ("mention", "@someone"),
        ("hashtag", "#tag"),
    ]


def test_a_sent_message_is_complete(run: Run, known: Person, account: Account) -> None:
    sent = run(lambda bot: bot.send_message(known.id, "complete", disable_notification=True, protect_content=True))
    assert (sent.from_user.id, sent.from_user.is_bot) == (account.id, True)
    assert (sent.chat.id, sent.chat.type, sent.chat.first_name, sent.chat.last_name) == (known.id, "private", "Ann", "Lee")
    assert abs(datetime.now(timezone.utc) - sent.date) < timedelta(minutes=5)
    assert sent.has_protected_content is True


def test_a_reply_holds_what_it_answers(run: Run, known: Person) -> None:
    async def story(bot: Bot) -> None:
        first = await bot.send_message(known.id, "question")
        reply = await bot.send_message(known.id, "answer", reply_parameters=ReplyParameters(first.message_id))
        assert reply.reply_to_message.message_id == first.message_id
        assert reply.reply_to_message.text == "question"
        orphan = ReplyParameters(999_999, allow_sending_without_reply=True)
        assert (await bot.send_message(known.id, "anyway", reply_parameters=orphan)).reply_to_message is None

    run(story)


def test_a_message_is_edited_and_deleted(run: Run, known: Person, account: Account) -> None:
    async def story(bot: Bot) -> None:
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Site", url="https://example.com/")]])
        first = await bot.send_message(known.id, "before", reply_markup=keyboard)
        assert first.reply_markup == keyboard
        edited = await bot.edit_message_text("<i>after</i>", known.id, first.message_id, parse_mode=ParseMode.HTML)
        assert (edited.message_id, edited.text, entities(edited)) == (first.message_id, "after", [("italic", "after")])
        assert edited.edit_date >= first.date
        again = await bot.edit_message_reply_markup(known.id, first.message_id, reply_markup=keyboard)
        assert again.reply_markup == keyboard
        assert known.sees(account.id, "after")["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://example.com/"

        others = [(await bot.send_message(known.id, f"more {number}")).message_id for number in range(3)]
        assert await bot.delete_message(known.id, first.message_id) is True
        assert await bot.delete_messages(known.id, others) is True

    run(story)
    assert [m["text"] for m in known.screen(account.id)] == ["hello"]


def test_messages_are_forwarded_and_copied(run: Run, known: Person, server: Server, account: Account) -> None:
    other = server.person("Bob")
    other.write(account.id, "me too")

    async def story(bot: Bot) -> None:
        theirs = (await waiting(bot, 1))[0].message
        assert theirs.text == "hello"
        forwarded = await bot.forward_message(other.id, known.id, theirs.message_id)
        assert (forwarded.text, forwarded.chat.id) == ("hello", other.id)
        assert (forwarded.forward_origin.type, forwarded.forward_origin.sender_user.id) == ("user", known.id)
        copied = await bot.copy_message(other.id, known.id, theirs.message_id)
        assert copied.message_id > forwarded.message_id

    run(story)
    assert [m.get("text") for m in other.screen(account.id)] == ["hello", "hello", "me too"]


def test_a_contact_is_sent(run: Run, known: Person, account: Account) -> None:
    sent = run(lambda bot: bot.send_contact(known.id, phone_number="+441632960961", first_name="Eve", last_name="Ray"))
    assert (sent.contact.first_name, sent.contact.last_name) == ("Eve", "Ray")
    assert sent.contact.phone_number.lstrip("+") == "441632960961"
    assert known.screen(account.id)[0]["contact"]["first_name"] == "Eve"


def test_a_shared_contact_arrives_with_its_owner(run: Run, server: Server, account: Account) -> None:
    owner = server.person("Eve", phone_number="+441632960962", email="eve@example.com")

    async def story(bot: Bot) -> None:
        owner.write(account.id, "hi")
        keyboard = ReplyKeyboardMarkup([[KeyboardButton("My number", request_contact=True)]], one_time_keyboard=True)
        await bot.send_message(owner.id, "Your number?", reply_markup=keyboard)
        owner.act("share", to=account.id)
        message = (await waiting(bot, 2))[-1].message
        assert (message.from_user.id, message.contact.user_id) == (owner.id, owner.id)
        assert message.contact.phone_number.lstrip("+") == "441632960962"
        assert "eve@example.com" in message.contact.vcard

    run(story)


def test_a_chat_is_described(run: Run, known: Person, server: Server, account: Account) -> None:
    group = server.group("Friends", known.id, account.id)

    async def story(bot: Bot) -> None:
        private = await bot.get_chat(known.id)
        assert (private.id, private.type, private.first_name) == (known.id, "private", "Ann")
        described = await bot.get_chat(group)
        assert (described.id, described.type, described.title) == (group, "group", "Friends")
        sent = await bot.send_message(group, "to all")
        assert (sent.chat.id, sent.chat.type, sent.chat.title) == (group, "group", "Friends")

    run(story)
    known.sees(group, "to all")


def test_commands_are_kept_by_scope_and_language(run: Run, known: Person) -> None:
    async def story(bot: Bot) -> None:
        plain = (BotCommand("start", "Begin"), BotCommand("help", "Explain"))
        own = (BotCommand("mine", "Only here"),)
        scope = BotCommandScopeChat(known.id)
        assert await bot.get_my_commands() == ()
        assert await bot.set_my_commands(plain) is True
        assert await bot.set_my_commands(own, scope=scope, language_code="de") is True
        assert await bot.get_my_commands() == plain
        assert await bot.get_my_commands(scope=scope, language_code="de") == own
        assert await bot.get_my_commands(scope=scope) == ()
        assert await bot.delete_my_commands() is True
        assert await bot.get_my_commands() == ()

    run(story)


def test_small_signs_are_accepted(run: Run, known: Person) -> None:
    async def story(bot: Bot) -> None:
        assert await bot.send_chat_action(known.id, ChatAction.TYPING) is True
        quiet = LinkPreviewOptions(is_disabled=True)
        sent = await bot.send_message(known.id, "https://example.com/", link_preview_options=quiet)
        assert sent.entities[0].type == "url"

    run(story)


def test_updates_are_confirmed_by_offset(run: Run, known: Person, account: Account) -> None:
    known.write(account.id, "second")

    async def story(bot: Bot) -> None:
        first, second = await waiting(bot, 2)
        assert [first.message.text, second.message.text] == ["hello", "second"]
        assert second.update_id == first.update_id + 1
        assert [u.update_id for u in await bot.get_updates(offset=second.update_id)] == [second.update_id]
        assert await bot.get_updates(offset=second.update_id + 1) == ()

    run(story)


def test_a_persons_edit_arrives(run: Run, known: Person, account: Account) -> None:
    written = known.write(account.id, "tpyo")

    async def story(bot: Bot) -> None:
        known.act("edit", to=account.id, message_id=written["message_id"], text="typo")
        edited = (await waiting(bot, 3))[-1].edited_message
        assert edited.text == "typo" and edited.edit_date is not None

    run(story)


def test_a_webhook_is_set_told_of_and_removed(run: Run) -> None:
    async def story(bot: Bot) -> None:
        url = "http://127.0.0.1:9/hook"
        assert await bot.set_webhook(url, max_connections=5, allowed_updates=["message"], secret_token="s") is True
        info = await bot.get_webhook_info()
        assert (info.url, info.max_connections, info.allowed_updates) == (url, 5, ("message",))
        assert info.pending_update_count == 0
        assert await bot.delete_webhook(drop_pending_updates=True) is True
        assert (await bot.get_webhook_info()).url == ""

    run(story)
