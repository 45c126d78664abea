const requestMilliseconds = 10_000;

/**
 * What a visitor needs, through the public name and the edge: the API is ready, a menu can be read, a page opens. Which page it does not
 * ask: until the web apps are published it is the one that says so (stacks/not-published.html).
 */
exports.handler = async () => check(require("./settings.json").address);

const check = async (address) => {
  await ask(address, "/ready");
  const cafes = await list(address, "/api/v1/cafes");
  if (cafes.length > 0) await list(address, `/api/v1/menu/items?cafe_id=${cafes[0].id}`); // a new campus has none yet
  const page = await (await ask(address, "/")).text();
  if (!/<html/i.test(page)) throw new Error(`${address}/ is not a page: it begins with "${page.slice(0, 60)}"`);
};

exports.check = check;

const ask = async (address, path) => {
  const headers = { "user-agent": "campus-pay-canary" };
  const answer = await fetch(`${address}${path}`, { headers, redirect: "error", signal: AbortSignal.timeout(requestMilliseconds) }).catch(
    (error) => {
      throw new Error(`${address}${path} does not answer: ${error.cause?.message ?? error.message}`);
    },
  );
  if (answer.status !== 200) throw new Error(`${address}${path} answered ${answer.status}`);
  return answer;
};

const list = async (address, path) => {
  const body = await (await ask(address, path)).json();
  if (!Array.isArray(body.items)) throw new Error(`${address}${path} holds no list of items`);
  return body.items;
};
