import path from "node:path";
import type { Home } from "../../app/local/home.ts";
import type { StartFile } from "./start-file.ts";

/** The addresses and demo logins; the last line is the contract with whoever waits for us. */
export function announce(start: StartFile, home: Home): string {
  const { base_url: base, processes, students, staff, devices } = start;
  const folder = shortestPath(home.folder);
  const student = students[0];
  const device = devices[0];
  const lines = [
    "",
    "Campus Pay runs.",
    "",
    `  Begin here       ${base}/demo/   (phone, till and kitchen side by side, already logged in)`,
    `  Web apps         ${base}/   ${base}/pos/   ${base}/cafe/   ${base}/verify`,
    "",
    `  API              ${base}/api/v1`,
    `  Documentation    ${base}/docs`,
    `  Guide            ${base}/guide/   (for students, cafés, a platform team, on call; with a search)`,
    `  Messages sent    ${base}/sandbox/messages   (one-time passwords and pushes)`,
    `  Receipt mails    ${shortestPath(home.objects)}/published/mails   (one .eml for each payment of a student with an address)`,
    ...processes.map(({ url, pid }, index) => `  API process ${index + 1}    ${url}   (process ${pid})`),
    `  Logs             ${folder}/logs`,
    "",
    `Demo logins (all of them, with cafés, cards and devices: ${folder}/start.json)`,
    "",
    ...(student ? [`  student    ${student.phone}   card ${student.card_uid}   (log in with the one-time password)`] : []),
    ...oneOfEachRole(staff).map(({ role, username, password }) => `  ${role.padEnd(10)} ${username}   ${password}`),
    ...(device ? [`  device     ${device.id}   ${device.key}`] : []),
    "",
    "Stop with Ctrl-C; the data stays. Begin again: npm start -- --fresh",
    `READY ${base}`,
  ];
  return `${lines.join("\n")}\n`;
}

const oneOfEachRole = (staff: StartFile["staff"]) =>
  [...new Map(staff.toReversed().map((member) => [member.role, member])).values()].toReversed();

function shortestPath(folder: string): string {
  const relative = path.relative(process.cwd(), folder);
  return relative === "" || relative.startsWith("..") ? folder : relative;
}
