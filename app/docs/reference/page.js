// Runs in the browser, before and around Scalar's reference. Its checks would be compiled with eval, which our policy forbids.
globalThis.__zod_globalConfig = { jitless: true };

const codeTries = 40;
const codeEveryMs = 250;

addEventListener("DOMContentLoaded", async () => {
  const content = withBadges(await readJson("/openapi.json"));
  const options = {
    content,
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    hideClientButton: true,
    showDeveloperTools: "never",
    documentDownloadType: "json",
    defaultOpenFirstTag: false,
    operationTitleSource: "summary",
    metaData: { title: "Campus Pay API" },
  };
  const reference = globalThis.Scalar.createApiReference("#reference", options);
  const campus = await readJson("/demo/campus.json").catch(() => undefined);
  if (campus) showLogins(campus, (authentication) => reference.updateConfiguration({ ...options, authentication }));
});

/** Who may call an operation, as marks beside its name. */
function withBadges(document) {
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path)))
    if (operation["x-roles"]) operation["x-badges"] = operation["x-roles"].map((name) => ({ name }));
  return document;
}

async function readJson(address, init) {
  const answer = await fetch(address, init);
  if (!answer.ok) throw new Error(`${address} was answered with ${answer.status}`);
  return answer.json();
}

const send = (address, body) =>
  readJson(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** In the sandbox alone there are logins to give away: one of each kind, each a tap. */
function showLogins({ students, staff, devices }, become) {
  const logins = [
    ...students.slice(0, 1).map(({ phone }) => ["student", async () => bearer(await studentToken(phone))]),
    ...[...new Map(staff.toReversed().map((member) => [member.role, member])).values()]
      .toReversed()
      .map(({ role, username, password }) => [
        role.replaceAll("_", " "),
        async () => bearer((await send("/api/v1/admin/auth/login", { username, password })).access_token),
      ]),
    ...devices.slice(0, 1).map(({ id, key }) => ["till", async () => device(`Device ${id}.${key}`)]),
  ];
  const status = document.createElement("span");
  status.role = "status";
  status.textContent = "then “Test Request” on any endpoint";
  const buttons = logins.map(([name, logIn]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.ariaPressed = "false";
    button.addEventListener("click", async () => {
      status.textContent = `logging in as ${name} …`;
      try {
        become(await logIn());
        for (const each of buttons) each.ariaPressed = String(each === button);
        status.textContent = `requests are sent as ${name}`;
      } catch (error) {
        status.textContent = `the login failed: ${error.message}`;
      }
    });
    return button;
  });
  const bar = document.getElementById("logins");
  bar.append("Sandbox: log in as", ...buttons, status);
  bar.hidden = false;
}

const bearer = (token) => ({ preferredSecurityScheme: "bearer", securitySchemes: { bearer: { token } } });
const device = (value) => ({ preferredSecurityScheme: "device", securitySchemes: { device: { value } } });

/** As a student does it: ask for a code, read the message, send it. */
async function studentToken(phone) {
  const newest = async () => {
    const { items } = await readJson(`/sandbox/messages?${new URLSearchParams({ to: phone, channel: "sms" })}`);
    return items.find(({ data }) => data?.otp);
  };
  const before = await newest();
  await send("/api/v1/auth/request-otp", { phone });
  for (let attempt = 0; attempt < codeTries; attempt += 1) {
    const message = await newest();
    if (message && message.id !== before?.id) return (await send("/api/v1/auth/verify-otp", { phone, otp: message.data.otp })).access_token;
    await new Promise((resolve) => setTimeout(resolve, codeEveryMs));
  }
  throw new Error("no code came");
}
