import type { Config } from "../platform/config.ts";

type Countries = Pick<Config, "OTP_COUNTRY_CODES">;

/** The first country whose phones sign up by themselves is the campus's own; with * it is none. */
function ownCountryCode({ OTP_COUNTRY_CODES: codes }: Countries): string | undefined {
  const first = codes.split(",")[0]?.trim();
  return first === "*" ? undefined : first;
}

/** A phone as people write it (blanks, hyphens, brackets, 00 or the campus's own 0 in front) as far as possible as it is kept. */
export function plainPhone(written: string, config: Countries): string {
  const plain = written.replaceAll(/[\s().-]/g, "").replace(/^00/, "+");
  const code = ownCountryCode(config);
  return code === undefined ? plain : plain.replace(/^0(?=\d)/, `+${code}`);
}

const searchedDigits = 3;

/** What a search looks for among the phones; undefined where it is none. */
export function searchedPhone(search: string | undefined, config: Countries): string | undefined {
  if (search === undefined || !/^\+?[\d\s().-]+$/.test(search)) return undefined;
  const plain = plainPhone(search, config);
  return plain.length < searchedDigits ? undefined : plain;
}
