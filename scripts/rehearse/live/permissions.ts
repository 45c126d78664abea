type Judged = {
  readonly used: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly neverUsed: readonly string[];
};

/** What a role needs in an account and no rehearsal uses. Whatever else a role may and never did is a grant too many. */
const reasons: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/^kms:/, "S3, queues and Secrets Manager ask for it in the role's name; the world encrypts nothing"],
  [/^ssm:UpdateInstanceInformation$|^ssmmessages:/, "Session Manager's agent is not on these machines"],
  [/^s3:ListBucket$/, "without it S3 says 403 of an object that is not there, and not 404"],
  [/^s3:DeleteObject$/, "nobody uploads a picture here, which is deleted once it is checked"],
  [/^sqs:(SendMessage|DeleteMessage)$/, "nobody listens to webhooks here"],
  [/^ses:/, "nobody asks for a receipt by mail here"],
  [/^logs:(CreateLogStream|PutLogEvents)$/, "Lambda writes a function's log in its role's name"],
];

const whyOf = (action: string): string | undefined => reasons.find(([pattern]) => pattern.test(action))?.[1];

/** By role: what it used, what it asked without being allowed, and what it may and never did. In an account a refusal would be one. */
export const permissions = async (worldUrl: string, isWhole: boolean, say: (line: string) => void): Promise<string> => {
  const verdict = (await (await fetch(`${worldUrl}/world/judged`)).json()) as Readonly<Record<string, Judged>>;
  const faults: string[] = [];
  for (const [role, { used, refused, neverUsed }] of Object.entries(verdict)) {
    say(`            ${role} used ${Object.keys(used).sort().join(", ")}`);
    for (const action of neverUsed)
      say(
        `            ${role} may and never did ${action}: ${whyOf(action) ?? (isWhole ? "NOBODY SAYS WHY" : "not in this part of a life")}`,
      );
    for (const what of Object.keys(refused)) faults.push(`an account would have refused ${role} ${what}`);
    const idle = isWhole ? neverUsed.filter((action) => whyOf(action) === undefined) : [];
    if (idle.length > 0) faults.push(`${role} never did ${idle.join(", ")}: take it away, or say why in permissions.ts`);
  }
  if (faults.length > 0) throw new Error(`${faults.join("; ")}.`);
  return `${Object.keys(verdict).length} roles, nothing refused`;
};
