// Files through grammY: sent from one account to another, fetched, sent again, and in an album; with accounts of the server's own,
// and with those of another server behind it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Bot, InputFile, InputMediaBuilder } from "grammy";

import { Server } from "./kit.js";

const PNG = Buffer.concat([
  Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1"),
  Buffer.from([0, 0, 1, 64, 0, 0, 0, 200, 8, 6, 0, 0, 0]),
]);
const TEXT = Buffer.alloc(700_000, "a file of some length, ");

for (const behind of [false, true]) {
  describe(behind ? "bots of another server behind this one" : "accounts of this server", () => suite(behind));
}

function suite(behind) {
  let server;

  before(async () => {
    server = await Server.start({ behind });
  });

  after(async () => {
    assert.equal(await server.stop(), 0, server.errors);
  });

  async function cast() {
    const [shop, desk] = [await server.account("Shop"), await server.account("Desk")];
    const api = (account) => new Bot(account.token, { client: { apiRoot: server.url } }).api;
    return { shop, desk, one: api(shop), two: api(desk) };
  }

  /** So many messages, which have come or will. */
  async function received(api, count) {
    const messages = [];
    let offset = 0;
    while (messages.length < count) {
      for (const update of await api.getUpdates({ offset, timeout: 20 })) {
        offset = update.update_id + 1;
        messages.push(update.message);
      }
    }
    return messages;
  }

  async function fetched(account, api, id) {
    const { file_path: path } = await api.getFile(id);
    const answer = await fetch(`${server.url}/file/bot${account.token}/${path}`);
    assert.equal(answer.status, 200);
    return Buffer.from(await answer.arrayBuffer());
  }

  test("a document and a photo are sent, fetched and sent again", async () => {
    const { shop, desk, one, two } = await cast();
    const sent = await one.sendDocument(desk.id, new InputFile(TEXT, "plan.txt"), { caption: "The plan" });
    assert.equal(sent.document.file_size, TEXT.length);
    const photo = await one.sendPhoto(desk.id, new InputFile(PNG, "a.png"));
    assert.deepEqual([photo.photo[0].width, photo.photo[0].height], [320, 200]);
    const [document, picture] = await received(two, 2);
    assert.equal(document.caption, "The plan");
    assert.ok((await fetched(desk, two, document.document.file_id)).equals(TEXT));
    assert.ok((await fetched(desk, two, picture.photo.at(-1).file_id)).equals(PNG));
    const again = await two.sendDocument(shop.id, document.document.file_id);
    assert.equal(again.document.file_unique_id, sent.document.file_unique_id);
    await assert.rejects(() => two.sendDocument(shop.id, sent.document.file_id), {
      error_code: 400,
      description: "Bad Request: wrong file identifier/HTTP URL specified",
    });
  });

  test("an album comes as one", async () => {
    const { desk, one, two } = await cast();
    const album = [
      InputMediaBuilder.photo(new InputFile(PNG, "1.png"), { caption: "first" }),
      InputMediaBuilder.video(new InputFile(TEXT, "2.mp4"), { duration: 3 }),
    ];
    const sent = await one.sendMediaGroup(desk.id, album);
    const got = await received(two, 2);
    assert.equal(new Set([...sent, ...got].map((message) => message.media_group_id)).size, 1);
    assert.ok((await fetched(desk, two, got[1].video.file_id)).equals(TEXT));
  });
}
