"""Files through python-telegram-bot: sent from one account to another, fetched, sent again, and in an album."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from kit import Account, Person, Server
from telegram import Bot, InputMediaDocument, InputMediaPhoto
from telegram.error import BadRequest

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 320, 200) + b"\x08\x06\0\0\0rest"
TEXT = bytes(range(256)) * 4000

Story = Callable[[Bot, Bot], Awaitable[Any]]


@pytest.fixture
def other(server: Server) -> Account:
    return server.account("Desk")


def told(account: Account, other: Account, story: Story) -> Any:
    """Runs a story with the bots of two accounts."""

    def bot(of: Account) -> Bot:
        api = of.server.url
        return Bot(of.token, base_url=f"{api}/bot", base_file_url=f"{api}/file/bot")

    async def both() -> Any:
        async with bot(account) as one, bot(other) as two:
            return await story(one, two)

    return asyncio.run(both())


async def received(bot: Bot, count: int = 1) -> list[Any]:
    """So many messages, which have come or will."""
    messages: list[Any] = []
    offset = 0
    while len(messages) < count:
        for update in await bot.get_updates(offset=offset, timeout=20):
            offset = update.update_id + 1
            messages.append(update.message)
    return messages


def test_a_document_is_sent_fetched_and_sent_again(account: Account, other: Account) -> None:
    async def story(one: Bot, two: Bot) -> None:
        sent = await one.send_document(other.id, TEXT, filename="plan.pdf", caption="*The plan*", parse_mode="MarkdownV2")
        assert (sent.document.file_name, sent.document.file_size) == ("plan.pdf", len(TEXT))
        assert sent.document.mime_type == "application/pdf" and sent.caption_entities[0].type == "bold"
        (got,) = await received(two)
        assert got.caption == "The plan" and got.document.file_unique_id == sent.document.file_unique_id
        assert got.document.file_id != sent.document.file_id
        file = await two.get_file(got.document.file_id)
        assert bytes(await file.download_as_bytearray()) == TEXT
        again = await two.send_document(account.id, got.document.file_id)
        assert again.document.file_unique_id == got.document.file_unique_id
        with pytest.raises(BadRequest, match="(?i)wrong file identifier/http url specified"):
            await two.send_document(account.id, sent.document.file_id)
        with pytest.raises(BadRequest, match="(?i)file must be non-empty"):
            await one.send_document(other.id, b"", filename="nothing.txt")

    told(account, other, story)


def test_a_photo_and_a_voice_message_are_what_they_are(account: Account, other: Account) -> None:
    async def story(one: Bot, two: Bot) -> None:
        sent = await one.send_photo(other.id, PNG, has_spoiler=True)
        assert [(size.width, size.height) for size in sent.photo] == [(320, 200)]
        assert sent.has_media_spoiler
        voice = await one.send_voice(other.id, b"OggS", duration=4)
        assert voice.voice.duration == 4
        photo, spoken = await received(two, 2)
        assert bytes(await (await photo.photo[-1].get_file()).download_as_bytearray()) == PNG
        assert bytes(await (await spoken.voice.get_file()).download_as_bytearray()) == b"OggS"
        edited = await one.edit_message_caption(other.id, sent.message_id, caption="Look")
        assert edited.caption == "Look" and edited.photo == sent.photo
        with pytest.raises(BadRequest, match="(?i)image_process_failed"):
            await one.send_photo(other.id, b"no picture")

    told(account, other, story)


def test_an_album_comes_as_one(account: Account, other: Account) -> None:
    async def story(one: Bot, two: Bot) -> None:
        first = await one.send_photo(account.id, PNG)
        media = [InputMediaPhoto(PNG, caption="first"), InputMediaPhoto(first.photo[-1].file_id), InputMediaPhoto(PNG)]
        sent = await one.send_media_group(other.id, media)
        assert len({message.media_group_id for message in sent}) == 1 and len(sent) == 3
        got = await received(two, 3)
        assert [message.caption for message in got] == ["first", None, None]
        assert {message.media_group_id for message in got} == {sent[0].media_group_id}
        files = [InputMediaDocument(TEXT, filename=f"{number}.txt") for number in range(2)]
        sent = await one.send_media_group(other.id, files)
        assert [message.document.file_name for message in sent] == ["0.txt", "1.txt"]

    told(account, other, story)


def test_a_person_gets_a_file_too(account: Account, other: Account, person: Person) -> None:
    person.write(account.id, "hello")
    told(account, other, lambda one, _: one.send_document(person.id, b"for you", filename="a.txt"))
    newest = person.screen(account.id)[0]
    assert newest["document"]["file_name"] == "a.txt"
