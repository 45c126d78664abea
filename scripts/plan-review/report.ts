import { usd } from "./cost.ts";
import { isGated, type Judged, type Review } from "./review.ts";

const labelOf = (finding: Judged): string => {
  if (isGated(finding)) return "GATED";
  return finding.acceptedBecause === undefined ? "note" : "accepted";
};

const order = ["GATED", "accepted", "note"];

/** For people: what was found, the worst first, then the costs, then the verdict. */
export const render = (review: Review, plans: number): string => {
  const findings = review.findings.toSorted((a, b) => order.indexOf(labelOf(a)) - order.indexOf(labelOf(b)));
  return [
    `${plans === 1 ? "1 plan" : `${plans} plans`}, ${review.changed === 1 ? "1 change" : `${review.changed} changes`}`,
    "",
    ...findings.flatMap(linesOf),
    ...costLines(review),
    verdict(review),
  ].join("\n");
};

const indent = " ".repeat(10);

const linesOf = (finding: Judged): readonly string[] => [
  `${labelOf(finding).padEnd(10)}${finding.kind.padEnd(12)}${finding.address}`,
  `${indent}${finding.says}`,
  ...(isGated(finding) ? [`${indent}mend: ${finding.mend}`] : []),
  ...(finding.acceptedBecause === undefined ? [] : [`${indent}accepted because: ${finding.acceptedBecause}`]),
  "",
];

const costLines = ({ costs }: Review): readonly string[] => {
  if (costs.changes.length === 0) return ["cost: no change that the price table knows", ""];
  const rows = costs.changes.map(({ plan, address, deltaUsd }) => `${indent}${deltaUsd.toFixed(2).padStart(10)}  ${plan}/${address}`);
  return [`cost: ${usd(costs.deltaUsd)}`, ...rows, ""];
};

const verdict = (review: Review): string => {
  const gated = review.findings.filter(isGated).length;
  if (gated > 0) return `verdict: GATED, ${gated} to mend or to accept: --accept STACK/ADDRESS="why it may"`;
  const accepted = review.findings.filter(({ acceptedBecause }) => acceptedBecause !== undefined).length;
  return accepted > 0 ? `verdict: pass, ${accepted} accepted by hand` : "verdict: pass";
};
