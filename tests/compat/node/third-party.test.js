// A bot of somebody else's server behind this one: telegram-test-api stands in for Telegram in tests, and does only some of what
// the Bot API asks for. Bots go through the gateway with grammY; whoever writes to them uses that package's own client.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, test } from "node:test";

import { Bot } from "grammy";
import TelegramServer from "telegram-test-api";

import { eventually, Server } from "./kit.js";

// The only bot there is, to go by its getMe.
const TOKEN = "666:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc";

let server;
let telegramServer;

before(async () => {
  telegramServer = new TelegramServer({ host: "127.0.0.1", port: await freePort() });
  await telegramServer.start();
  server = await Server.start();
  const { apiURL } = telegramServer.config;
  await server.typed(TOKEN, "account", "add", "--connector", "bot", "--token-stdin", "--upstream", apiURL);
  await eventually("the bot", async () => (await get("getMe")).ok);
});

after(async () => {
  assert.equal(await server.stop(), 0, server.errors);
  await telegramServer.stop();
});

test("a conversation with a bot is had, and kept", async () => {
  const bot = new Bot(TOKEN, { client: { apiRoot: server.url } });
  bot.command("start", (context) => context.reply("Welcome", { reply_markup: { inline_keyboard: [[{ text: "More", callback_data: "more" }]] } }));
  bot.on("callback_query:data", async (context) => {
    await context.answerCallbackQuery();
    await context.editMessageText(`You pressed ${context.callbackQuery.data}`);
  });
  bot.on("message:text", (context) => context.reply(`You said ${context.message.text}`));
  const running = bot.start();
  const ann = telegramServer.getClient(TOKEN, { userId: 7, chatId: 7, firstName: "Ann", userName: "ann_example", timeout: 30_000 });

  await ann.sendCommand(ann.makeCommand("/start"));
  const [welcome] = (await ann.getUpdates()).result;
  assert.equal(welcome.message.text, "Welcome");
  await ann.sendMessage(ann.makeMessage("hello"));
  assert.equal((await ann.getUpdates()).result[0].message.text, "You said hello");
  const edited = once(telegramServer, "EditedMessageText");
  const about = { message: { message_id: welcome.messageId, text: "Welcome" } };
  await ann.sendCallback(ann.makeCallbackQuery("more", about));
  await edited;
  const texts = telegramServer.getUpdatesHistory(TOKEN).map(({ message }) => message?.text);
  assert.ok(texts.includes("You pressed more"), texts);
  await bot.stop();
  await running;

  const contact = (await get("contacts/7")).result;
  assert.deepEqual([contact.first_name, contact.username, contact.source], ["Ann", "ann_example", "message"]);
  const written = async (direction) => (await get(`messages?direction=${direction}`)).map((message) => message.text);
  assert.deepEqual(await written("in"), ["hello", "/start"]);
  assert.deepEqual((await written("out")).at(-1), "Welcome");
  assert.ok((await written("out")).includes("You said hello"));
});

test("what that server doesn't know is said as it says it", async () => {
  const answer = await fetch(`${server.url}/bot${TOKEN}/sendDice?chat_id=7`);
  assert.equal(answer.status, 500);
  assert.match((await answer.json()).message, /'sendDice' is not supported/);
});

async function get(path) {
  return (await fetch(`${server.url}/bot${TOKEN}/${path}`)).json();
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
