// The request of the API documentation's Node.js snippet, to a server of your own: `npm run documented`.
//
// The token is in the path, as there. `fetch` in axios's place, which asks for the same with the same header.

const url = process.env.CONTACTGRAM_URL ?? "http://127.0.0.1:8081";
const token = process.env.CONTACTGRAM_TOKEN;

/** @param {string} contactId */
async function getContactInfo(contactId) {
  const answer = await fetch(`${url}/bot${token}/contacts/${contactId}`, {
    headers: { Accept: "application/json, text/plain, */*" },
    signal: AbortSignal.timeout(10_000),
  });
  return answer.json();
}

console.log(await getContactInfo("12345"));
