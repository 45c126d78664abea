/// <reference lib="webworker" />
import { startWorker } from "../shared/sw/worker.ts";

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: [] };

startWorker(self, {
  files: self.__WB_MANIFEST,
  page: "/index.html",
  // One origin, three apps and an API: everything that is not a page of this app is left to the network.
  isOwnPage: (path) =>
    !/^\/(api|sandbox|cafe|pos|demo|ops|guide|docs|images|t|health|ready|metrics|openapi\.json|\.well-known)(\/|$)/.test(path),
});
