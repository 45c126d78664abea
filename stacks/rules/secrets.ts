import { resourcesOf, type Synthesized } from "./synthesized.ts";

/** Arguments that put a value into the state; their write-only twins (`*_wo`) do not. */
const valueArguments = [
  "password",
  "master_password",
  "auth_token",
  "secret_string",
  "secret_binary",
  "passwords",
  "plaintext",
  "private_key",
];

const shapes: Readonly<Record<string, RegExp>> = {
  "an AWS access key": /\bA(KIA|SIA)[A-Z0-9]{16}\b/,
  "a private key": /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  "a password in an address": /[a-z]+:\/\/[^/\s:@"$]+:[^/\s:@"$]+@/,
  "a signed token": /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\./,
  "a Google service account": /"private_key_id"/,
};

/** A variable that is named like a secret may only hold the id of one. */
const secretVariable = /\b[A-Z_]*(PASSWORD|SECRET|TOKEN|PEPPER|PRIVATE_KEY|SEAL_KEY)[A-Z_]*(?<!_SECRET_ID)=[^\s"\\]+/;

/** Secrets anywhere in what Terraform will read, user data included: what stands there ends in the state and in plans. */
export function secretsInJson(synthesized: Synthesized): string[] {
  const inArguments = resourcesOf(synthesized).flatMap(({ path, body }) =>
    valueArguments
      .filter((name) => body[name] !== undefined)
      .map((name) => `${path} sets ${name}, which is kept in the state; use its write-only twin.`),
  );
  const inTexts = [...synthesized.texts].flatMap(([stack, text]) => [
    ...Object.entries(shapes)
      .filter(([, shape]) => shape.test(text))
      .map(([what]) => `${stack} holds ${what}; put it into Secrets Manager and its id here.`),
    ...(secretVariable.exec(text)
      ? [`${stack} gives a machine the value of ${secretVariable.exec(text)?.[0].split("=")[0]}; give it <NAME>_SECRET_ID.`]
      : []),
  ]);
  return [...inArguments, ...inTexts];
}
