import { useMutation, useQuery } from "@tanstack/react-query";
import { useLocation, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, unwrap } from "../../../shared/api/request.ts";
import { money, price } from "../../../shared/money/money.ts";
import { minorOf } from "../../../shared/money/typed-amount.ts";
import { CheckIcon, GiftIcon } from "../../../shared/ui/icons.tsx";
import { Bones, EmptyState } from "../../../shared/ui/parts.tsx";
import { giftsApi } from "../../api.ts";
import { leaveToPay, readLeft, readReturn, refusalOf } from "../../checkout.ts";
import { ErrorNote } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";

const offered = [10_000, 20_000, 50_000];

/** For parents and friends: an amount and the bank, without an account. */
export function GiftPage() {
  const w = useWords();
  const { token } = useParams({ from: "/gifts/$token" });
  const returned = readReturn(useLocation().hash);
  const [minor, setMinor] = useState<number>();
  const [typed, setTyped] = useState("");
  const gift = useQuery({ queryKey: ["gift", token], queryFn: () => unwrap(giftsApi.gifts[":token"].$get({ param: { token } })) });
  const pay = useMutation({
    mutationFn: (amount_minor: number) => unwrap(giftsApi.gifts[":token"].$post({ param: { token }, json: { amount_minor } })),
    onSuccess: ({ checkout, amount }) => leaveToPay(checkout, { amount }),
  });
  if (gift.isPending)
    return (
      <div className="narrow">
        <Bones count={2} height={180} />
      </div>
    );
  if (!gift.data)
    return (
      <div className="narrow">
        {gift.error instanceof ApiError && gift.error.status === 404 ? (
          <EmptyState isPage title={w.gift.ended} what={w.gift.endedWhat} icon={<GiftIcon size={36} />} />
        ) : (
          <ErrorNote error={gift.error} />
        )}
      </div>
    );
  const { currency, min_minor: least, max_minor: most, first_name: name } = gift.data;
  const given = readLeft()?.amount;
  // The gateway tells us itself: a giver has no account by which to bring what its page says.
  if (returned !== undefined && returned !== "unpaid")
    return (
      <div className="narrow outcome outcome-paid" role="status">
        <span className="stamp">
          <CheckIcon size={64} />
        </span>
        <h1>{w.gift.thanks}</h1>
        {given !== undefined && <p>{w.gift.thanksWhat(money(given, currency))}</p>}
      </div>
    );
  const amounts = offered.filter((amount) => amount >= least && amount <= most);
  const chosen = typed === "" ? (minor ?? amounts[0] ?? least) : (minorOf(typed) ?? 0);
  const isTaken = chosen >= least && chosen <= most;
  return (
    <div className="narrow stack">
      <span className="empty-icon">
        <GiftIcon size={36} />
      </span>
      <h1>{w.gift.title(name ?? w.gift.someone)}</h1>
      <p className="soft">{w.gift.what}</p>
      <div className="jump">
        {(amounts.length > 0 ? amounts : [least]).map((amount) => (
          <button
            key={amount}
            type="button"
            aria-pressed={amount === chosen}
            onClick={() => {
              setTyped("");
              setMinor(amount);
            }}
          >
            {price(amount, currency)}
          </button>
        ))}
      </div>
      <label className="field">
        <span>{w.wallet.other}</span>
        <input className="input" inputMode="decimal" autoComplete="off" value={typed} onChange={({ target }) => setTyped(target.value)} />
        <small className="soft">{w.gift.range(price(least, currency), price(most, currency))}</small>
      </label>
      <ErrorNote error={pay.error ?? (pay.isPending ? undefined : refusalOf(returned))} />
      <button type="button" className="button button-big" disabled={!isTaken || pay.isPending} onClick={() => pay.mutate(chosen)}>
        {w.gift.give(isTaken ? money(chosen, currency) : "")}
      </button>
    </div>
  );
}
