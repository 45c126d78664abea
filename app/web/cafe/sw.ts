/// <reference lib="webworker" />
import { startWorker } from "../shared/sw/worker.ts";

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: [] };

startWorker(self, { files: self.__WB_MANIFEST, page: "/cafe/index.html", isOwnPage: (path) => path.startsWith("/cafe/") });
