import { expect, test } from "vitest";
import { keyFor, seal, unseal } from "./seal.ts";

test("what was sealed is opened with the same secret for the same purpose, and two seals of one text differ", () => {
  const [first, second] = [seal("secret", "otp", "123456"), seal("secret", "otp", "123456")];
  expect(first).not.toBe(second);
  expect(first).not.toContain("123456");
  expect([unseal("secret", "otp", first), unseal("secret", "otp", second)]).toEqual(["123456", "123456"]);
});

test.each([
  ["another secret", "other", "otp"],
  ["another purpose", "secret", "csrf"],
])("a seal is not opened with %s", (_, secret, purpose) => {
  expect(() => unseal(secret, purpose, seal("secret", "otp", "123456"))).toThrow();
});

test("a seal that was changed in any byte is refused", () => {
  const bytes = Buffer.from(seal("secret", "otp", "123456"), "base64url");
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => unseal("secret", "otp", changed.toString("base64url")), `byte ${at}`).toThrow();
  }
});

test("each purpose has a key of its own", () => {
  expect(keyFor("secret", "one").equals(keyFor("secret", "two"))).toBe(false);
  expect(keyFor("secret", "one")).toHaveLength(32);
});
