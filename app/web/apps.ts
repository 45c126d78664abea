import path from "node:path";

/** The web apps: each its own build, service worker and scope. */
export const webApps = {
  student: { base: "/", name: "Campus Pay", hasWorker: true },
  pos: { base: "/pos/", name: "Campus Pay till", hasWorker: true },
  cafe: { base: "/cafe/", name: "Campus Pay café", hasWorker: true },
  demo: { base: "/demo/", name: "Campus Pay demo", hasWorker: false },
} as const;

export type WebApp = keyof typeof webApps;

export const webFolder = import.meta.dirname;
export const builtFolder = path.join(webFolder, "dist");

/** What the student's app answers by itself; every other path outside /assets belongs to the API. */
export const studentPages = [
  "/",
  "/c/",
  "/t/",
  "/basket",
  "/login",
  "/orders",
  "/pay/",
  "/wallet",
  "/receipts",
  "/verify",
  "/gifts/",
  "/me",
];
