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
  const worker = waiting;
  if (!worker) return;
  // By its own state: "controllerchange" never comes where it is active already, or where another app's worker controls this page.
  const reload = () => {
    if (worker.state !== "installed") location.reload();
  };
  worker.addEventListener("statechange", reload);
  worker.postMessage("take over");
  reload();
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
        // The first worker of this registration is no update. The page's controller says nothing of it: it may be the worker of scope "/".
        if (!worker || !registration.active) return;
        const tell = () => {
          // Where no page is controlled by the worker before it, it does not wait: this page is of the older build all the same.
          if (worker.state === "installing" || worker.state === "redundant") return;
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
