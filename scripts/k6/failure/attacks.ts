import { check } from "k6";
import hashing from "k6/crypto";
import encoding from "k6/encoding";
import exec from "k6/execution";
import http from "k6/http";
import { api, campus, cheapestItem, type DemoCafe, present, tillOf } from "../lib/campus.ts";
import { logInAndFill } from "../lib/fault.ts";
import { junkFor, operations } from "../lib/fuzz.ts";
import { assertLedger } from "../lib/ledger.ts";
import { logInStudents, type Student } from "../lib/log-in.ts";
import { confirmPatiently, openChargePatiently, payPatiently } from "../lib/patient.ts";
import { confirmRequest } from "../lib/pay.ts";
import { arrivals, scansASecond, seconds } from "../lib/profile.ts";
import { type Answer, bodyOf, send } from "../lib/request.ts";
import { everyFault } from "../lib/thresholds.ts";
import { fillWallets } from "../lib/wallet.ts";

// People pay at all cafés but one while somebody attacks: junk in every input of the API, forged tokens, guessed cards, other people's orders and charges.
// Nothing is answered with a fault of ours, nothing is let through, every payment is made.
const fuzzers = 4;
const robbed = 4;
const fuzzTurns = 2;
const attacks = 40;
/** Told to come back, as the busy machine beside the attackers may have to say. */
const answersBad = 0.05;

export const options = {
  scenarios: {
    payments: { ...arrivals(scansASecond, seconds, 25), exec: "default" },
    junk: { executor: "shared-iterations", vus: 1, iterations: operations.length * fuzzTurns, maxDuration: "600s", exec: "sendJunk" },
    attacks: { executor: "shared-iterations", vus: 1, iterations: attacks, maxDuration: "600s", exec: "attack" },
  },
  thresholds: everyFault(answersBad),
  setupTimeout: "180s",
};

interface People {
  readonly payers: readonly Student[];
  /** They send junk under their own tokens: what becomes of their accounts is theirs. */
  readonly fuzzers: readonly Student[];
  readonly robbed: readonly Student[];
  readonly thief: Student;
  /** Her card is frozen. */
  readonly careful: Student;
}

export function setup(): People {
  const payers = logInAndFill();
  const last = logInStudents(campus.students.slice(-(fuzzers + robbed + 2)));
  fillWallets(last, attacks * Math.max(...campus.cafes.map((cafe) => cheapestItem(cafe).price_minor)));
  const [careful, thief] = last as [Student, Student];
  const cards = send("GET", "/cards", { as: careful.token, name: "cards", expected: [200] });
  for (const { id } of bodyOf<{ items: { id: string }[] }>(cards, [200]).items)
    bodyOf(send("POST", `/cards/${id}/freeze`, { as: careful.token, name: "cards", expected: [200] }), [200]);
  return { payers, careful, thief, fuzzers: last.slice(2, 2 + fuzzers), robbed: last.slice(2 + fuzzers) };
}

/** The last café is the attackers': they have its till. */
const theirs = campus.cafes.length - 1;
const ours = (turn: number): DemoCafe => present(campus.cafes[turn % theirs], "café");
const attacked = present(campus.cafes[theirs], "café");

export default function ({ payers }: People): void {
  const turn = exec.scenario.iterationInTest;
  const receipt = payPatiently(present(payers[turn % payers.length], "student"), ours(turn));
  check(receipt, { "a receipt is signed": ({ receipt: jws }) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(jws) });
}

/** What would end the attacker's own login or account is sent without it. */
const endsOneself = /log-?out|sessions|\/me$|erase/;
const anythingButOurFault = http.expectedStatuses({ min: 200, max: 499 });

export function sendJunk({ fuzzers: who }: People): void {
  const turn = exec.scenario.iterationInTest;
  const operation = present(operations[turn % operations.length], "operation");
  const round = Math.floor(turn / operations.length) + turn;
  const { path, body } = junkFor(operation, round);
  const token = present(who[turn % who.length], "fuzzer").token;
  const mayEnd = operation.method === "DELETE" || endsOneself.test(path);
  const authorization = mayEnd ? "Bearer junk" : present([token, tillOf(attacked), "Bearer junk", token][round % 4], "credential");
  const answer = http.request(operation.method, `${campus.base_url}${path}`, body, {
    headers: { Authorization: authorization, ...(body === null ? {} : { "Content-Type": "application/json" }) },
    tags: { name: "junk" },
    responseCallback: anythingButOurFault,
    responseType: "text",
    timeout: "30s",
    redirects: 0,
  }) as Answer;
  check(answer, {
    "junk is no fault of ours": isNoFault,
    "and what is said of it tells nothing of the inside": ({ status, body: said }) =>
      status < 400 || !/\bat .+:\d+:\d+|select |insert into|node_modules|ECONN|SQLSTATE/i.test(said ?? ""),
  });
  if (!isNoFault(answer)) throw new Error(`${operation.method} ${path} was answered ${answer.status}: ${answer.body}`);
}

const isBusy = ({ status, body }: Answer) => status === 503 && /"TEMPORARILY_UNAVAILABLE"/.test(body ?? "");
const isNoFault = (answer: Answer) => (answer.status >= 200 && answer.status < 500) || isBusy(answer);
/** Or told to come back: not let through either. */
const isRefused = (answer: Answer, ...with_: readonly number[]) => with_.includes(answer.status) || isBusy(answer);

export function attack({ robbed: who, thief, careful }: People): void {
  const turn = exec.scenario.iterationInTest;
  forgeTokens(thief, careful);
  guessCards(careful, turn);
  reachOver(present(who[turn % who.length], "owner"), thief, turn);
}

const base64url = (text: string) => encoding.b64encode(text, "rawurl");

/** Tokens that say they are the victim's, each signed in another wrong way. */
function forgeTokens(attacker: Student, victim: Student): void {
  const [head, claims, signature] = attacker.token.replace("Bearer ", "").split(".") as [string, string, string];
  const [, victims, victimsSignature] = victim.token.replace("Bearer ", "").split(".") as [string, string, string];
  const none = base64url(JSON.stringify({ alg: "none", typ: "JWT" }));
  const shared = base64url(JSON.stringify({ alg: "HS256", typ: "JWT", kid: "../../dev/null" }));
  const forged = [
    `${none}.${victims}.`,
    `${head}.${victims}.${signature}`,
    `${head}.${claims}.${victimsSignature}`,
    `${head}.${victims}.${victimsSignature.slice(0, -4)}`,
    `${head}.${victims}`,
    `${shared}.${victims}.${hashing.hmac("sha256", "", `${shared}.${victims}`, "base64rawurl")}`,
    "null",
  ];
  for (const token of forged) {
    const answer = send("GET", "/wallet", { as: `Bearer ${token}`, name: "forged token", expected: [401] });
    check(answer, { "a forged token is refused": (one) => isRefused(one, 401) });
  }
}

/** A card that is nobody's and one that its owner has frozen are answered alike. */
function guessCards({ card_uid }: Student, turn: number): void {
  const scan = (uid: string) =>
    send("POST", "/pos/scans", {
      as: tillOf(attacked),
      body: { scan_id: crypto.randomUUID(), card_uid: uid },
      name: "guessed card",
      expected: [403],
    });
  const guessed = scan((0x04_00_00_00 + turn).toString(16).padStart(14, "0"));
  const frozen = scan(card_uid);
  const told = ({ body }: Answer) => {
    const { code, message } = (JSON.parse(body) as { error: { code: string; message: string } }).error;
    return `${code} ${message}`;
  };
  check(guessed, {
    "a guessed card is refused": (one) => isRefused(one, 403),
    "and nobody can tell it from a true one": (one) => isBusy(one) || isBusy(frozen) || told(one) === told(frozen),
  });
}

/** Another student's order and charge, and another café's order at one's own till. */
function reachOver(owner: Student, thief: Student, turn: number): void {
  const cafe = ours(turn);
  const charge = openChargePatiently(owner, cafe);
  const as = thief.token;
  const confirm = confirmRequest(thief, charge, [404]);
  const tries = [
    send("GET", `/orders/${charge.order_id}`, { as, name: "another's order", expected: [404] }),
    send("POST", `/orders/${charge.order_id}/cancel`, { as, name: "another's order", expected: [404] }),
    send("GET", `/charges/${charge.id}`, { as, name: "another's charge", expected: [404] }),
    send(confirm.method, confirm.path, { ...confirm, name: "another's charge" }),
    send("POST", "/pos/scans", {
      as: tillOf(attacked),
      body: { scan_id: crypto.randomUUID(), card_uid: owner.card_uid, order_id: charge.order_id },
      name: "another café's order",
      expected: [404],
    }),
    send("GET", "/admin/transactions", { as, name: "another's role", expected: [401, 403] }),
    http.get(`${api}/admin/students`, {
      headers: { Authorization: tillOf(attacked) },
      tags: { name: "another's role" },
      responseCallback: http.expectedStatuses(401, 403),
    }) as Answer,
  ];
  check(tries, { "what is another's cannot be reached": (all) => all.every((one) => isRefused(one, 401, 403, 404)) });
  const reached = tries.find((one) => !isRefused(one, 401, 403, 404));
  if (reached) throw new Error(`${reached.request.method} ${reached.request.url} was answered ${reached.status}: ${reached.body}`);
  check(confirmPatiently(owner, charge), { "its owner pays it all the same": ({ receipt }) => receipt.length > 0 });
}

export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
