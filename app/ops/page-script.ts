/** Runs in the browser as it stands: no build, no library. */
export const pageScript = `const everyMs = 5_000;
const by = (id) => document.getElementById(id);
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const row = (...cells) => {
  const line = make("tr");
  for (const cell of cells) line.append(cell instanceof Node ? cell : make("td", String(cell)));
  return line;
};
const clock = (text) => (text ? new Date(text).toISOString().slice(5, 16).replace("T", " ") : "");
const percent = (share) => "" + Number((share * 100).toFixed(2)) + " %";

let timer;

async function look() {
  clearTimeout(timer);
  try {
    const answer = await fetch("/api/v1/admin/ops", { credentials: "same-origin", cache: "no-store" });
    if (answer.status === 401 || answer.status === 403) return askWho(answer.status);
    if (!answer.ok) throw new Error("the API answered " + answer.status);
    show(await answer.json());
  } catch (error) {
    say("No news: " + error.message + ". What is below is older.", "bad");
  }
  timer = setTimeout(look, everyMs);
}

function askWho(status) {
  by("login").hidden = false;
  by("main").hidden = true;
  say(status === 403 ? "This is for admins." : "Log in to see how the campus is.", "");
}

function say(text, className) {
  by("state").textContent = text;
  by("state").className = className;
}

function show(ops) {
  by("login").hidden = true;
  by("main").hidden = false;
  const ringing = ops.alarms.filter(({ state }) => state === "ALARM");
  const pages = ringing.filter(({ severity }) => severity === "page").length;
  if (ringing.length === 0) say("All is well, " + clock(ops.at) + " UTC", "good");
  else say("" + pages + " would wake somebody, " + (ringing.length - pages) + " are tickets, " + clock(ops.at) + " UTC", pages > 0 ? "bad" : "warn");
  by("alarms").replaceChildren(...(ringing.length === 0 ? [make("p", "None of " + ops.alarms.length + " rings.")] : ringing.map(alarmCard)));
  by("budgets").replaceChildren(...ops.budgets.map(budgetRow));
  by("queues").replaceChildren(
    ...(ops.queues.length === 0 ? [row("nothing waits", "0", "0")] : ops.queues.map(({ topic, waiting, dead }) => row(topic, waiting, dead))),
  );
  by("deploys").replaceChildren(
    ...ops.deploys.map(({ version, first_seen, last_seen, processes }) =>
      row(version.slice(0, 16), clock(first_seen), clock(last_seen), processes),
    ),
  );
  by("boards").replaceChildren(...ops.boards.map(boardSection));
}

function alarmCard({ name, severity, runbook, says, since }) {
  const card = make("article", undefined, "alarm " + severity);
  card.append(make("h3", name), make("p", says), make("p", "" + severity + " since " + clock(since) + " UTC · runbooks/" + runbook, "small"));
  return card;
}

function budgetRow({ objective, promise, target, events, bad, spent }) {
  const cell = make("td");
  const meter = document.createElement("meter");
  Object.assign(meter, { min: 0, max: 1, low: 0.5, high: 0.9, optimum: 0, value: Math.min(1, spent) });
  meter.setAttribute("aria-label", "" + objective + ": " + percent(spent) + " of the budget is spent");
  cell.append(meter);
  return row(promise, percent(target), events, bad, events === 0 ? "–" : percent(spent), cell);
}

/** Markup of our own API: parsed as a document of its own, in which nothing runs. */
function chartOf(svg) {
  const parsed = new DOMParser().parseFromString(svg, "text/html");
  return document.importNode(parsed.body.firstElementChild, true);
}

function boardSection({ title, question, charts }) {
  const section = make("section");
  const grid = make("div", undefined, "charts");
  grid.append(...charts.map(chartOf));
  section.append(make("h2", title), make("p", question, "small"), grid);
  return section;
}

by("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(event.target));
  const answer = await fetch("/api/v1/admin/auth/login", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Session": "cookie" },
    body: JSON.stringify({ username, password }),
  });
  const refusal = answer.ok ? undefined : (await answer.json()).error;
  if (refusal?.code === "SECOND_FACTOR_REQUIRED") return say("Log in at /cafe/ with your second factor, then come back.", "warn");
  if (refusal) return say(refusal.message, "bad");
  await look();
});

await look();
`;
