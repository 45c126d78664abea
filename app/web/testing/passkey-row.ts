import { codeNow } from "../../identity/totp.ts";
import type { Row } from "./row.ts";

export const passkeyRow: Row = {
  name: "a passkey opens the portal without a password, where the device was unlocked, and not where it was not; it is made and removed on a page",
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
    await page.getByLabel("Username").fill(member.username);
    await page.getByLabel("Password").fill(member.password);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await page.waitForURL(({ pathname }) => !pathname.endsWith("/login"));
    await page.goto("/cafe/me");
    await page.getByRole("button", { name: "Add this device" }).click();
    await page.getByLabel("Code from your authenticator").fill(codeNow(member.totp_secret));
    await page.getByLabel("Name of the device").fill("The walk’s laptop");
    await page.getByLabel("Password").fill(member.password);
    await page.getByRole("button", { name: "Go on" }).click();
    const kept = page.getByRole("listitem").filter({ hasText: "The walk’s laptop" });
    await kept.waitFor();
    await page.getByRole("main").getByRole("button", { name: "Log out" }).click();
    const button = page.getByRole("button", { name: "Log in with a passkey" });
    await button.waitFor();
    await lock.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    await button.click();
    await page.locator("[role=alert]").first().waitFor();
    await lock.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
    await button.click();
    await button.waitFor({ state: "detached" });
    // No passkey is left for the next run.
    await page.goto("/cafe/me");
    await page.getByText(member.username).waitFor();
    await kept.getByRole("button", { name: "Remove" }).click();
    await kept.getByRole("button", { name: "Yes, remove it" }).click();
    await kept.waitFor({ state: "detached" });
    await context.close();
    return undefined;
  },
};
