import { useQuery } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { unwrap } from "../shared/api/request.ts";
import { onStaffSessionEnd, useStaffSession } from "../shared/session/staff.ts";
import { cafeApi, chooseCafe, registrationApi } from "./api.ts";
import { type OwnCafe, ownCafeQuery } from "./features/cafe/cafe-queries.ts";
import { queryClient } from "./queries.ts";
import { useWords } from "./words/words.ts";

let chosen: string | undefined;
const listeners = new Set<() => void>();

export function setCafe(cafeId: string | undefined): void {
  if (chosen === cafeId) return;
  chosen = cafeId;
  chooseCafe(cafeId);
  // What is known of the one café is not to be shown as the other's.
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] === "cafe" });
  for (const listener of listeners) listener();
}
onStaffSessionEnd(() => setCafe(undefined));

export const useCafeChoice = (): string | undefined =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => chosen,
  );

export const allCafesQuery = {
  queryKey: ["cafes"],
  queryFn: () => unwrap(cafeApi.admin.cafes.$get({ query: { limit: 100 } })),
};

/** The clock of the café that is looked at, else the campus's first one's. */
export function useTimeZone(): string {
  const session = useStaffSession();
  const own = session.kind === "in" ? session.user.cafe_id : null;
  const chosenHere = useCafeChoice();
  const cafe = useOwnCafe();
  const all = useQuery({ ...allCafesQuery, enabled: own === null });
  const zone = own === null ? (all.data?.items.find(({ id }) => id === chosenHere) ?? all.data?.items[0])?.time_zone : cafe?.time_zone;
  return zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The café of whoever sits here. Its owner sees it before it is approved too; its other staff as everybody does. */
export function useOwnCafe(): OwnCafe | OpenCafe | undefined {
  const session = useStaffSession();
  const cafeId = session.kind === "in" ? session.user.cafe_id : null;
  const isOwner = session.kind === "in" && session.user.role === "owner";
  const own = useQuery({ ...ownCafeQuery, enabled: cafeId !== null && isOwner });
  const open = useQuery({ ...openCafeQuery(cafeId ?? ""), enabled: cafeId !== null && !isOwner });
  return isOwner ? own.data : open.data;
}

type OpenCafe = Awaited<ReturnType<ReturnType<typeof openCafeQuery>["queryFn"]>> & { readonly status?: undefined };

/** What everybody may know of a café. */
const openCafeQuery = (cafeId: string) => ({
  queryKey: ["open cafe", cafeId],
  queryFn: () => unwrap(registrationApi.cafes[":cafeId"].$get({ param: { cafeId }, query: {} })),
  staleTime: 60_000,
  retry: false,
});

/** Above a page of one café, for the university's staff. */
export function CafeChoice() {
  const w = useWords();
  const cafes = useQuery(allCafesQuery);
  const cafe = useCafeChoice();
  const first = cafes.data?.items[0]?.id;
  useEffect(() => {
    if (cafe === undefined && first !== undefined) setCafe(first);
  }, [cafe, first]);
  return (
    <label className="cafe-choice">
      <span>{w.app.cafe}</span>
      <select className="input" value={cafe ?? ""} onChange={({ target }) => setCafe(target.value)}>
        {cafes.data?.items.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
