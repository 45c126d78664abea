import { useSyncExternalStore } from "react";
import { unwrap } from "../shared/api/request.ts";
import { onSessionEnd } from "../shared/session/student.ts";
import { profileApi } from "./api.ts";

/**
 * Pushes to this browser, by Firebase: its SDK asks for the token, and is loaded by whoever turns them on. What comes is shown by our own
 * worker. Everything works without, and a browser that cannot has no switch.
 */
export type Pushes = "impossible" | "off" | "on" | "blocked";

const tokenKey = "campus.student.push-token";
const keptToken = (): string | null => {
  try {
    return localStorage.getItem(tokenKey);
  } catch {
    return null;
  }
};

// On iOS a page has these only on the home screen.
const isPossible = () => "Notification" in globalThis && "PushManager" in globalThis && "serviceWorker" in navigator;

function stateNow(): Pushes {
  if (!isPossible()) return "impossible";
  if (Notification.permission === "denied") return "blocked";
  return Notification.permission === "granted" && keptToken() !== null ? "on" : "off";
}

const listeners = new Set<() => void>();

function keep(token: string | null): void {
  try {
    if (token === null) localStorage.removeItem(tokenKey);
    else localStorage.setItem(tokenKey, token);
  } catch {
    // Without a storage the switch is off at the next visit, and the token is asked for anew.
  }
  for (const listener of listeners) listener();
}

export const usePushes = (): Pushes =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, stateNow);

export const browserPushesQuery = {
  queryKey: ["browser-pushes"],
  queryFn: () => unwrap(profileApi.users["device-token"].browser.$get()),
  retry: false,
  staleTime: Number.POSITIVE_INFINITY,
} as const;

/** Asks the person, then Firebase, and tells the campus. To be called by a tap: browsers ask for no other reason. */
export async function turnOnPushes(): Promise<void> {
  if ((await Notification.requestPermission()) === "granted") await registerHere();
  else keep(null);
}

export async function turnOffPushes(): Promise<void> {
  const token = keptToken();
  if (token === null) return;
  keep(null);
  await unwrap(profileApi.users["device-token"].$delete({ json: { token } }));
  await endSubscription();
}

const registeredAtMs = { key: "campus.student.push-registered", every: 86_400_000 };

/** A browser changes its token when it likes: asked again once a day. */
export async function renewPushes(): Promise<void> {
  if (stateNow() !== "on") return;
  try {
    if (Date.now() - Number(localStorage.getItem(registeredAtMs.key)) < registeredAtMs.every) return;
    await registerHere();
  } catch {
    // Tomorrow, or at the switch, which says what failed.
  }
}

async function registerHere(): Promise<void> {
  const { web_app: app } = await browserPushesQuery.queryFn();
  if (!app) return;
  const [{ getApps, initializeApp }, { getMessaging, getToken }] = await Promise.all([
    import("firebase/app"),
    import("firebase/messaging"),
  ]);
  const firebase =
    getApps()[0] ??
    initializeApp({ apiKey: app.api_key, projectId: app.project_id, appId: app.app_id, messagingSenderId: app.messaging_sender_id });
  const token = await getToken(getMessaging(firebase), {
    vapidKey: app.vapid_key,
    serviceWorkerRegistration: await navigator.serviceWorker.ready,
  });
  await unwrap(profileApi.users["device-token"].$post({ json: { token, platform: "web" } }));
  try {
    localStorage.setItem(registeredAtMs.key, String(Date.now()));
  } catch {
    // As in keep().
  }
  keep(token);
}

async function endSubscription(): Promise<void> {
  const subscription = await (await navigator.serviceWorker.ready).pushManager.getSubscription();
  await subscription?.unsubscribe();
}

// The next one at this phone is somebody else; to a subscription that ended nothing is sent any more.
onSessionEnd(() => {
  if (keptToken() === null) return;
  keep(null);
  void endSubscription().catch(() => undefined);
});
