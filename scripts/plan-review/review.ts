import { PlainError } from "../../app/local/plain-error.ts";
import { type Costs, costFindings, costsOf } from "./cost.ts";
import { exposureFindings } from "./exposure.ts";
import { iamFindings } from "./iam.ts";
import { changesAnything, type Finding, type Plan } from "./plan.ts";
import { protectionFindings } from "./protection.ts";
import { statefulFindings } from "./stateful.ts";

export type Acceptance = { readonly address: string; readonly reason: string };

/** A finding with the address by which it is accepted, and why it was. */
export type Judged = Finding & { readonly acceptedBecause?: string };

export type Review = { readonly findings: readonly Judged[]; readonly costs: Costs; readonly changed: number; readonly passes: boolean };

const badInput = 2;
const kinds = [statefulFindings, iamFindings, exposureFindings, protectionFindings];

export const isGated = (finding: Judged): boolean => finding.mend !== undefined && finding.acceptedBecause === undefined;

/** Addresses are unique in a stack only: each is told as STACK/ADDRESS. */
export const reviewPlans = (plans: readonly Plan[], acceptances: readonly Acceptance[]): Review => {
  const costs = costsOf(plans);
  const inPlans = plans.flatMap((plan) =>
    kinds.flatMap((find) => find(plan)).map((finding) => ({ ...finding, address: `${plan.name}/${finding.address}` })),
  );
  const findings = [...inPlans, ...costFindings(costs)].map((finding): Judged => {
    const accepted = acceptances.find(({ address }) => address === finding.address);
    return accepted && finding.mend !== undefined ? { ...finding, acceptedBecause: accepted.reason } : finding;
  });
  refuseIdleAcceptances(acceptances, findings);
  const changed = plans.reduce((sum, plan) => sum + plan.changes.filter(changesAnything).length, 0);
  return { findings, costs, changed, passes: !findings.some(isGated) };
};

const refuseIdleAcceptances = (acceptances: readonly Acceptance[], findings: readonly Finding[]): void => {
  const gated = new Set(findings.filter(({ mend }) => mend !== undefined).map(({ address }) => address));
  const idle = acceptances.find(({ address }) => !gated.has(address));
  if (!idle) return;
  const choice = gated.size > 0 ? `gated are ${[...gated].join(", ")}` : "nothing is gated";
  throw new PlainError(`--accept ${idle.address} accepts nothing: ${choice}.`, badInput);
};
