// The Node.js example of the API's documentation: axios, a token from the environment, one contact.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import axios from "axios";

import { Server } from "./kit.js";

let server;
let account;

before(async () => {
  server = await Server.start();
  account = await server.account("Demo", "--demo");
});

after(async () => {
  assert.equal(await server.stop(), 0, server.errors);
});

async function getContactInfo(contactId) {
  const answer = await axios({ method: "GET", url: `${server.url}/bot${account.token}/contacts/${contactId}` });
  return answer.data;
}

test("the example's request finds John Doe", async () => {
  const { ok, result } = await getContactInfo("1234567890");
  const { id, first_name, last_name, phone_number, email } = result;
  assert.equal(ok, true);
  assert.deepEqual(
    { id, first_name, last_name, phone_number, email },
    {
      id: 1234567890,
      first_name: "John",
      last_name: "Doe",
      phone_number: "+1234567890",
      email: "john.doe@example.com",
    },
  );
});

test("a client that throws on 404 still has the whole body", async () => {
  await assert.rejects(getContactInfo("12345"), (error) => {
    assert.equal(error.response.status, 404);
    assert.equal(error.response.data.ok, false);
    assert.equal(error.response.data.error_code, 404);
    assert.match(error.response.data.description, /^Not Found/);
    return true;
  });
});

test("a form and a query string say the same as JSON", async () => {
  const url = `${server.url}/bot${account.token}/sendMessage`;
  const parameters = { chat_id: "-1234567890", text: "Hello John & co!" };
  const answers = await Promise.all([
    axios.post(url, parameters),
    axios.post(url, new URLSearchParams(parameters)),
    axios.postForm(url, parameters),
    axios.get(url, { params: parameters }),
  ]);
  assert.deepEqual(
    answers.map(({ data }) => data.result.text),
    Array(4).fill("Hello John & co!"),
  );
});
