// A contactgram server of the suite's own, and the people who talk to its accounts. Used by the tests. Speaks
// to the program only as an operator could: by its command line, its standard output and the admin API.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ADMIN_TOKEN = "admin-token-of-the-node-suite-0123456789";
// For a loaded machine: whatever works takes a fraction of it.
const PATIENCE_MS = 60_000;

const program =
  process.env.CONTACTGRAM_BIN ?? fileURLToPath(new URL("../../../target/debug/contactgram", import.meta.url));

// Whatever proxy this machine has is not for the server beside us.
process.env.NO_PROXY = process.env.no_proxy = "127.0.0.1,localhost";

export class Server {
  /** With `behind`, a server in front of another one: bots speak to it, their people are over there. */
  static async start({ behind = false } = {}) {
    const server = new Server();
    if (behind) server.upstream = await Server.start();
    server.folder = await mkdtemp(join(tmpdir(), "contactgram-"));
    const env = {
      ...environment(),
      CONTACTGRAM_ADMIN_TOKEN: ADMIN_TOKEN,
      CONTACTGRAM_WEBHOOKS_ALLOW_PRIVATE: "true",
    };
    const words = ["serve", "--data", server.data, "--listen", "127.0.0.1:0"];
    server.process = spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe"] });
    server.errors = "";
    server.process.stderr.on("data", (chunk) => (server.errors += chunk));
    server.url = await new Promise((resolve, reject) => {
      createInterface(server.process.stdout).on("line", (line) => {
        const listening = /listening on (http:\S+)/.exec(line);
        if (listening) resolve(listening[1].replace(/\/$/, ""));
      });
      server.process.on("error", reject);
      server.process.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${server.errors}`)));
    });
    return server;
  }

  get data() {
    return join(this.folder, "data");
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.process.kill("SIGTERM");
    const code = await ended;
    await rm(this.folder, { recursive: true });
    return code || ((await this.upstream?.stop()) ?? 0);
  }

  /** An account as the command line makes it: `{id, token}`. */
  async account(name, ...options) {
    if (!this.upstream) return this.command("account", "add", "--name", name, ...options);
    const there = await this.upstream.account(name, ...options);
    const words = ["account", "add", "--connector", "bot", "--token-stdin", "--upstream", this.upstream.url];
    await this.typed(there.token, ...words);
    // Another process connected it: the server hears of that a moment later.
    await eventually("the bot", async () => (await fetch(`${this.url}/bot${there.token}/getMe`)).ok);
    return there;
  }

  /** What a command answers in JSON. */
  command(...words) {
    return this.typed("", ...words);
  }

  /** The same, with something typed into it. */
  async typed(text, ...words) {
    const all = [...words, "--json", "--data", this.data];
    const running = promisify(execFile)(program, all, { env: environment() });
    running.child.stdin.end(text);
    return JSON.parse((await running).stdout);
  }

  async person(about) {
    const { id } = await this.admin("POST", "people", about);
    return new Person(this, id);
  }

  async admin(method, path, body) {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
    const { url } = this.upstream ?? this;
    const answer = await fetch(`${url}/admin/${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /admin/${path}: ${answer.status} ${text}`);
    return JSON.parse(text).result;
  }
}

/** Somebody in an app: writes, presses, and has a screen. */
export class Person {
  constructor(server, id) {
    Object.assign(this, { server, id });
  }

  write(to, text) {
    return this.act("write", { to, text });
  }

  act(deed, body) {
    return this.server.admin("POST", `people/${this.id}/${deed}`, body);
  }

  /** The chat with an account or in a group, newest first. */
  screen(chatId) {
    return this.server.admin("GET", `people/${this.id}/messages?chat_id=${chatId}&limit=100`);
  }

  /** Waits for a message with this text, from somebody else. */
  sees(chatId, text) {
    return eventually(`${JSON.stringify(text)} on the screen`, async () => {
      const messages = await this.screen(chatId);
      return messages.find((message) => message.from.id !== this.id && message.text === text);
    });
  }
}

/** Looks until there is something to see. */
export async function eventually(what, look) {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(50)) {
    const seen = await look();
    if (seen) return seen;
  }
  throw new Error(`never seen: ${what}`);
}

/** Ours without the variables that steer tests: the server takes an unknown one for a mistyped setting. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CONTACTGRAM_")));
}
