import type { VerifiedToken } from "./access-token.ts";

// About 1 KiB each: one process keeps the tokens of 10,000 people in some 10 MiB.
const maxTokens = 10_000;

/** Tokens whose signature was checked, the least recently used forgotten first. Expiry and revocation are asked at each use. */
export interface TokenCache {
  get(token: string): VerifiedToken | undefined;
  set(token: string, verified: VerifiedToken): void;
  delete(token: string): void;
  clear(): void;
}

export function createTokenCache(limit = maxTokens): TokenCache {
  const tokens = new Map<string, VerifiedToken>();
  return {
    get(token) {
      const verified = tokens.get(token);
      if (!verified) return undefined;
      tokens.delete(token);
      tokens.set(token, verified);
      return verified;
    },
    set(token, verified) {
      tokens.set(token, verified);
      const oldest = tokens.keys().next().value;
      if (tokens.size > limit && oldest !== undefined) tokens.delete(oldest);
    },
    delete: (token) => void tokens.delete(token),
    clear: () => tokens.clear(),
  };
}
