import { type Command, runCommand } from "../app/local/command.ts";
import { logIn } from "./failover/staff-api.ts";

const maxCalls = 1_000;

interface Reposted {
  readonly reposted: number;
  readonly refused: readonly { readonly case_id: string; readonly because: string }[];
  readonly left: number;
}

export const command = {
  name: "npm run failover:repost",
  for: "on call",
  what: "As the second person, posts every debit again that somebody else agreed to.",
  touches: "the ledger, through the API.",
  options: { url: { type: "string", value: "URL", default: "http://127.0.0.1:8080", help: "the API of the new primary" } },
  environment: {
    CAMPUS_USERNAME: "a finance login",
    CAMPUS_PASSWORD: "and its password",
    CAMPUS_TOTP: "and a code of its authenticator app; in a terminal leave it out: it is asked for when it is needed",
  },
  exits: { 1: "some could not be posted", 2: "it could not ask, or what was typed is not understood" },
} as const satisfies Command;

await runCommand(import.meta, command, async ({ values }) => {
  const api = await logIn(values.url);
  let posted = 0;
  const refused: string[] = [];
  for (let call = 0; call < maxCalls; call += 1) {
    const answer = await api.post<Reposted>("/admin/failover/repost");
    posted += answer.reposted;
    refused.push(...answer.refused.map(({ case_id, because }) => `${case_id}: ${because}`));
    if (answer.left === 0) break;
  }
  for (const line of refused) console.log(`not posted: ${line}`);
  console.log(`${posted} debits posted again, ${refused.length} went back to be looked at`);
  return refused.length > 0 ? 1 : 0;
});
