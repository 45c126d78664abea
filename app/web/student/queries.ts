import { QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, unwrap } from "../shared/api/request.ts";
import { onSessionEnd } from "../shared/session/student.ts";
import { cafesApi, cardsApi, chargesApi, menuApi, ordersApi, ownGrantsApi, profileApi, slotsApi, walletApi } from "./api.ts";

const retriedAtMost = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      networkMode: "always",
      retry: (count, error) => count < retriedAtMost && error instanceof ApiError && (error.status === 0 || error.status >= 500),
    },
    // A payment is asked for once per tap: whoever repeats it is the person who sees the answer.
    mutations: { networkMode: "always", retry: false },
  },
});
onSessionEnd(() => queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] === "mine" }));

/** Only what a student may see again without a connection is kept, and each with its time. */
const keptKey = (name: string) => `campus.student.last.${name}`;

export interface Kept<T> {
  readonly at: string;
  readonly value: T;
}

export function readKept<T>(name: string): Kept<T> | undefined {
  try {
    return JSON.parse(localStorage.getItem(keptKey(name)) ?? "") as Kept<T>;
  } catch {
    return undefined;
  }
}

function keep<T>(name: string, value: T): T {
  try {
    localStorage.setItem(keptKey(name), JSON.stringify({ at: new Date().toISOString(), value }));
  } catch {
    // A full or forbidden storage costs the offline view, nothing else.
  }
  return value;
}

onSessionEnd(() => {
  try {
    for (const name of ["wallet", "grants"]) localStorage.removeItem(keptKey(name));
  } catch {
    // As above.
  }
});

/** The last answer where the network is away: pages say from when it is. */
async function orKept<T>(name: string, ask: () => Promise<T>): Promise<T> {
  try {
    return keep(name, await ask());
  } catch (error) {
    const kept = readKept<T>(name);
    if (kept && error instanceof ApiError && (error.code === "OFFLINE" || error.code === "UNREACHABLE")) return kept.value;
    throw error;
  }
}

/** A café that pauses or opens, and what sells out, is told on an open page within half a minute. */
export const lookAgainMs = 20_000;

export const cafesQuery = queryOptions({
  queryKey: ["cafes"],
  queryFn: () => orKept("cafes", () => unwrap(cafesApi.cafes.$get({ query: {} }))),
});

export const cafeQuery = (cafeId: string) =>
  queryOptions({
    queryKey: ["cafe", cafeId],
    queryFn: () => orKept(`cafe.${cafeId}`, () => unwrap(cafesApi.cafes[":cafeId"].$get({ param: { cafeId }, query: {} }))),
    refetchInterval: lookAgainMs,
  });

export const categoriesQuery = (cafeId: string) =>
  queryOptions({
    queryKey: ["categories", cafeId],
    queryFn: () => orKept(`categories.${cafeId}`, () => unwrap(menuApi.menu.categories.$get({ query: { cafe_id: cafeId } }))),
  });

export const itemsQuery = (cafeId: string) =>
  queryOptions({
    queryKey: ["items", cafeId],
    queryFn: () => orKept(`items.${cafeId}`, () => unwrap(menuApi.menu.items.$get({ query: { cafe_id: cafeId } }))),
    refetchInterval: lookAgainMs,
  });

export const itemQuery = (itemId: string) =>
  queryOptions({
    queryKey: ["item", itemId],
    queryFn: () => unwrap(menuApi.menu.items[":itemId"].$get({ param: { itemId } })),
  });

export const slotsQuery = (cafeId: string, date: string) =>
  queryOptions({
    queryKey: ["slots", cafeId, date],
    queryFn: () => unwrap(slotsApi.cafes[":cafeId"].slots.$get({ param: { cafeId }, query: { date } })),
  });

export const walletQuery = queryOptions({
  queryKey: ["mine", "wallet"],
  queryFn: () => orKept("wallet", () => unwrap(walletApi.wallet.$get())),
});

export const grantsQuery = queryOptions({
  queryKey: ["mine", "grants"],
  queryFn: () => orKept("grants", () => unwrap(ownGrantsApi.wallet.grants.$get())),
});

export const openChargesQuery = queryOptions({
  queryKey: ["mine", "charges", "open"],
  queryFn: () => unwrap(chargesApi.charges.open.$get({ query: {} })),
  staleTime: 0,
});

export const chargeQuery = (chargeId: string) =>
  queryOptions({
    queryKey: ["mine", "charges", chargeId],
    queryFn: async () => ({ ...(await unwrap(chargesApi.charges[":chargeId"].$get({ param: { chargeId } }))), readAt: performance.now() }),
    staleTime: 0,
    gcTime: 60_000,
  });

export const ordersQuery = queryOptions({
  queryKey: ["mine", "orders"],
  queryFn: () => unwrap(ordersApi.orders.$get({ query: { limit: 20 } })),
});

export const orderQuery = (orderId: string) =>
  queryOptions({
    queryKey: ["mine", "orders", orderId],
    queryFn: () => unwrap(ordersApi.orders[":orderId"].$get({ param: { orderId } })),
  });

export const profileQuery = queryOptions({
  queryKey: ["mine", "profile"],
  queryFn: () => unwrap(profileApi.users.me.$get()),
});

export type Profile = Awaited<ReturnType<NonNullable<typeof profileQuery.queryFn>>>;

/** The server takes a profile as a whole: what is not changed is sent as it is. Every page shows it as it was saved. */
export async function saveProfile({ name, language, notifications }: Profile, change: Partial<Profile>): Promise<Profile> {
  const saved = await unwrap(profileApi.users.me.$put({ json: { name, language, notifications, ...change } }));
  queryClient.setQueryData(profileQuery.queryKey, saved);
  return saved;
}

export const cardsQuery = queryOptions({
  queryKey: ["mine", "cards"],
  queryFn: () => unwrap(cardsApi.cards.$get()),
});
