import type { Logger } from "./log.ts";

/** Where one secret comes from: its value (on a developer's machine) or its id in Secrets Manager. */
export type SecretSource = { readonly value: string } | { readonly id: string; readonly jsonKey?: string };

export interface Secrets<Name extends string> {
  /** The value, at most `maxAgeSeconds` old; an older one is served while Secrets Manager is away. */
  get(name: Name): Promise<string>;
  /** Asked again now: for the retry after a password was refused, which is what a rotation looks like. */
  fresh(name: Name): Promise<string>;
  has(name: Name): boolean;
}

export type FetchSecret = (id: string, signal: AbortSignal) => Promise<string>;

interface SecretsOptions<Name extends string> {
  readonly sources: Readonly<Partial<Record<Name, SecretSource>>>;
  readonly fetchSecret: FetchSecret;
  readonly log: Pick<Logger, "warn">;
  readonly maxAgeSeconds?: number;
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

interface Cached {
  readonly value: string;
  readonly readAtMs: number;
}

export function createSecrets<Name extends string>(options: SecretsOptions<Name>): Secrets<Name> {
  const { sources, fetchSecret, log, maxAgeSeconds = 300, timeoutMs = 3_000, now = Date.now } = options;
  const cache = new Map<Name, Cached>();
  const inFlight = new Map<Name, Promise<string>>();

  const read = (name: Name, source: { id: string; jsonKey?: string }): Promise<string> => {
    const running = inFlight.get(name);
    if (running) return running;
    const reading = fetchSecret(source.id, AbortSignal.timeout(timeoutMs))
      .catch((error: unknown) => {
        throw new Error(`The secret ${name} could not be read as "${source.id}": ${(error as Error).message}`, { cause: error });
      })
      .then((text) => {
        const value = pick(name, text, source.jsonKey);
        cache.set(name, { value, readAtMs: now() });
        return value;
      })
      .finally(() => inFlight.delete(name));
    inFlight.set(name, reading);
    return reading;
  };

  const sourceOf = (name: Name): SecretSource => {
    const source = sources[name];
    if (!source) throw new Error(`The secret ${name} is not configured: set ${name}_SECRET_ID (or ${name} where there is no AWS).`);
    return source;
  };

  return {
    has: (name) => sources[name] !== undefined,
    async get(name) {
      const source = sourceOf(name);
      if ("value" in source) return source.value;
      const cached = cache.get(name);
      if (cached && now() - cached.readAtMs < maxAgeSeconds * 1000) return cached.value;
      try {
        return await read(name, source);
      } catch (error) {
        if (!cached) throw error;
        log.warn({ err: error, secret: name }, "Secrets Manager did not answer; the last known value is used");
        return cached.value;
      }
    },
    async fresh(name) {
      const source = sourceOf(name);
      return "value" in source ? source.value : read(name, source);
    },
  };
}

function pick(name: string, text: string, jsonKey: string | undefined): string {
  if (jsonKey === undefined) return text;
  const value: unknown = (JSON.parse(text) as Record<string, unknown>)[jsonKey];
  if (typeof value !== "string") throw new Error(`The secret ${name} has no text under the key "${jsonKey}".`);
  return value;
}

/** Reads from AWS Secrets Manager. The SDK is loaded at the first read: a process without AWS never pays for it. */
export function awsSecretFetcher(region: string): FetchSecret {
  let reader: Promise<(id: string, signal: AbortSignal) => Promise<string>> | undefined;
  const load = async () => {
    const { GetSecretValueCommand, SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
    const client = new SecretsManagerClient({ region, maxAttempts: 2 });
    return async (id: string, signal: AbortSignal) => {
      const answer = await client.send(new GetSecretValueCommand({ SecretId: id }), { abortSignal: signal });
      if (answer.SecretString === undefined) throw new Error(`The secret "${id}" holds no text.`);
      return answer.SecretString;
    };
  };
  return async (id, signal) => {
    reader ??= load();
    return (await reader)(id, signal);
  };
}
