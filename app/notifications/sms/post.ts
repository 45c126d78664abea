import { SmsRefused } from "./sender.ts";

export interface ProviderAnswer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

interface PostOptions {
  readonly provider: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly signal: AbortSignal;
}

const answerLimitCharacters = 64 * 1_024;

/** POSTs and reads the answer; every failure is an SmsRefused. */
export const postToProvider = async ({ provider, url, headers, body, signal }: PostOptions): Promise<ProviderAnswer> => {
  const answer = await exchange({ provider, url, headers, body, signal });
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new SmsRefused(`${provider} answered ${answer.status}${providerCode(answer.json)}`, { permanent: isPermanent(answer.status) });
};

const exchange = async ({ provider, url, headers, body, signal }: PostOptions): Promise<ProviderAnswer> => {
  try {
    const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "error" });
    return { status: response.status, json: parseObject((await response.text()).slice(0, answerLimitCharacters)) };
  } catch (cause) {
    throw new SmsRefused(`${provider} ${signal.aborted ? "did not answer in time" : "was not reached"}`, { permanent: false, cause });
  }
};

/** 401, 403: credentials that a rotation mends. 408, 429, 5xx: theirs. The other 4xx speak of this very message. */
export const isPermanent = (status: number): boolean => status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);

/** Only a number: a provider's text may repeat the phone number. */
const providerCode = (json: Record<string, unknown>): string => {
  const code = Number(json.code);
  return Number.isInteger(code) && code > 0 ? ` (code ${code})` : "";
};

const parseObject = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};
