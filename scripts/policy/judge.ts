import type { Waiver } from "./waivers.ts";

export type FailedCheck = { readonly check: string; readonly name: string; readonly resource: string; readonly stack: string };

export type Verdict = { readonly lines: readonly string[]; readonly waived: number };

/** What of Checkov's findings nobody has answered for. Days compare as text. */
export function judge(failed: readonly FailedCheck[], waivers: readonly Waiver[], today: string): Verdict {
  const waiverFor = (one: FailedCheck) => waivers.find((waiver) => covers(waiver, one));
  const unanswered = failed.filter((one) => !waiverFor(one));
  const expired = waivers.filter((waiver) => waiver.until < today);
  const unused = waivers.filter((waiver) => !failed.some((one) => covers(waiver, one)));
  return {
    waived: failed.length - unanswered.length,
    lines: [
      ...unanswered.map(
        (one) =>
          `${one.stack}: ${one.resource} fails ${one.check} (${one.name}); mend it, or waive it in scripts/policy/waivers.ts with reason and end.`,
      ),
      ...expired.map(
        (waiver) =>
          `the waiver of ${waiver.check} on ${waiver.on} ended on ${waiver.until} ("${waiver.reason}"); mend what it excuses, or look again and give a new day.`,
      ),
      ...unused.map((waiver) => `the waiver of ${waiver.check} on ${waiver.on} excuses nothing any more; remove it.`),
    ],
  };
}

const covers = (waiver: Waiver, failed: FailedCheck): boolean =>
  waiver.check === failed.check &&
  (waiver.stacks?.test(failed.stack) ?? true) &&
  (waiver.on === "every resource" || failed.resource.startsWith(waiver.on));
