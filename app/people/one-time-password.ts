import { randomBytes } from "node:crypto";

/** Told once, to whoever made it, and good for nothing but choosing an own one. */
export const newOneTimePassword = (): string => randomBytes(12).toString("base64url");
