import { expect, test, vi } from "vitest";
import type { Confirmation, Paid, Pending } from "../../../charges/confirm-charge.ts";
import type { Platform } from "../../../platform/context.ts";
import { CodedError } from "../../../platform/errors.ts";
import type { ReceiptSigner } from "../../../receipts/receipt-signer.ts";
import { again, violatedBy } from "./broken-campus.ts";
import { removeGuards } from "./canaries.ts";

// The product's confirm with its guard in Redis alone: whoever sets the key may debit.
vi.mock("../../../charges/confirm-charge.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../../charges/confirm-charge.ts")>();
  const confirmCharge = async (platform: Platform, signer: ReceiptSigner, confirmation: Confirmation): Promise<Paid | Pending> => {
    const first = await platform.cache.use((redis) => redis.set(`confirming:${confirmation.chargeId}`, "1", "EX", 300, "NX"));
    if (first === null) throw new CodedError("CONFLICT", "Somebody else confirms this.", { retryAfterSeconds: 1 });
    return original.confirmCharge(platform, signer, confirmation);
  };
  return { ...original, confirmCharge };
});

test("canary: guard in Redis only is caught by exactly I5, I7, I8, I9, I16 and I20", async () => {
  expect(await violatedBy(removeGuards), again("guard in Redis only")).toEqual(["I5", "I7", "I8", "I9", "I16", "I20"]);
});
