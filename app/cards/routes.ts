import { z } from "@hono/zod-openapi";
import { stepUpFields } from "../identity/field-schemas.ts";
import { actorOf, staff, student, studentOf } from "../identity/guards.ts";
import { tryStepUp } from "../identity/step-up.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, listOf, required, route, router } from "../platform/http/router.ts";
import { type Card, frozenByStudent } from "./card.ts";
import { cardHash } from "./card-hash.ts";
import { CardSchema, presentCard } from "./card-schemas.ts";
import { cardUidField } from "./field-schemas.ts";
import { freezeCard } from "./freeze-card.ts";
import { issueCard } from "./issue-card.ts";
import { listCards, listCardsOfStudent } from "./list-cards.ts";
import { reportLost } from "./report-lost.ts";
import { unfreezeCard } from "./unfreeze-card.ts";

const cardParams = z.object({ cardId: z.uuid() });
const studentParams = z.object({ studentId: z.uuid() });

const getCards = route({
  method: "get",
  path: "/cards",
  operationId: "listCards",
  tags: ["cards"],
  summary: "The student's cards, newest first; a card's number is never shown",
  who: student(),
  // It names what to freeze.
  bucket: "stop",
  responses: { 200: json(listOf(CardSchema), "All of them") },
});

const change = {
  tags: ["cards"],
  who: student(),
  idempotency: "optional" as const,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"] as const,
  request: { params: cardParams },
  responses: { 200: json(CardSchema, "The card as it is now") },
};

const freeze = route({
  method: "post",
  path: "/cards/{cardId}/freeze",
  operationId: "freezeCard",
  bucket: "stop",
  summary: "Freeze the card: its open requests end, nothing is debited by it",
  ...change,
});

const unfreeze = route({
  method: "post",
  path: "/cards/{cardId}/unfreeze",
  operationId: "unfreezeCard",
  summary: 'Undo the own freeze, with a code of POST /users/me/step-up; not after "not me" or a loss',
  ...change,
  errors: ["INVALID_OTP", "INVALID_SIGNATURE", ...change.errors],
  request: { ...change.request, body: required(z.strictObject(stepUpFields)) },
});

const lost = route({
  method: "post",
  path: "/cards/{cardId}/report-lost",
  operationId: "reportCardLost",
  bucket: "stop",
  summary: "The card is gone, for good",
  ...change,
});

const issue = route({
  method: "post",
  path: "/admin/students/{studentId}/cards",
  operationId: "issueCard",
  tags: ["cards"],
  // An Idempotency-Key would keep a plain hash of the body, and a card's number is short enough to be found from one.
  summary: "Give a student a card; the one in use is revoked. The number itself is the idempotency key",
  who: staff("admin"),
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { params: studentParams, body: required(z.strictObject({ card_uid: cardUidField })) },
  responses: { 201: json(CardSchema, "The card in use") },
});

const getCardsOfStudent = route({
  method: "get",
  path: "/admin/students/{studentId}/cards",
  operationId: "listCardsOfStudent",
  tags: ["cards"],
  summary: "A student's cards, newest first",
  who: staff("admin"),
  errors: ["NOT_FOUND"],
  request: { params: studentParams },
  responses: { 200: json(listOf(CardSchema), "All of them") },
});

export const cardRoutes = (platform: Platform) =>
  router()
    .openapi(getCards, async (c) =>
      c.json({ items: (await listCards(platform.db, studentOf(c).id)).map(presentCard), next_cursor: null }, 200),
    )
    .openapi(freeze, async (c) => {
      const input = { ...inputOf(c, c.req.valid("param").cardId), because: frozenByStudent } as const;
      return once(c, "a day", async (tx) => ok(await freezeCard(tx, { ...input, actorId: input.studentId })));
    })
    .openapi(unfreeze, async (c) => {
      const stepUp = await tryStepUp(platform, studentOf(c).id, "thaw_card", c.req.valid("json"));
      return once(c, "a day", async (tx) => ok(await unfreezeCard(tx, { ...inputOf(c, c.req.valid("param").cardId), stepUp })));
    })
    .openapi(lost, async (c) => {
      return once(c, "a day", async (tx) => ok(await reportLost(tx, inputOf(c, c.req.valid("param").cardId))));
    })
    .openapi(issue, async (c) => {
      const uidHash = cardHash(await platform.secrets.get("CARD_PEPPER"), c.req.valid("json").card_uid);
      const input = { studentId: c.req.valid("param").studentId, uidHash, ...actorOf(c) };
      const card = await platform.db.transaction((tx) => issueCard(tx, platform.config, input));
      return c.json(presentCard(card), 201);
    })
    .openapi(getCardsOfStudent, async (c) => {
      const cards = await listCardsOfStudent(platform.db, c.req.valid("param").studentId);
      return c.json({ items: cards.map(presentCard), next_cursor: null }, 200);
    });

const inputOf = (c: HttpContext, cardId: string) => ({ cardId, studentId: studentOf(c).id, requestId: c.var.requestId });

const ok = (card: Card) => ({ status: 200 as const, body: presentCard(card) });
