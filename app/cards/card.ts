export interface Card {
  readonly id: string;
  readonly issueNumber: number;
  readonly status: "active" | "frozen" | "lost" | "revoked";
  readonly createdAt: Date;
}

/** Why a card is frozen. What was said to be in a stranger's hand is not thawed by the app, only replaced. */
export const frozenByStudent = "frozen by the student";
export const notMe = "not me";
