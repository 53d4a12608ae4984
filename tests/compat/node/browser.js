// A browser without JavaScript: follows redirects, keeps cookies, fills forms in and presses their buttons. Used by the
// tests that have a person agree to something. Knows nothing of the pages but their forms.

export class Browser {
  #cookies = new Map();

  /** Goes to `address`, signs in where that is asked and agrees; returns where it is sent, at `callback`. */
  async agree(address, callback, person) {
    let [url, answer] = [`${address}`, await this.#ask(`${address}`)];
    for (let step = 0; step < 12; step += 1) {
      const to = answer.headers.get("location");
      if (to) {
        url = new URL(to, url).href;
        if (url.startsWith(callback)) return new URL(url);
        answer = await this.#ask(url);
      } else {
        [url, answer] = await this.#submit(url, answer, person);
      }
    }
    throw new Error(`never sent back: ${url}`);
  }

  async #submit(url, answer, person) {
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
    for (const [form] of text.matchAll(/<form[^>]*>[^]*?<\/form>/g)) {
      const fields = new URLSearchParams();
      for (const [input] of form.matchAll(/<input[^>]*>/g)) {
        const name = attribute(input, "name");
        if (name) fields.set(name, person[name] ?? attribute(input, "value") ?? "");
      }
      const select = /<select[^>]*>/.exec(form)?.[0];
      if (select) fields.set(attribute(select, "name"), attribute(/<option[^>]*>/.exec(form)[0], "value"));
      const asks = /<button[^>]*value="allow"/.test(form);
      if (!asks && !fields.has("password")) continue;
      if (asks) fields.set("answer", "allow");
      const action = new URL(attribute(/<form[^>]*>/.exec(form)[0], "action") ?? "", url).href;
      return [action, await this.#ask(action, { method: "POST", body: fields })];
    }
    throw new Error(`no form to fill in: ${url} ${text}`);
  }

  async #ask(url, more = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { cookie, origin: new URL(url).origin };
    const answer = await fetch(url, { ...more, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [name, ...value] = line.split(";")[0].split("=");
      this.#cookies.set(name.trim(), value.join("="));
    }
    return answer;
  }
}

/** What an element's attribute says. */
function attribute(element, name) {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(element)?.[1];
  return value?.replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(code)).replaceAll("&amp;", "&");
}
