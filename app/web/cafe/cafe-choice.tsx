import { useQuery } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { unwrap } from "../shared/api/request.ts";
import { onStaffSessionEnd } from "../shared/session/staff.ts";
import { cafeApi, chooseCafe } from "./api.ts";
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
  queryFn: () => unwrap(cafeApi.admin.cafes.$get({ query: { limit: 100 } as never })),
};

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
