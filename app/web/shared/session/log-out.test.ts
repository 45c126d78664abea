import { afterEach, beforeEach, expect, test, vi } from "vitest";

const user = { id: "1", phone: "+46700000000", name: null, language: "en" };
const staffUser = { id: "1", username: "owner", name: "Owner", role: "owner", cafe_id: null };
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
let logOutAnswer: () => Response;

beforeEach(() => {
  vi.resetModules();
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? "1",
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("location", { origin: "http://localhost", href: "http://localhost/" });
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url.endsWith("/auth/logout")) return logOutAnswer();
    const isPortal = new Headers(input instanceof Request ? input.headers : init?.headers).get("x-session") === "cookie";
    return json(200, isPortal ? { csrf_token: "c", user: staffUser } : { access_token: "t", user });
  });
});
afterEach(() => vi.unstubAllGlobals());

const open = {
  student: async () => {
    const { logOut, renew, studentSession } = await import("./student.ts");
    await renew();
    return { leave: logOut, kind: () => studentSession().kind };
  },
  staff: async () => {
    const { logOutStaff, renewStaff, staffSession } = await import("./staff.ts");
    await renewStaff();
    return { leave: logOutStaff, kind: () => staffSession().kind };
  },
};

test.each(["student", "staff"] as const)("a log-out of %s that the server did not take is not shown as done", async (who) => {
  const { leave, kind } = await open[who]();
  const failures = [
    () => json(429, { error: { code: "RATE_LIMITED", message: "" } }),
    () => json(503, {}),
    () => {
      throw new TypeError("unreachable");
    },
  ];
  for (const failure of failures) {
    logOutAnswer = failure;
    await expect(leave()).rejects.toThrow();
    expect(kind()).toBe("in");
  }
  logOutAnswer = () => new Response(null, { status: 204 });
  await leave();
  expect(kind()).toBe("out");
});

test.each(["student", "staff"] as const)("a session of %s that has ended already is left", async (who) => {
  const { leave, kind } = await open[who]();
  logOutAnswer = () => json(401, { error: { code: "UNAUTHENTICATED", message: "" } });
  await leave();
  expect(kind()).toBe("out");
});
