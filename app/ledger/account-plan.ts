/**
 * Our kinds of account in the Swedish BAS plan, for SIE files. docs/treasury.md shows the same table; a campus with another plan
 * maps the numbers in its bookkeeping system.
 */
export const accountPlan = {
  grants: { number: 6993, name: "Lämnade bidrag" },
  adjustments: { number: 6990, name: "Justeringar av studenters konton" },
  gateway_fees: { number: 6570, name: "Betalväxelns avgifter" },
  fees: { number: 3990, name: "Avgifter från kaféer" },
  vat: { number: 2611, name: "Utgående moms på avgifter" },
  wallet: { number: 2420, name: "Studenters konton" },
  cafe_payable: { number: 2440, name: "Skuld till kaféer" },
  held: { number: 2890, name: "Betalningar som väntar på återbetalning" },
  receivables: { number: 1510, name: "Fordringar på studenter" },
  gateway_clearing: { number: 1580, name: "Fordran på betalväxeln" },
  disputes: { number: 1680, name: "Bestridda betalningar" },
  suspense: { number: 1799, name: "Observationskonto" },
  cash: { number: 1910, name: "Kaféernas kassor" },
  bank: { number: 1930, name: "Bank" },
} as const;

export type AccountKind = keyof typeof accountPlan;
