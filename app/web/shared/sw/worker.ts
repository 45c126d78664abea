/// <reference lib="webworker" />
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { registerRoute } from "workbox-routing";

interface WorkerOptions {
  readonly files: [];
  readonly page: string;
  readonly isOwnPage: (path: string) => boolean;
}

interface PushData {
  readonly title?: string;
  readonly body?: string;
  readonly data?: { readonly type?: string; readonly charge_id?: string; readonly order_id?: string };
  readonly notification?: { readonly title?: string; readonly body?: string };
}

/** The shell from the cache, everything else from the network; a push shows itself and opens what it is about. */
export function startWorker(worker: ServiceWorkerGlobalScope, { files, page, isOwnPage }: WorkerOptions): void {
  cleanupOutdatedCaches();
  precacheAndRoute(files);
  const shell = createHandlerBoundToURL(page);
  registerRoute(({ request, url }) => request.mode === "navigate" && isOwnPage(url.pathname), shell);

  worker.addEventListener("message", (event) => {
    if (event.data === "take over") void worker.skipWaiting();
  });
  worker.addEventListener("push", (event) => event.waitUntil(show(worker, event.data)));
  worker.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(worker, String(event.notification.data ?? worker.registration.scope)));
  });
}

/** Each push must show something: one that shows nothing costs the subscription on iOS. */
function show(worker: ServiceWorkerGlobalScope, message: PushMessageData | null): Promise<void> {
  const sent = read(message);
  const { charge_id, order_id } = sent.data ?? {};
  const address = charge_id ? `/pay/${charge_id}` : order_id ? `/orders/${order_id}` : "/";
  return worker.registration.showNotification(sent.notification?.title ?? sent.title ?? "Campus Pay", {
    body: sent.notification?.body ?? sent.body ?? "",
    icon: "/icon-192.png",
    tag: charge_id ?? order_id ?? "campus",
    data: address,
    requireInteraction: charge_id !== undefined,
  });
}

function read(message: PushMessageData | null): PushData {
  try {
    return (message?.json() as PushData) ?? {};
  } catch {
    return {};
  }
}

async function open(worker: ServiceWorkerGlobalScope, address: string): Promise<void> {
  const pages = await worker.clients.matchAll({ type: "window" });
  const own = pages.find((client) => client.url.startsWith(worker.registration.scope));
  if (!own) return void (await worker.clients.openWindow(address));
  await own.focus();
  own.postMessage({ open: address });
}
