import { expect, test } from "vitest";
import { debtorOf } from "../../app/bank/write-payment-file.ts";
import type { Config } from "../../app/platform/config.ts";
import { appEnvironment } from "./environment.ts";

test("the demo campus has a bank account of its own, from which a payment file can be made", () => {
  const services = { databaseUrl: "", databasePassword: "", redisUrl: "", redisPassword: "" };
  const env = appEnvironment({ app: {} } as never, services as never, { baseUrl: "", sandboxUrl: "", objectFolder: "" });
  expect(debtorOf(env as unknown as Config)).toEqual({ holder: "Campus University", iban: "SE4550000000058398257466", bic: undefined });
});
