import { cafeOf, staffOf } from "../identity/guards.ts";
import type { HttpContext } from "../platform/http/router.ts";
import type { Actor } from "./actor.ts";

export const actorOf = (c: HttpContext, queryCafeId: string | undefined): Actor => ({
  cafeId: cafeOf(c, queryCafeId),
  staffId: staffOf(c).id,
  requestId: c.var.requestId,
});
