// `npm run failover:repost -- --url https://…`: as the second person, posts every debit again that somebody else agreed to.
// Exit 0: all is posted, 1: some could not be, 2: it could not ask.
import { parseArgs } from "node:util";
import { reportAndSetExitCode } from "../app/local/plain-error.ts";
import { logIn } from "./failover/staff-api.ts";

const maxCalls = 1_000;

interface Reposted {
  readonly reposted: number;
  readonly refused: readonly { readonly case_id: string; readonly because: string }[];
  readonly left: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { url: { type: "string", default: "http://127.0.0.1:8080" } } });
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
  if (refused.length > 0) process.exitCode = 1;
}

main().catch(reportAndSetExitCode);
