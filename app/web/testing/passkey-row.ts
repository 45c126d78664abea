import assert from "node:assert/strict";
import { codeNow } from "../../identity/totp.ts";
import type { Row } from "./row.ts";

interface Proof {
  readonly username: string;
  readonly password: string;
  readonly totp: string;
}

interface Made {
  readonly status: number;
}

/** In the page: what a portal does to add a passkey. Its own words, because a function that goes into a page takes no imports along. */
async function makePasskey({ username, password, totp }: Proof): Promise<Made> {
  const post = (path: string, body: unknown) =>
    fetch(`/api/v1/admin/auth/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const { challenge_id, options } = await (await post("passkey-options", { username, password, totp })).json();
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const { id, rawId, type, authenticatorAttachment, clientExtensionResults, response } = made.toJSON() as RegistrationResponseJSON;
  const { clientDataJSON, attestationObject, transports } = response;
  const attestation = { clientDataJSON, attestationObject, transports };
  const kept = { id, rawId, type, authenticatorAttachment, clientExtensionResults, response: attestation };
  return { status: (await post("passkeys", { username, password, challenge_id, name: "This device", response: kept })).status };
}

/** In the page: who is logged in, and no passkey is left for the next run. */
async function leaveNoPasskey(): Promise<{ readonly username: string; readonly removed: number }> {
  const at = "/api/v1/admin/auth";
  const { csrf_token, user } = await (await fetch(`${at}/session`)).json();
  const { items } = await (await fetch(`${at}/passkeys`)).json();
  const headers = { "X-CSRF-Token": csrf_token };
  let removed = 0;
  for (const { id } of items) removed = (await fetch(`${at}/passkeys/${id}`, { method: "DELETE", headers })).status;
  return { username: user.username, removed };
}

export const passkeyRow: Row = {
  name: "a passkey opens the portal without a password, where the device was unlocked, and not where it was not",
  async run(stage) {
    const member = stage.start.staff.findLast(({ role }) => role === "delivery");
    if (!member) throw new Error("The demo campus has no delivery.");
    // A passkey belongs to a name, and the own machine's is this one.
    const context = await stage.context({ baseURL: stage.base.replace("127.0.0.1", "localhost") });
    const page = await context.newPage();
    const lock = await context.newCDPSession(page);
    await lock.send("WebAuthn.enable");
    const { authenticatorId } = await lock.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.goto("/cafe/login");
    const button = page.getByRole("button", { name: "Log in with a passkey" });
    await button.waitFor();
    const { username, password, totp_secret } = member;
    assert.deepEqual(await page.evaluate(makePasskey, { username, password, totp: codeNow(totp_secret) }), { status: 201 });

    await lock.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    await button.click();
    await page.locator("[role=alert]").first().waitFor();
    await lock.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
    await button.click();
    await button.waitFor({ state: "detached" });
    assert.deepEqual(await page.evaluate(leaveNoPasskey), { username, removed: 204 });
    await context.close();
    return undefined;
  },
};
