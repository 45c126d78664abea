// The same payment as a careful developer would write it in a week: Express, an ORM, JWT, validation, a transaction with row locks, and a balance kept
// for each wallet and each café. It knows nothing of this project.
import { createHash, randomInt, randomUUID } from "node:crypto";
import express from "express";
import jwt from "jsonwebtoken";
import { DataTypes, Sequelize } from "sequelize";
import { z } from "zod";

const { DATABASE_URL, JWT_PUBLIC_KEY, RECEIPT_SECRET, PORT } = process.env;
const sequelize = new Sequelize(DATABASE_URL, { dialect: "postgres", logging: false, pool: { max: 10 } });
const key = { type: DataTypes.UUID, primaryKey: true, defaultValue: () => randomUUID() };
// Named here, because the ORM's own plural of "cafe" is "caves".
const tables = { entry: "entries" };
const model = (name, columns, indexes = []) =>
  sequelize.define(name, { id: key, ...columns }, { underscored: true, indexes, tableName: tables[name] ?? `${name}s` });

const Student = model("student", { name: DataTypes.STRING, cardHash: { type: DataTypes.STRING, unique: true } });
const Wallet = model("wallet", { studentId: { type: DataTypes.UUID, unique: true }, balanceMinor: DataTypes.BIGINT });
const Cafe = model("cafe", { name: DataTypes.STRING, balanceMinor: DataTypes.BIGINT });
const Device = model("device", { cafeId: DataTypes.UUID, keyHash: DataTypes.STRING });
const Order = model(
  "order",
  { studentId: DataTypes.UUID, cafeId: DataTypes.UUID, totalMinor: DataTypes.BIGINT, status: DataTypes.STRING },
  [{ fields: ["student_id", "cafe_id", "status"] }],
);
const Charge = model(
  "charge",
  {
    orderId: DataTypes.UUID,
    studentId: DataTypes.UUID,
    amountMinor: DataTypes.BIGINT,
    state: DataTypes.STRING,
    digest: DataTypes.STRING,
    matchCode: DataTypes.STRING,
    expiresAt: DataTypes.DATE,
  },
  [{ fields: ["order_id", "state"] }],
);
const Transaction = model("transaction", { chargeId: { type: DataTypes.UUID, unique: true }, amountMinor: DataTypes.BIGINT });
const Entry = model("entry", { transactionId: DataTypes.UUID, account: DataTypes.UUID, amountMinor: DataTypes.BIGINT }, [
  { fields: ["account"] },
]);
const Receipt = model("receipt", { chargeId: { type: DataTypes.UUID, unique: true }, body: DataTypes.JSONB });

class Refusal extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
  }
}
const hash = (text) => createHash("sha256").update(text).digest("hex");
const parse = (schema, value) => {
  const { success, data } = schema.safeParse(value);
  if (!success) throw new Refusal(400, "VALIDATION_ERROR");
  return data;
};

const app = express();
app.use(express.json());
const student = (req, _res, next) => {
  try {
    req.studentId = jwt.verify(req.headers.authorization?.replace("Bearer ", "") ?? "", JWT_PUBLIC_KEY, { algorithms: ["RS256"] }).sub;
    next();
  } catch {
    next(new Refusal(401, "UNAUTHORIZED"));
  }
};
const device = async (req, _res, next) => {
  const [, id, secret] = /^Device ([^.]+)\.(.+)$/.exec(req.headers.authorization ?? "") ?? [];
  const found = id && (await Device.findByPk(id));
  if (!found || found.keyHash !== hash(secret)) return next(new Refusal(401, "UNAUTHORIZED"));
  req.cafeId = found.cafeId;
  next();
};

const Scan = z.object({ scan_id: z.uuid(), card_uid: z.string().min(8).max(20) });
app.post("/api/v1/pos/scans", device, async (req, res) => {
  const { card_uid } = parse(Scan, req.body);
  const owner = await Student.findOne({ where: { cardHash: hash(card_uid) } });
  if (!owner) throw new Refusal(404, "NO_PENDING_ORDER");
  const charge = await sequelize.transaction(async (transaction) => {
    const order = await Order.findOne({
      where: { studentId: owner.id, cafeId: req.cafeId, status: "pending" },
      order: [["createdAt", "DESC"]],
      lock: transaction.LOCK.UPDATE,
      transaction,
    });
    if (!order) throw new Refusal(404, "NO_PENDING_ORDER");
    const open = await Charge.findOne({ where: { orderId: order.id, state: "open" }, transaction });
    if (open && open.expiresAt > new Date()) return open;
    const expiresAt = new Date(Date.now() + 60_000);
    const digest = hash([order.id, order.studentId, order.totalMinor, expiresAt.toISOString()].join("\n"));
    const matchCode = String(randomInt(10, 100));
    return Charge.create(
      { orderId: order.id, studentId: owner.id, amountMinor: order.totalMinor, state: "open", digest, matchCode, expiresAt },
      { transaction },
    );
  });
  res
    .status(201)
    .json({ charge: { id: charge.id, order_id: charge.orderId, amount_minor: Number(charge.amountMinor) }, match_code: charge.matchCode });
});

app.get("/api/v1/charges/:id", student, async (req, res) => {
  const charge = await Charge.findOne({ where: { id: parse(z.uuid(), req.params.id), studentId: req.studentId } });
  if (!charge) throw new Refusal(404, "NOT_FOUND");
  const order = await Order.findByPk(charge.orderId);
  res.json({
    id: charge.id,
    state: charge.state,
    amount_minor: Number(charge.amountMinor),
    digest: charge.digest,
    order: { id: order.id, status: order.status },
  });
});

const Confirm = z.object({ digest: z.string(), number_match: z.string() });
app.post("/api/v1/charges/:id/confirm", student, async (req, res) => {
  const { digest, number_match } = parse(Confirm, req.body);
  const id = parse(z.uuid(), req.params.id);
  const body = await sequelize.transaction(async (transaction) => {
    const lock = transaction.LOCK.UPDATE;
    const charge = await Charge.findOne({ where: { id, studentId: req.studentId }, lock, transaction });
    if (!charge) throw new Refusal(404, "NOT_FOUND");
    const before = await Receipt.findOne({ where: { chargeId: charge.id }, transaction });
    if (before) return before.body;
    if (charge.digest !== digest || charge.matchCode !== number_match) throw new Refusal(409, "CHARGE_CHANGED");
    if (charge.expiresAt < new Date()) throw new Refusal(410, "CHARGE_EXPIRED");
    const order = await Order.findByPk(charge.orderId, { lock, transaction });
    const wallet = await Wallet.findOne({ where: { studentId: req.studentId }, lock, transaction });
    const amount = Number(charge.amountMinor);
    if (order.status !== "pending") throw new Refusal(409, "ORDER_PAID");
    if (Number(wallet.balanceMinor) < amount) throw new Refusal(402, "INSUFFICIENT_FUNDS");
    await wallet.update({ balanceMinor: Number(wallet.balanceMinor) - amount }, { transaction });
    const cafe = await Cafe.findByPk(order.cafeId, { lock, transaction });
    await cafe.update({ balanceMinor: Number(cafe.balanceMinor) + amount }, { transaction });
    const moved = await Transaction.create({ chargeId: charge.id, amountMinor: amount }, { transaction });
    await Entry.create({ transactionId: moved.id, account: wallet.id, amountMinor: -amount }, { transaction });
    await Entry.create({ transactionId: moved.id, account: cafe.id, amountMinor: amount }, { transaction });
    await order.update({ status: "paid" }, { transaction });
    await charge.update({ state: "confirmed" }, { transaction });
    const receipt = jwt.sign({ transaction: moved.id, order: order.id, cafe: cafe.id, student: req.studentId, amount }, RECEIPT_SECRET);
    const body = { receipt, receipt_id: moved.id, order_id: order.id, balance_minor_after: Number(wallet.balanceMinor) };
    await Receipt.create({ chargeId: charge.id, body }, { transaction });
    return body;
  });
  res.json(body);
});

app.use((error, _req, res, _next) => {
  res.status(error.status ?? 500).json({ error: { code: error.status ? error.message : "INTERNAL_ERROR" } });
});

if (process.argv.includes("--tables")) {
  await sequelize.sync();
  await sequelize.close();
} else {
  app.get("/ready", (_req, res) => res.json({ ok: true }));
  app.listen(Number(PORT), "127.0.0.1");
}
