// A walk through the API: a contact, a message, the history, updates, and everything tidied up again.
//
// Run it as `npm start`; README.md names its settings. What the client does with faults is in contactgram.js.

import { Contactgram, ContactgramError } from "./contactgram.js";

/**
 * @param {Contactgram} api
 * @param {string} peer
 */
async function walk(api, peer) {
  console.log(`token: good for ${(await api.authorise()) > 60 ? "a while" : "a moment"}`);
  const contact = await api.addContact({ phone_number: "+447700900555", first_name: "Ann", last_name: "Example" });
  console.log(`contact added: ${contact.first_name} ${contact.last_name}`);
  try {
    await talk(api, peer, contact.id);
  } catch (error) {
    await leaveNothingBehind(api, contact.id);
    throw error;
  }
  await api.removeContact(contact.id);
  console.log("contact removed");
}

/**
 * @param {Contactgram} api
 * @param {string} peer
 * @param {number} contactId
 */
async function talk(api, peer, contactId) {
  const contact = await api.contact(contactId);
  console.log(`contact fetched: ${contact.phone_number}`);

  const message = await api.sendMessage(peer, "Hello from an example!");
  console.log(`message sent: ${message.text}`);

  const messages = await api.messages({ limit: 10, offset: 0 });
  console.log(`messages read: ${messages.length}, the newest says: ${messages[0].text ?? ""}`);

  // Pages of one, to show that there are several.
  let count = 0;
  for await (const _contact of api.contacts(1)) count += 1;
  console.log(`contacts paged: ${count}`);

  let handled = 0;
  for await (const update of api.updates(1)) {
    handle(update);
    handled += 1;
  }
  console.log(`updates handled: ${handled}`);
}

/** @param {{message?: {text?: string}}} update */
function handle(update) {
  console.log(`update: ${update.message?.text ?? "something else"}`);
}

/**
 * @param {Contactgram} api
 * @param {number} contactId
 */
async function leaveNothingBehind(api, contactId) {
  try {
    await api.removeContact(contactId);
  } catch (error) {
    if (!(error instanceof ContactgramError)) throw error;
    console.error(`contact left behind: ${error.message}`);
  }
}

/**
 * @param {string} name
 * @param {string} [otherwise]
 */
function setting(name, otherwise) {
  const value = process.env[name] ?? otherwise;
  if (value === undefined) {
    console.error(`${name} is not set; README.md says where it comes from`);
    process.exit(1);
  }
  return value;
}

const api = new Contactgram(
  setting("CONTACTGRAM_URL", "http://127.0.0.1:8081"),
  setting("CONTACTGRAM_CLIENT_ID"),
  setting("CONTACTGRAM_CLIENT_SECRET"),
  {
    timeout: Number(setting("CONTACTGRAM_TIMEOUT", "10")) * 1000,
    deadline: Number(setting("CONTACTGRAM_DEADLINE", "30")) * 1000,
    onRetry: (wait, error) => console.error(`again in ${(wait / 1000).toFixed(1)} s: ${error.message}`),
  },
);

try {
  await walk(api, setting("CONTACTGRAM_PEER", "1234567890"));
} catch (error) {
  if (!(error instanceof ContactgramError)) throw error;
  console.error(`stopped: ${error.message}`);
  process.exitCode = 1;
}
