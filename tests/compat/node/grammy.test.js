// An unmodified grammY bot by polling, by webhook, and its error handling, against a real server: with an account of its own, and
// with one of another server behind it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { Bot, GrammyError, InlineKeyboard, Keyboard, webhookCallback } from "grammy";

import { Server, eventually } from "./kit.js";

/** The bot of the library's introduction; it knows of our server only its address. */
function echoBot(server, token) {
  const bot = new Bot(token, { client: { apiRoot: server.url } });
  bot.command("start", (ctx) =>
    ctx.reply("<b>Welcome</b>!", {
      parse_mode: "HTML",
      reply_markup: new InlineKeyboard().text("Yes", "yes").text("No", "no").row().url("Site", "https://example.com/"),
    }),
  );
  bot.callbackQuery(/^(yes|no)$/, async (ctx) => {
    await ctx.answerCallbackQuery({ text: `You said ${ctx.match[1]}`, show_alert: true });
    await ctx.editMessageText(`Selected: ${ctx.match[1]}`);
  });
  bot.on("message:contact", (ctx) => ctx.reply(`Thank you, ${ctx.msg.contact.first_name}`));
  bot.on("edited_message:text", (ctx) => ctx.reply(`You meant ${ctx.editedMessage.text}`));
  bot.on("message:text", (ctx) => ctx.reply(ctx.msg.text, { reply_parameters: { message_id: ctx.msg.message_id } }));
  return bot;
}

async function talk(server, account, person) {
  await person.write(account.id, "/start");
  const greeting = await person.sees(account.id, "Welcome!");
  assert.deepEqual(greeting.entities, [{ offset: 0, length: 7, type: "bold" }]);
  assert.deepEqual(greeting.reply_markup.inline_keyboard[1], [{ text: "Site", url: "https://example.com/" }]);

  const written = await person.write(account.id, "Good morning ☀️");
  const echo = await person.sees(account.id, "Good morning ☀️");
  assert.equal(echo.reply_to_message.message_id, written.message_id);

  const press = { to: account.id, message_id: greeting.message_id, data: "no" };
  const { callback_query_id: id } = await person.act("press", press);
  const edited = await person.sees(account.id, "Selected: no");
  assert.equal(edited.message_id, greeting.message_id);
  const { answered, answer } = await server.admin("GET", `people/${person.id}/presses/${account.id}/${id}`);
  assert.equal(answered, true);
  assert.deepEqual({ text: answer.text, show_alert: answer.show_alert }, { text: "You said no", show_alert: true });

  await person.act("edit", { to: account.id, message_id: written.message_id, text: "Good evening" });
  await person.sees(account.id, "You meant Good evening");
  await person.act("share", { to: account.id });
  await person.sees(account.id, "Thank you, Ann");
}

for (const behind of [false, true]) {
  describe(behind ? "a bot of another server behind this one" : "an account of this server", () => suite(behind));
}

function suite(behind) {
  let server;

  before(async () => {
    server = await Server.start({ behind });
  });

  after(async () => {
    assert.equal(await server.stop(), 0, server.errors);
  });

  test("a polling bot echoes, answers buttons and thanks for a contact", async () => {
    const account = await server.account("Shop");
    const person = await server.person({ first_name: "Ann", phone_number: "+441632960961" });
    const bot = echoBot(server, account.token);
    const failures = [];
    bot.catch((failure) => failures.push(failure.error));
    const running = bot.start({ allowed_updates: ["message", "edited_message", "callback_query"] });
    try {
      await talk(server, account, person);
    } finally {
      await bot.stop();
      await running;
    }
    assert.deepEqual(failures, []);
    assert.equal(bot.botInfo.id, account.id);
  });

  test("a webhook bot echoes, answers buttons and thanks for a contact", async () => {
    const account = await server.account("Shop");
    const person = await server.person({ first_name: "Ann", phone_number: "+441632960962" });
    const bot = echoBot(server, account.token);
    const secretToken = "a-secret_of-42";
    const hook = createServer(webhookCallback(bot, "http", { secretToken }));
    await new Promise((resolve) => hook.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${hook.address().port}/hook`;
    try {
      await bot.api.setWebhook(url, { secret_token: secretToken });
      await talk(server, account, person);
      const info = await bot.api.getWebhookInfo();
      assert.equal(info.url, url);
      assert.equal(info.last_error_message, undefined);
      await eventually("an empty queue", async () => (await bot.api.getWebhookInfo()).pending_update_count === 0);
      await bot.api.deleteWebhook();
    } finally {
      hook.closeAllConnections();
      hook.close();
    }
  });

  test("a keyboard that asks for the number is shown and removed", async () => {
    const account = await server.account("Shop");
    const person = await server.person({ first_name: "Ann" });
    const { api } = new Bot(account.token, { client: { apiRoot: server.url } });
    await person.write(account.id, "hello");
    const keyboard = new Keyboard().requestContact("My number").resized().oneTime();
    const sent = await api.sendMessage(person.id, "Your number?", { reply_markup: keyboard });
    assert.equal(sent.chat.id, person.id);
    const removed = await api.sendMessage(person.id, "Thanks", { reply_markup: { remove_keyboard: true } });
    assert.equal(removed.message_id, sent.message_id + 1);
  });

  test("refusals carry their code and the Bot API's own words", async () => {
    const account = await server.account("Shop");
    const person = await server.person({ first_name: "Ann" });
    const { api } = new Bot(account.token, { client: { apiRoot: server.url } });
    await person.write(account.id, "hello");

    const cases = [
      [() => api.sendMessage(987_654_321, "x"), 400, "Bad Request: chat not found"],
      [() => api.sendMessage(person.id, ""), 400, "Bad Request: message text is empty"],
      [() => api.sendMessage(person.id, "x".repeat(4097)), 400, "Bad Request: message is too long"],
      [() => api.deleteMessage(person.id, 99_999), 400, "Bad Request: message to delete not found"],
      [() => api.editMessageText(person.id, 99_999, "x"), 400, "Bad Request: message to edit not found"],
      [() => api.sendMessage(person.id, "x", { parse_mode: "XML" }), 400, "Bad Request: unsupported parse_mode"],
      [() => api.raw.sendSomething({ chat_id: 1 }), 404, "Not Found: method not found"],
    ];
    for (const [call, code, description] of cases) {
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof GrammyError, String(error));
        assert.deepEqual([error.error_code, error.description], [code, description]);
        return true;
      });
    }

    await person.act("block", { account_id: account.id });
    await assert.rejects(() => api.sendMessage(person.id, "x"), {
      error_code: 403,
      description: "Forbidden: bot was blocked by the user",
    });
    const stranger = new Bot(`${account.id}:${"A".repeat(35)}`, { client: { apiRoot: server.url } });
    await assert.rejects(() => stranger.api.getMe(), { error_code: 401, description: "Unauthorized" });
  });
}
