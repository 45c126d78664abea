import { expect, test } from "vitest";
import { relyingParty } from "./passkeys.ts";

test.each([
  ["https://pay.campus.example", "pay.campus.example", "https://pay.campus.example"],
  ["http://127.0.0.1:8080", "localhost", "http://localhost:8080"],
  ["http://[::1]:8080", "localhost", "http://localhost:8080"],
])("passkeys of %s belong to %s", (PUBLIC_URL, id, origin) => {
  expect(relyingParty({ PUBLIC_URL })).toEqual({ id, origin });
});

test.each(["https://192.0.2.7", "https://[2001:db8::7]"])("%s has no name that a passkey could belong to", (PUBLIC_URL) => {
  expect(() => relyingParty({ PUBLIC_URL })).toThrow(expect.objectContaining({ code: "METHOD_UNAVAILABLE" }));
});
