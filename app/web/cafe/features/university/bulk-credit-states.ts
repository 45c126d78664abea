export const bulkCreditKey = ["bulk-credits"];

export const bulkCreditTones = {
  reading: "wait",
  refused: "no",
  failed: "no",
  pending: "wait",
  approved: "wait",
  done: "act",
  rejected: "no",
} as const;
