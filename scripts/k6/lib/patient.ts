import { sleep } from "k6";
import { Rate, Trend } from "k6/metrics";
import { cheapestItem, type DemoCafe, tillOf } from "./campus.ts";
import type { Student } from "./log-in.ts";
import { type Charge, confirmRequest, type Order, type Receipt, type Scan } from "./pay.ts";
import { type Answer, type Batched, send, sendAll } from "./request.ts";

// What phones and tills do when something is broken: the same request, under the same key, until the answer is definite.

/** Of every try: who asks again four times a second while the database is away makes most of them bad. */
const answersBad = new Rate("answers_bad");
/** Milliseconds since 1970: of the last one the runner knows when all was well again. */
const badAnswerAt = new Trend("bad_answer_at");
const pauseSeconds = 0.25;
const patienceSeconds = 45;

const none = 0;
/** Refused for now, not known yet, or under way in another process. */
const isOpen = ({ status, body }: Answer): boolean =>
  status === none || status >= 500 || status === 202 || status === 429 || (status === 409 && /"code":"CONFLICT"/.test(body ?? ""));

function persist(what: string, ask: () => Answer, wanted: readonly number[]): Answer {
  const endsAtMs = Date.now() + patienceSeconds * 1_000;
  for (;;) {
    const answer = ask();
    const isBad = isOpen(answer);
    answersBad.add(isBad);
    if (isBad) badAnswerAt.add(Date.now());
    if (wanted.includes(answer.status)) return answer;
    if (!isBad) throw new Error(`${what} was answered ${answer.status}: ${answer.body}`);
    if (Date.now() > endsAtMs)
      throw new Error(`${what} had no definite answer within ${patienceSeconds} s; the last was ${answer.status}.`);
    sleep(pauseSeconds);
  }
}

/** The same of many at once: those that are told to come back come back together. */
export function persistAll(requests: readonly Batched[]): Answer[] {
  const answers: Answer[] = [];
  const endsAtMs = Date.now() + patienceSeconds * 1_000;
  for (let waiting = requests.map((_, index) => index); waiting.length > 0; ) {
    const asked = sendAll(waiting.map((index) => requests[index] as Batched));
    const open: number[] = [];
    waiting.forEach((index, turn) => {
      const answer = asked[turn] as Answer;
      const isBad = isOpen(answer) && Date.now() < endsAtMs;
      answersBad.add(isBad);
      if (isBad) open.push(index);
      else answers[index] = answer;
    });
    if (open.length > 0) sleep(pauseSeconds);
    waiting = open;
  }
  return answers;
}

/** From the order to the receipt, through whatever breaks on the way. */
export const payPatiently = (student: Student, cafe: DemoCafe): Receipt => confirmPatiently(student, openChargePatiently(student, cafe));

export function confirmPatiently(student: Student, charge: Charge): Receipt {
  const { method, path, ...options } = confirmRequest(student, charge);
  return JSON.parse(persist("a confirm", () => send(method, path, options), [200]).body) as Receipt;
}

export function openChargePatiently(student: Student, cafe: DemoCafe): Charge {
  const key = crypto.randomUUID();
  const body = { cafe_id: cafe.id, items: [{ menu_item_id: cheapestItem(cafe).id, quantity: 1 }] };
  const orderOptions = { as: student.token, body, name: "order", expected: [201], headers: { "Idempotency-Key": key } };
  const placed = persist("an order", () => send("POST", "/orders", orderOptions), [200, 201]);
  const { order } = JSON.parse(placed.body) as { order: Order };
  const scan = { scan_id: crypto.randomUUID(), card_uid: student.card_uid, order_id: order.id };
  const scanOptions = { as: tillOf(cafe), body: scan, name: "scan", expected: [200, 201] };
  const { charge, match_code } = JSON.parse(persist("a scan", () => send("POST", "/pos/scans", scanOptions), [200, 201]).body) as Scan;
  const readOptions = { as: student.token, name: "charge", expected: [200] };
  const seen = persist("a look at the charge", () => send("GET", `/charges/${charge.id}`, readOptions), [200]);
  return { ...(JSON.parse(seen.body) as Omit<Charge, "match_code">), match_code };
}
