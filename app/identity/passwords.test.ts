import { hashSync } from "bcryptjs";
import { expect, test } from "vitest";
import { createPasswords } from "./passwords.ts";

test("however long the queue is, an unknown name waits a second at most", async () => {
  const passwords = createPasswords();
  const hash = hashSync("the right one", 10);
  // The last of thirty waits for all the others: a second and a half, and more where the machine is busy.
  await Promise.all(Array.from({ length: 30 }, () => passwords.verify("a guess", hash)));
  expect(passwords.typicalMs()).toBeGreaterThan(100);
  expect(passwords.typicalMs()).toBeLessThanOrEqual(1_000);
  passwords.end();
});

test("who has logged in here before waits behind no stranger", async () => {
  const passwords = createPasswords();
  const hash = hashSync("the right one", 10);
  const order: string[] = [];
  const strangers = Array.from({ length: 8 }, () => passwords.verify("a guess", hash).then(() => order.push("stranger")));
  const known = passwords.verify("the right one", hash, true).then((matches) => order.push(matches ? "known" : "refused"));
  await Promise.all([...strangers, known]);
  // One proof was under way already.
  expect(order.slice(0, 2)).toEqual(["stranger", "known"]);
  expect(order).toHaveLength(9);
  passwords.end();
});
