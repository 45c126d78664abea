// A campus that is kept: how to reach it from outside its networks, who may log in, and a shell for its operator.
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Demo } from "../../../app/local/demo/demo.ts";
import { root } from "../places.ts";
import { edgeErrors } from "./edge.ts";
import type { Operator } from "./operator.ts";
import { edge } from "./places.ts";
import type { Region } from "./region.ts";
import { say } from "./telling.ts";
import { wire } from "./wires.ts";

/** Both ends of the way in: outside a port of this machine, inside the edge. */
export const doorOf = (folder: string): string => join(folder, "edge.sock");

type Kept = {
  readonly folder: string;
  /** On this machine's loopback. */
  readonly port: number;
  readonly host: string;
  readonly demo: Demo;
  readonly operator: Operator;
  readonly region: Region;
  /** The one that stands by, where it lives too. */
  readonly other: Region | undefined;
  readonly environment: string;
};

/** What the runbooks call them. */
const namesOf = ({ environment, host, region, other }: Kept): Readonly<Record<string, string>> => ({
  ENVIRONMENT: environment,
  CAMPUS_URL: `https://${host}`,
  REGION: region.place.region,
  PLACE: region.place.place,
  ...(other && { OTHER_REGION: other.place.region, OTHER_PLACE: other.place.place }),
});

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Runs what it is given, or a shell, where the campus is: its networks, and AWS at its own names. */
const writeShell = (file: string, folder: string, env: Readonly<Record<string, string>>): void => {
  const words = Object.entries(env).map(([name, value]) => quote(`${name}=${value}`));
  const lines = [
    "#!/bin/sh",
    `pid=$(pgrep -n -f ${quote(`live/inside.ts .*${folder}`)}) || exit 1`,
    `exec nsenter --target "$pid" --net --mount --pid --wd=${quote(root)} env ${words.join(" ")} "\${@:-bash}"`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  chmodSync(file, 0o700);
};

export const lookAround = async (kept: Kept): Promise<never> => {
  const { folder, port, host, demo, operator, region } = kept;
  await wire({ path: doorOf(folder) }, { host: edge, port: 443 });
  const [shell, people, lost] = ["operator", "people.json", "lost"].map((name) => join(folder, name)) as [string, string, string];
  writeShell(shell, folder, { ...operator.env, ...namesOf(kept) });
  writeFileSync(people, JSON.stringify(demo, null, 2), { mode: 0o600 });
  const how = join(folder, "how");
  const text = `
  The campus lives until Ctrl-C. These lines stand in ${how}; docs/platform/on-this-machine.md goes through them.

    curl --cacert ${operator.authorityFile} --connect-to ${host}:443:127.0.0.1:${port} https://${host}/ready
    a browser         chromium --host-resolver-rules='MAP ${host}:443 127.0.0.1:${port}' --ignore-certificate-errors https://${host}/
    who may log in    ${people}
    codes by SMS      ${join(folder, "sms")}
    an operator       ${shell}                        a shell; or with a command behind it:
                      ${shell} npm run release -- ENVIRONMENT SHA256
    lose a region     touch ${lost}                   ${region.place.region} is cut off until the file is gone
                      ${shell} npm run failover -- ${kept.environment} --to ${kept.other?.place.region ?? "REGION"}
                      and home again: npm run failback
    the edge's errors ${edgeErrors(folder)}
`;
  writeFileSync(how, text);
  say(text);
  for (let isLost = false; ; await new Promise((resolve) => setTimeout(resolve, 500))) {
    if (existsSync(lost) === isLost) continue;
    isLost = !isLost;
    if (isLost) region.lose();
    else region.comeBack();
    say(`            ${region.place.region} ${isLost ? "is lost" : "is back"}`);
  }
};
