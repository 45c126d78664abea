import { randomUUID } from "node:crypto";
import { sql } from "../../../platform/postgres.ts";
import type { Campus } from "../../campus.ts";
import { gatewayOf, paymentNews } from "../../gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type ScannedCharge, type Till } from "../../money.ts";
import { expireIn, times, violations } from "../books.ts";
import { ask, askUntilDefinite, type Request } from "../client.ts";
import { type CommitCutter, commitStatement, judgeOnce } from "../commit-cutter.ts";
import { type ClientLog, contradictions, createClientLog } from "../history.ts";
import { randomOf } from "../random.ts";

interface Scene {
  readonly campus: Campus;
  readonly cutter: CommitCutter;
  readonly money: Money;
  readonly log: ClientLog;
  readonly till: Till;
}

type Story = (scene: Scene) => Promise<void>;

const totalMinor = 600;
const funds = 10_000;

/** A little of everything that can go wrong at a counter, over both processes, in the order that the seed gives. */
export async function runWorkload(campus: Campus, cutter: CommitCutter, seed: number): Promise<string[]> {
  const money = moneyOf(campus);
  const scene: Scene = { campus, cutter, money, log: createClientLog(), till: await money.till() };
  const random = randomOf(seed);
  const order = stories.map((story) => ({ story, place: random.next() })).sort((one, other) => one.place - other.place);
  for (const { story } of order) await story(scene);
  const broken = new Set([
    ...Object.keys(await violations(campus.owner)),
    ...(await contradictions(campus.owner, scene.log)).map(({ invariant }) => invariant),
  ]);
  return [...broken].sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
}

const stories: readonly Story[] = [
  async function manyConfirmsOfOneCharge(scene) {
    for (const _ of times(3, (index) => index)) {
      const { student, charge } = await scanned(scene);
      await Promise.all(times(6, (index) => confirm(scene, student, charge, (index % 2) as 0 | 1)));
    }
  },
  async function oneWalletForManyCharges(scene) {
    const student = await scene.money.fundedStudent({ balanceMinor: 3 * totalMinor + 100 });
    const charges: ScannedCharge[] = [];
    for (const _ of times(6, (index) => index)) charges.push(await student.scannedOrder({ till: scene.till, totalMinor }));
    await Promise.all(charges.map((charge, index) => confirm(scene, student, charge, (index % 2) as 0 | 1)));
  },
  async function tooLittleMoney(scene) {
    const { student, charge } = await scanned(scene, 100);
    await confirm(scene, student, charge, 0);
  },
  async function afterTheExpiry(scene) {
    const { student, charge } = await scanned(scene);
    const digest = await expireIn(scene.campus.owner, charge.id, 0);
    await confirm(scene, student, { ...charge, digest }, 1);
  },
  async function changedInBetween(scene) {
    const { student, charge } = await scanned(scene);
    await student.amend(charge.order_id, totalMinor + 200);
    for (const process of [0, 1] as const) await confirm(scene, student, charge, process);
  },
  async function frozenInBetween(scene) {
    const { student, charge } = await scanned(scene);
    await student.api("POST", "/wallet/freeze");
    await confirm(scene, student, charge, 1);
  },
  async function revokedInBetween(scene) {
    const student = await scene.money.fundedStudent({ balanceMinor: funds });
    const till = await scene.money.secondTill(scene.till);
    const charge = await student.scannedOrder({ till, totalMinor });
    const boss = await scene.campus.staff("owner", till.cafe);
    await boss.api("DELETE", `/admin/devices/${till.device.id}`);
    await confirm(scene, student, charge, 1);
  },
  async function deactivatedInBetween(scene) {
    const { student, charge } = await scanned(scene);
    // The session is still known to the process, as for a moment after the student is deactivated on another one.
    await scene.campus.sql`update students set is_active = false where id = ${student.id}`;
    await confirm(scene, student, charge, 1);
  },
  async function scannedAtAnotherCafe(scene) {
    const student = await scene.money.fundedStudent({ balanceMinor: funds });
    const order = await student.placeOrder({ till: scene.till, totalMinor });
    await student.scan(await scene.money.till(), { orderId: order.id });
    const open = await scene.campus.owner.row<ScannedCharge>(
      sql`select id, digest from charges where order_id = ${order.id} and state = 'open'`,
    );
    const shown = await scene.campus.owner.row<{ code: string }>(
      sql`select match_code as code from charges where id = ${open?.id ?? null}`,
    );
    if (open) await confirm(scene, student, { ...open, match_code: shown?.code ?? "" }, 0);
  },
  async function redisForgets(scene) {
    const { student, charge } = await scanned(scene);
    await confirm(scene, student, charge, 0);
    await scene.campus.redis.flushdb();
    await confirm(scene, student, charge, 1);
  },
  async function declinedAfterwards(scene) {
    const { student, charge } = await scanned(scene);
    await confirm(scene, student, charge, 0);
    await student.decline(charge.id, { process: 1 });
  },
  async function cancelled(scene) {
    const student = await scene.money.fundedStudent({ balanceMinor: funds });
    await student.cancel((await student.placeOrder({ till: scene.till, totalMinor })).id);
  },
  async function refundedInParts(scene) {
    const { student, charge } = await scanned(scene);
    await confirm(scene, student, charge, 0);
    await Promise.all((await refunds(scene, charge, 3)).map((refund, index) => ask(scene.log, refund, (index % 2) as 0 | 1)));
  },
  async function toppedUpAndToldTwice({ campus, money }) {
    const student = await money.fundedStudent({ balanceMinor: 0 });
    const gateway = gatewayOf(campus);
    const topUp = await gateway.beginTopUp(student, 2 * totalMinor);
    const payment = { id: `pay_${topUp.id}`, order_id: topUp.gateway_order_id, amount: topUp.amount_minor };
    for (const created_at of [1, 2]) await gateway.send(paymentNews({ ...payment, created_at }), { process: (created_at - 1) as 0 | 1 });
    await campus.drainOutbox();
  },
  async function soldBySomebodyElseToo({ campus, money, till }) {
    const other = await money.till();
    const student = await money.fundedStudent({ balanceMinor: funds });
    expectOk(await student.confirm(await student.scannedOrder({ till: other, totalMinor })));
    const charge = await student.scannedOrder({ till, totalMinor });
    expectOk(await student.confirm(charge));
    const owner = await campus.staff("owner", till.cafe);
    await owner.api("POST", `/admin/orders/${charge.order_id}/refund`, {
      body: { reason: "cold" },
      headers: { "Idempotency-Key": randomUUID() },
    });
  },
  async function leaves({ money }) {
    const student = await money.fundedStudent({ balanceMinor: funds });
    const pay_to = "SE45 5000 0000 0583 9825 7466";
    const proof = await student.proof({ purpose: "close_out", pay_to });
    expectOk(await student.api("POST", "/wallet/close-out", { body: { pay_to, ...proof }, headers: { "Idempotency-Key": randomUUID() } }));
  },
  async function disputesATopUp({ campus, money }) {
    const student = await money.fundedStudent({ balanceMinor: 0 });
    const gateway = gatewayOf(campus);
    const checkout = await gateway.pay((await gateway.beginTopUp(student, 2 * totalMinor)).gateway_order_id);
    await gateway.verify(student, checkout);
    // A broken product may refuse it.
    await campus.owner
      .run(sql`
        select close_dispute(open_dispute(gateway, 'disp_canary', payment_id, amount_minor, currency, 'fraud', now() + interval '7 days'), false)
        from gateway_payments where payment_id = ${checkout.payment_id}`)
      .catch(() => undefined);
  },
  async function givenAndPartlySpent({ campus, money, till }) {
    const student = await money.fundedStudent({ balanceMinor: funds });
    const { id: staffId } = await campus.staff("finance");
    const file = await campus.owner.row<{ id: string }>(sql`
      insert into bulk_credits (title, currency, status, line_count, total_minor, two_people, requested_by)
      values ('A meal plan', 'SEK', 'approved', 1, ${2 * totalMinor}, false, ${staffId}) returning id`);
    await campus.owner.run(sql`
      insert into grants (bulk_credit_id, line, student_id, amount_minor, currency, reference, expires_at)
      values (${file?.id}, 2, ${student.id}, ${2 * totalMinor}, 'SEK', 'C-1', now() + interval '1 day')`);
    for (const _ of times(2, (index) => index)) await campus.worker.db.run(sql`select credit_grants(${file?.id}::uuid, 10)`);
    expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor })));
    await campus.owner.run(sql`update grants set expires_at = now() where student_id = ${student.id}`);
    await campus.worker.db.run(sql`select expire_grants(10)`);
  },
  async function erasedBeforeThePaymentCame({ campus, till }) {
    const student = await campus.student();
    const gateway = gatewayOf(campus);
    const orderId = await gateway.upiOrder(student, till.cafe, totalMinor);
    const { gateway_order_id: order_id } = expectOk(await student.api<{ gateway_order_id: string }>("POST", `/payments/orders/${orderId}`));
    expectOk(await student.api("POST", `/orders/${orderId}/cancel`));
    const admin = await campus.staff("admin");
    expectOk(await admin.api("DELETE", `/admin/students/${student.id}`));
    const { payment_id: id } = await gateway.pay(order_id);
    await gateway.send(paymentNews({ id, order_id, amount: totalMinor, created_at: 1 }));
    await campus.drainOutbox();
  },
  async function refundWhoseAnswerIsCut(scene) {
    const { student, charge } = await scanned(scene);
    await confirm(scene, student, charge, 0);
    const [refund] = await refunds(scene, charge, 1);
    scene.cutter.judge(judgeOnce(commitStatement, "cut after"));
    if (refund) for (const process of [0, 1] as const) await askUntilDefinite(scene.log, refund, process);
    scene.cutter.judge(undefined);
  },
];

async function scanned({ money, till }: Scene, balanceMinor = funds): Promise<{ student: MoneyStudent; charge: ScannedCharge }> {
  const student = await money.fundedStudent({ balanceMinor });
  return { student, charge: await student.scannedOrder({ till, totalMinor }) };
}

type Asked = Pick<ScannedCharge, "id" | "digest" | "match_code">;

const confirm = ({ log }: Scene, student: MoneyStudent, charge: Asked, process: 0 | 1) =>
  ask(log, { verb: "confirm", key: charge.id, sent: charge.digest, send: (at) => student.confirm(charge, { process: at }) }, process);

/** Each of 40 per cent, under a key of its own. */
async function refunds({ campus, till }: Scene, charge: ScannedCharge, count: number): Promise<Request<unknown>[]> {
  const cashier = await campus.staff("cashier", till.cafe);
  return times(count, () => {
    const key = randomUUID();
    const body = { amount_minor: totalMinor * 0.4, reason: key };
    return {
      verb: "refund",
      key,
      sent: JSON.stringify(body),
      send: (process) =>
        cashier.api("POST", `/admin/orders/${charge.order_id}/refund`, { process, body, headers: { "Idempotency-Key": key } }),
    };
  });
}
