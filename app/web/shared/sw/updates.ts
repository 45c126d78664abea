import { useSyncExternalStore } from "react";

let waiting: ServiceWorker | undefined;
const listeners = new Set<() => void>();

/** A newer build that waits for somebody to say yes: a page that may be paying is never reloaded by itself. */
export const useUpdate = (): ServiceWorker | undefined =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => waiting,
  );

export function takeUpdate(): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  waiting?.postMessage("take over");
}

const reloadedKey = "campus.reloaded-for-missing-file";

export function registerWorker(address: string): void {
  // A page from before a release asks for a file that is gone: one reload, and never while a payment is on the screen.
  addEventListener("vite:preloadError", (event) => {
    if (location.pathname.startsWith("/pay/") || sessionStorage.getItem(reloadedKey)) return;
    sessionStorage.setItem(reloadedKey, "1");
    event.preventDefault();
    location.reload();
  });
  if (!("serviceWorker" in navigator)) return;
  void navigator.serviceWorker.register(address).then(
    (registration) => {
      const look = (worker: ServiceWorker | null) => {
        if (!worker || !navigator.serviceWorker.controller) return;
        const tell = () => {
          if (worker.state !== "installed") return;
          waiting = worker;
          for (const listener of listeners) listener();
        };
        worker.addEventListener("statechange", tell);
        tell();
      };
      look(registration.waiting ?? registration.installing);
      registration.addEventListener("updatefound", () => look(registration.installing));
    },
    () => undefined,
  );
}
