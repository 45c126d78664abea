import { readFileSync } from "node:fs";
import path from "node:path";
import { webFolder } from "../apps.ts";

/** One address for each page of the student's app, by the path in its route table. */
export const studentPages: Readonly<Record<string, string>> = {
  "/": "/",
  "/c/$cafeId": "/c/{cafe}",
  "/t/$code": "/t/nothing",
  "/pay/$chargeId": "/pay/01900000-0000-7000-8000-000000000000",
  "/basket": "/basket",
  "/login": "/login",
  "/orders": "/orders",
  "/orders/$orderId": "/orders/{order}",
  "/wallet": "/wallet",
  "/receipts": "/receipts",
  "/verify": "/verify",
  "/gifts/$token": "/gifts/nothing",
  "/me": "/me",
};

/** The paths of the route table itself: a page that is new there and not above fails the suite. */
export function routedPaths(): string[] {
  const source = readFileSync(path.join(webFolder, "student/router.tsx"), "utf8");
  return [...source.matchAll(/path: "([^"]+)"/g)].map(([, found]) => found ?? "");
}
