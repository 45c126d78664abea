import { createServer, type Server } from "node:http";
import { afterEach, expect, test, vi } from "vitest";
import { listenLocally } from "../local/ports.ts";
import { awsSecretFetcher, createSecrets, type FetchSecret } from "./secrets.ts";

type Name = "PASSWORD" | "KEYS" | "MISSING" | "PLAIN";

function secretsWith(fetchSecret: FetchSecret) {
  const clock = { ms: 0 };
  const warnings: unknown[] = [];
  const secrets = createSecrets<Name>({
    sources: { PASSWORD: { id: "campus/password" }, KEYS: { id: "campus/keys", jsonKey: "current" }, PLAIN: { value: "in clear" } },
    fetchSecret,
    log: { warn: (...words: unknown[]) => warnings.push(words) },
    timeoutMs: 50,
    now: () => clock.ms,
  });
  return { secrets, clock, warnings };
}

/** A Secrets Manager whose values and faults the test sets. */
function vault() {
  const state = { value: "first", away: false, asked: [] as string[] };
  const fetchSecret: FetchSecret = async (id) => {
    state.asked.push(id);
    if (state.away) throw new Error("ECONNREFUSED");
    return state.value;
  };
  return { state, fetchSecret };
}

test("a value is read once in five minutes and asked for again after them", async () => {
  const { state, fetchSecret } = vault();
  const { secrets, clock } = secretsWith(fetchSecret);
  expect([await secrets.get("PASSWORD"), await secrets.get("PASSWORD")]).toEqual(["first", "first"]);
  state.value = "second";
  clock.ms = 299_999;
  expect(await secrets.get("PASSWORD")).toBe("first");
  clock.ms = 300_000;
  expect(await secrets.get("PASSWORD")).toBe("second");
  expect(state.asked).toEqual(["campus/password", "campus/password"]);
});

test("while Secrets Manager is away the last known value serves, and the log says so", async () => {
  const { state, fetchSecret } = vault();
  const { secrets, clock, warnings } = secretsWith(fetchSecret);
  await secrets.get("PASSWORD");
  state.away = true;
  clock.ms = 3_600_000;
  expect(await secrets.get("PASSWORD")).toBe("first");
  expect(warnings).toHaveLength(1);
  expect(JSON.stringify(warnings)).not.toContain("first");
});

test("without any known value the failure is passed on, and the next call asks again", async () => {
  const { state, fetchSecret } = vault();
  const { secrets } = secretsWith(fetchSecret);
  state.away = true;
  await expect(secrets.get("PASSWORD")).rejects.toThrow(/The secret PASSWORD could not be read as .*ECONNREFUSED/);
  state.away = false;
  expect(await secrets.get("PASSWORD")).toBe("first");
});

test("fresh() asks at once, whatever the age, and replaces what get() gives", async () => {
  const { state, fetchSecret } = vault();
  const { secrets } = secretsWith(fetchSecret);
  await secrets.get("PASSWORD");
  state.value = "rotated";
  expect(await secrets.fresh("PASSWORD")).toBe("rotated");
  expect(await secrets.get("PASSWORD")).toBe("rotated");
});

test("many calls at once make one request", async () => {
  const { state, fetchSecret } = vault();
  const { secrets } = secretsWith(fetchSecret);
  await Promise.all(Array.from({ length: 50 }, () => secrets.get("PASSWORD")));
  expect(state.asked).toHaveLength(1);
});

test("a request that hangs is cut", async () => {
  const { secrets } = secretsWith(
    (_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  await expect(secrets.get("PASSWORD")).rejects.toThrow(/timeout/i);
});

test("a JSON key picks one text; a missing one is named and the value is not quoted", async () => {
  const { state, fetchSecret } = vault();
  const { secrets } = secretsWith(fetchSecret);
  state.value = '{"current":"k-1","other":"hush"}';
  expect(await secrets.get("KEYS")).toBe("k-1");
  state.value = '{"other":"hush"}';
  const refused = await secrets.fresh("KEYS").catch((error: Error) => error.message);
  expect(refused).toBe('The secret KEYS has no text under the key "current".');
});

test("a secret given in clear is itself; one that is not configured says how to set it", async () => {
  const { secrets } = secretsWith(vault().fetchSecret);
  expect([await secrets.get("PLAIN"), await secrets.fresh("PLAIN")]).toEqual(["in clear", "in clear"]);
  expect([secrets.has("PLAIN"), secrets.has("MISSING")]).toEqual([true, false]);
  await expect(secrets.get("MISSING")).rejects.toThrow("set MISSING_SECRET_ID");
});

let server: Server | undefined;

afterEach(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
});

/** Answers as Secrets Manager does on the wire. */
async function listen(answer: (body: { SecretId: string }) => object): Promise<void> {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    response.setHeader("Content-Type", "application/x-amz-json-1.1");
    response.end(JSON.stringify(answer(JSON.parse(text))));
  });
  const port = await listenLocally(server);
  vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", `http://127.0.0.1:${port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
}

test("the real SDK asks Secrets Manager by the secret's id", async () => {
  await listen(({ SecretId }) => ({ Name: SecretId, SecretString: `value of ${SecretId}` }));
  expect(await awsSecretFetcher("eu-north-1")("campus/password", AbortSignal.timeout(5_000))).toBe("value of campus/password");
});

test("a secret that holds bytes instead of text is refused by name", async () => {
  await listen(() => ({ SecretBinary: "AAAA" }));
  await expect(awsSecretFetcher("eu-north-1")("campus/bytes", AbortSignal.timeout(5_000))).rejects.toThrow('"campus/bytes" holds no text');
});
