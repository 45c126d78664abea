import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { CheckIcon } from "../../../shared/ui/icons.tsx";
import { Notice } from "../../../shared/ui/parts.tsx";
import { paymentsApi, topUpsApi } from "../../api.ts";
import type { readReturn } from "../../checkout.ts";
import { queryClient } from "../../queries.ts";
import { ErrorNote } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";

type Paid = Exclude<ReturnType<typeof readReturn>, "unpaid" | undefined>;

const askAgainMs = 2_000;

/** What was paid and where it went, or null while the gateway does not know yet: asked again, it is the same payment. */
async function verify(json: Paid): Promise<{ readonly amountMinor: number; readonly goesBack: boolean } | null> {
  const found = await unwrap(paymentsApi.payments.verify.$post({ json }));
  if (found.status === "pending" || found.top_up_id === null) return null;
  const topUp = await unwrap(topUpsApi.wallet["top-ups"][":topUpId"].$get({ param: { topUpId: found.top_up_id } }));
  return { amountMinor: topUp.amount_minor, goesBack: found.credited_to === "held" };
}

/** Back from the bank's page: what it says is brought to the API, which asks the gateway itself. */
export function MoneyOnItsWay({ paid, currency, back }: { readonly paid: Paid; readonly currency: string; readonly back?: string }) {
  const w = useWords();
  const navigate = useNavigate();
  const arrived = useQuery({
    queryKey: ["paid", paid.payment_id],
    queryFn: () => verify(paid),
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: ({ state }) => (state.data === null ? askAgainMs : false),
  });
  const isThere = Boolean(arrived.data && !arrived.data.goesBack);
  useEffect(() => {
    if (!isThere) return;
    void queryClient.invalidateQueries({ queryKey: ["mine"] });
    if (back) void navigate({ href: back, replace: true });
  }, [isThere, back, navigate]);
  if (arrived.error) return <ErrorNote error={arrived.error} />;
  if (!arrived.data) return <Notice tone="wait" title={w.wallet.onItsWay} />;
  if (arrived.data.goesBack) return <Notice tone="no" title={w.wallet.goesBack(money(arrived.data.amountMinor, currency))} />;
  return (
    <p className="purse-arrived" role="status">
      <CheckIcon size={20} /> {w.wallet.toppedUp(money(arrived.data.amountMinor, currency))}
    </p>
  );
}
