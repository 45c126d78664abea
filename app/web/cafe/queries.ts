import { QueryClient, useInfiniteQuery } from "@tanstack/react-query";
import { ApiError } from "../shared/api/request.ts";
import { onStaffSessionEnd } from "../shared/session/staff.ts";

const retriedAtMost = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      networkMode: "always",
      retry: (count, error) => count < retriedAtMost && error instanceof ApiError && (error.status === 0 || error.status >= 500),
    },
    // Sent once per tap: whoever repeats it is the person who sees the answer.
    mutations: { networkMode: "always", retry: false },
  },
});
onStaffSessionEnd(() => queryClient.clear());

export const refresh = (...key: readonly unknown[]) => queryClient.invalidateQueries({ queryKey: key });

export interface ListPage<Row> {
  readonly items: readonly Row[];
  readonly next_cursor: string | null;
  readonly total?: number | undefined;
}

/** What another person waits for: a second one who has the page open sees it at once. */
export const live = { refetchInterval: 5_000, staleTime: 0 };

/** A list that grows by its cursor. */
export function useList<Row>(
  key: readonly unknown[],
  ask: (page: { cursor?: string }) => Promise<ListPage<Row>>,
  how: { readonly refetchInterval?: number; readonly staleTime?: number } = {},
) {
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => ask(pageParam === "" ? {} : { cursor: pageParam }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    ...how,
  });
  return { ...pages, rows: pages.data?.pages.flatMap(({ items }) => [...items]) };
}

export type List<Row> = ReturnType<typeof useList<Row>>;
