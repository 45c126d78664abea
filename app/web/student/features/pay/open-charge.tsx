import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { unwrap } from "../../../shared/api/request.ts";
import { useLive } from "../../../shared/live/student-socket.ts";
import { chargesApi } from "../../api.ts";
import { openChargesQuery } from "../../queries.ts";

const askEveryMs = 2_000;

/** Leads to a question that is open already: after a reload, from the till's code, and where no event arrives. */
export function OpenCharge({ shortCode }: { readonly shortCode?: string }) {
  const isLive = useLive();
  const open = useQuery({ ...openChargesQuery, refetchInterval: isLive ? false : askEveryMs });
  const named = useQuery({
    queryKey: ["mine", "charges", "by-code", shortCode],
    queryFn: () => unwrap(chargesApi.charges.open.$get({ query: { short_code: shortCode } })),
    enabled: shortCode !== undefined,
  });
  const charge = named.data?.items[0] ?? open.data?.items[0];
  return charge ? <Navigate to="/pay/$chargeId" params={{ chargeId: charge.id }} replace={shortCode !== undefined} /> : null;
}
