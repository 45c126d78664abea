import { z } from "@hono/zod-openapi";
import { CardSchema, presentCard } from "../cards/card-schemas.ts";
import { actorOf, staff } from "../identity/guards.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, route, router } from "../platform/http/router.ts";
import { stopStudentCard } from "./stop-student-card.ts";

const stop = {
  method: "post" as const,
  tags: ["cards"],
  who: staff("admin"),
  idempotency: "optional" as const,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"] as const,
  request: { params: z.object({ studentId: z.uuid(), cardId: z.uuid() }) },
  responses: { 200: json(CardSchema, "The card as it is now") },
};

const freeze = route({
  path: "/admin/students/{studentId}/cards/{cardId}/freeze",
  operationId: "freezeCardOfStudent",
  summary: "Freeze a student's card at the desk; the app does not thaw it, a new card replaces it",
  ...stop,
});

const lost = route({
  path: "/admin/students/{studentId}/cards/{cardId}/report-lost",
  operationId: "reportCardOfStudentLost",
  summary: "A student's card is gone, for good",
  ...stop,
});

export const studentCardRoutes = () => {
  const answer = async (c: HttpContext, params: { studentId: string; cardId: string }, status: "frozen" | "lost") => {
    const input = { ...params, status, ...actorOf(c) };
    return once(c, "a day", async (tx) => ({ status: 200 as const, body: presentCard(await stopStudentCard(tx, input)) }));
  };
  return router()
    .openapi(freeze, (c) => answer(c, c.req.valid("param"), "frozen"))
    .openapi(lost, (c) => answer(c, c.req.valid("param"), "lost"));
};
