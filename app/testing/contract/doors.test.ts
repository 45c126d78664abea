import { expect, test } from "vitest";
import { type ApiDocument, codesOf, endpointsOf, type Schema } from "../../docs/document.ts";
import { renderApiDocument } from "../api-document.ts";

const document = JSON.parse(await renderApiDocument()) as ApiDocument & {
  readonly components: { readonly schemas: Record<string, Schema> };
};

const fieldsOf = (schema: Schema | undefined): string[] => Object.keys((schema as { properties?: object } | undefined)?.properties ?? {});
const operations = endpointsOf(document).map(({ method, path, operation }) => ({
  name: operation.operationId,
  at: `${method} ${path}`,
  isPublic: operation.security === undefined,
  fields: fieldsOf(operation.requestBody?.content["application/json"]?.schema),
  codes: Object.entries(operation.responses).flatMap(([status, { description }]) => (Number(status) >= 400 ? codesOf(description) : [])),
}));

// Each is tried with a stolen token in app/identity/step-up.test.ts, a bank card in app/payments/auto-top-up.test.ts: whoever adds one here adds it there.
const steppedUp = ["changeLimits", "requestCloseOut", "setAutoTopUp", "unfreezeCard", "unfreezeWallet"];

test("what takes a code and a signature of the phone is what is tried with a stolen token, and says both refusals", () => {
  const found = operations.filter(({ fields }) => fields.includes("otp") && fields.includes("signature"));
  expect(found.map(({ name }) => name).toSorted()).toEqual(steppedUp);
  for (const { name, codes } of found) expect([name, codes]).toEqual([name, expect.arrayContaining(["INVALID_OTP", "INVALID_SIGNATURE"])]);
});

// The first code of a new secret and a new passkey prove the factor themselves; a café that registers has no account yet.
const provesItself = ["addPasskey", "confirmTotp", "registerCafe"];

test("every public door that takes a password asks for the second factor, but for those that prove one themselves", () => {
  const found = operations.filter(({ isPublic, fields }) => isPublic && fields.includes("password"));
  expect(found.map(({ name }) => name)).toContain("logInStaff");
  const silent = found.filter(({ codes }) => !codes.includes("SECOND_FACTOR_REQUIRED")).map(({ name }) => name);
  expect(silent.toSorted()).toEqual(provesItself);
});
