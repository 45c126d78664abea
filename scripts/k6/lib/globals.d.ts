/** k6's own WebCrypto, which its types do not declare. */
declare const crypto: { randomUUID(): string };
