import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { ApiError, unwrap } from "../../../shared/api/request.ts";
import { dayAndTime } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { amountOf, amountPattern, minorOf } from "../../../shared/money/typed-amount.ts";
import { Notice } from "../../../shared/ui/parts.tsx";
import { closeOutApi, ownGiftsApi, topUpsApi, walletApi } from "../../api.ts";
import { queryClient, type walletQuery } from "../../queries.ts";
import { ErrorNote } from "../../shell.tsx";
import { type Proof, StepUp, type WantedStepUp } from "../../step-up.tsx";
import { useWords } from "../../words/words.ts";

type Wallet = Awaited<ReturnType<NonNullable<typeof walletQuery.queryFn>>>;

const changed = () => void queryClient.invalidateQueries({ queryKey: ["mine"] });

const Fold = ({ title, isOpen, children }: { readonly title: string; readonly isOpen?: boolean; readonly children: ReactNode }) => (
  <details className="card fold" open={isOpen}>
    <summary>{title}</summary>
    <div className="stack">{children}</div>
  </details>
);

/** What a student sets once and then forgets: limits, automatic top-up, gifts, freezing, closing. */
export function WalletSettings({ wallet }: { readonly wallet: Wallet }) {
  return (
    <section className="stack">
      <Limits wallet={wallet} />
      <Automatic wallet={wallet} />
      <Gifts wallet={wallet} />
      <Freeze wallet={wallet} />
      <Closing wallet={wallet} />
    </section>
  );
}

/** Saves a setting; where that takes a code of the phone, `asked` asks for it in the place of the form. */
function useGuardedSave<Wish>(title: string, put: (wish: Wish, proof?: Proof) => Promise<unknown>, wantedOf: (wish: Wish) => WantedStepUp) {
  const w = useWords();
  const [wished, setWished] = useState<Wish>();
  const save = useMutation({
    mutationFn: (wish: Wish) => put(wish),
    onSuccess: changed,
    onError: (error, wish) => setWished(error instanceof ApiError && error.code === "INVALID_OTP" ? wish : undefined),
  });
  const asked = wished !== undefined && (
    <Fold title={title} isOpen>
      <StepUp
        wanted={wantedOf(wished)}
        action={w.app.save}
        onProof={(proof) => put(wished, proof)}
        onDone={() => {
          setWished(undefined);
          changed();
        }}
      />
    </Fold>
  );
  return { save, asked };
}

interface LimitsInput {
  readonly daily_limit_minor: number | null;
  readonly low_balance_alert_minor: number | null;
}

function Limits({ wallet }: { readonly wallet: Wallet }) {
  const w = useWords();
  const put = (wish: LimitsInput, proof?: Proof) => unwrap(walletApi.wallet.limits.$put({ json: { ...wish, ...proof } }));
  // A higher limit needs a code of the phone.
  const { save, asked } = useGuardedSave(w.wallet.limits, put, ({ daily_limit_minor }) => ({ purpose: "limits", daily_limit_minor }));
  if (asked) return asked;
  return (
    <Fold title={w.wallet.limits}>
      <form
        className="stack"
        onSubmit={submitting((form) =>
          save.mutate({ daily_limit_minor: minorOf(form.get("day")) ?? null, low_balance_alert_minor: minorOf(form.get("low")) ?? null }),
        )}
      >
        <Amount name="day" label={w.wallet.dailyLimit} value={amountOf(wallet.daily_limit_minor)} />
        <Amount name="low" label={w.wallet.lowAlert} value={amountOf(wallet.low_balance_alert_minor)} />
        <small className="soft">{w.wallet.noLimit}</small>
        <SaveButton mutation={save} />
      </form>
    </Fold>
  );
}

interface AutoInput {
  readonly below_minor: number;
  readonly to_minor: number;
}

function Automatic({ wallet }: { readonly wallet: Wallet }) {
  const w = useWords();
  const auto = useQuery({ queryKey: ["mine", "auto-top-up"], queryFn: () => unwrap(topUpsApi.wallet["auto-top-up"].$get()) });
  const put = (wish: AutoInput, proof?: Proof) => unwrap(topUpsApi.wallet["auto-top-up"].$put({ json: { ...wish, ...proof } }));
  // A line that is new or higher needs a code of the phone.
  const { save, asked } = useGuardedSave(w.wallet.auto, put, (wish) => ({ purpose: "auto_top_up", ...wish }));
  const off = useMutation({ mutationFn: () => unwrap(topUpsApi.wallet["auto-top-up"].$delete()), onSuccess: changed });
  if (asked) return asked;
  return (
    <Fold title={w.wallet.auto}>
      <p className="soft">{w.wallet.autoWhat}</p>
      {auto.data && !auto.data.has_saved_method ? (
        <Notice tone="tell" title={w.wallet.autoNeeds} />
      ) : (
        auto.data && (
          <form
            key={wallet.updated_at}
            className="stack"
            onSubmit={submitting((form) =>
              save.mutate({ below_minor: minorOf(form.get("below")) ?? 0, to_minor: minorOf(form.get("to")) ?? 0 }),
            )}
          >
            <Amount name="below" label={w.wallet.below} value={amountOf(auto.data.below_minor)} />
            <Amount name="to" label={w.wallet.to} value={amountOf(auto.data.to_minor)} />
            <SaveButton mutation={save} />
            {auto.data.below_minor !== null && (
              <button type="button" className="button button-second" disabled={off.isPending} onClick={() => off.mutate()}>
                {w.wallet.autoOff}
              </button>
            )}
          </form>
        )
      )}
    </Fold>
  );
}

/** What all gifts by a link may come to, until the student types something else. */
const usualGiftsMinor = 50_000;

function Gifts({ wallet }: { readonly wallet: Wallet }) {
  const w = useWords();
  const [copied, setCopied] = useState<string>();
  const links = useQuery({ queryKey: ["mine", "gift-links"], queryFn: () => unwrap(ownGiftsApi.wallet["gift-links"].$get()) });
  const make = useMutation({
    mutationFn: (limit_minor: number) => unwrap(ownGiftsApi.wallet["gift-link"].$post({ json: { limit_minor } })),
    onSuccess: changed,
  });
  const url = make.data?.url;
  const revoke = useMutation({
    mutationFn: (linkId: string) => unwrap(ownGiftsApi.wallet["gift-links"][":linkId"].$delete({ param: { linkId } })),
    onSuccess: (_, linkId) => {
      if (linkId === make.data?.id) make.reset();
      changed();
    },
  });
  const copy = (link: string) => void navigator.clipboard?.writeText(link).then(() => setCopied(link));
  return (
    <Fold title={w.wallet.gift}>
      <p className="soft">{w.wallet.giftWhat}</p>
      {url && (
        <div className="row">
          <input className="input" readOnly value={url} aria-label={w.wallet.gift} />
          <button type="button" className="button" onClick={() => copy(url)}>
            {copied === url ? w.wallet.copied : w.wallet.copy}
          </button>
        </div>
      )}
      <form className="stack" onSubmit={submitting((form) => make.mutate(minorOf(form.get("limit")) ?? 0))}>
        <Amount name="limit" label={w.wallet.giftLimit} value={amountOf(usualGiftsMinor)} isRequired />
        <button type="submit" className={`button ${url ? "button-second" : ""}`} disabled={make.isPending}>
          {w.wallet.makeGift}
        </button>
      </form>
      <ErrorNote error={make.error ?? revoke.error} />
      <ul className="stack">
        {links.data?.items.map((link) => (
          <li key={link.id} className="row-between">
            <span>
              {money(link.limit_minor, wallet.currency)} <span className="soft small">{w.wallet.until(dayAndTime(link.expires_at))}</span>
            </span>
            <button type="button" className="button button-words" onClick={() => revoke.mutate(link.id)}>
              {w.wallet.revoke}
            </button>
          </li>
        ))}
      </ul>
    </Fold>
  );
}

function Freeze({ wallet }: { readonly wallet: Wallet }) {
  const w = useWords();
  const isFrozen = wallet.status === "frozen";
  const [isThawing, setIsThawing] = useState(false);
  const freeze = useMutation({ mutationFn: () => unwrap(walletApi.wallet.freeze.$post({})), onSuccess: changed });
  if (isFrozen && isThawing)
    return (
      <Fold title={w.wallet.thaw} isOpen>
        <StepUp
          wanted={{ purpose: "thaw_wallet" }}
          action={w.wallet.thaw}
          onProof={(json) => unwrap(walletApi.wallet.unfreeze.$post({ json }))}
          onDone={() => {
            setIsThawing(false);
            changed();
          }}
        />
      </Fold>
    );
  return (
    <Fold title={isFrozen ? w.wallet.thaw : w.wallet.freeze}>
      <p className="soft">{w.wallet.freezeWhat}</p>
      <ErrorNote error={freeze.error} />
      <button
        type="button"
        className={`button ${isFrozen ? "" : "button-no"}`}
        disabled={freeze.isPending}
        onClick={() => (isFrozen ? setIsThawing(true) : freeze.mutate())}
      >
        {isFrozen ? w.wallet.thaw : w.wallet.freeze}
      </button>
    </Fold>
  );
}

function Closing({ wallet }: { readonly wallet: Wallet }) {
  const w = useWords();
  const [key] = useState(() => crypto.randomUUID());
  const current = useQuery({
    queryKey: ["mine", "close-out"],
    queryFn: () =>
      unwrap(closeOutApi.wallet["close-out"].$get()).catch((error: unknown) =>
        error instanceof ApiError && error.status === 404 ? null : Promise.reject(error),
      ),
  });
  const [payTo, setPayTo] = useState<string>();
  const [refused, setRefused] = useState<{ readonly payTo: string; readonly error: unknown }>();
  const ask = (pay_to: string, proof: Proof) =>
    unwrap(closeOutApi.wallet["close-out"].$post({ json: { pay_to, ...proof } }, { headers: { "idempotency-key": key } }));
  const withdraw = useMutation({ mutationFn: () => unwrap(closeOutApi.wallet["close-out"].$delete()), onSuccess: changed });
  const isPending = current.data?.status === "pending" || current.data?.status === "agreed";
  return (
    <Fold title={w.wallet.closeOut}>
      <p className="soft">{w.wallet.closeOutWhat}</p>
      <ErrorNote error={withdraw.error} />
      {current.data?.status === "rejected" && (
        <Notice tone="no" title={w.wallet.closeRejected}>
          {current.data.reason}
        </Notice>
      )}
      {isPending && current.data ? (
        <Notice tone="wait" title={w.wallet.closePending(money(current.data.amount_minor, wallet.currency))}>
          <button type="button" className="button button-second" disabled={withdraw.isPending} onClick={() => withdraw.mutate()}>
            {w.wallet.withdraw}
          </button>
        </Notice>
      ) : payTo === undefined ? (
        <form className="stack" onSubmit={submitting((form) => setPayTo(String(form.get("to") ?? "")))}>
          <label className="field">
            <span>{w.wallet.payTo}</span>
            <input className="input" name="to" required minLength={15} maxLength={42} autoComplete="off" defaultValue={refused?.payTo} />
          </label>
          <ErrorNote error={refused?.error} />
          <button type="submit" className="button button-no">
            {w.wallet.closeAsk}
          </button>
        </form>
      ) : (
        <>
          <StepUp
            wanted={{ purpose: "close_out", pay_to: payTo }}
            action={w.wallet.closeAsk}
            onProof={(proof) => ask(payTo, proof)}
            onDone={() => {
              setPayTo(undefined);
              setRefused(undefined);
              changed();
            }}
            onRefused={(error) => {
              setPayTo(undefined);
              setRefused({ payTo, error });
            }}
          />
          <button type="button" className="button button-words" onClick={() => setPayTo(undefined)}>
            {w.wallet.otherAccount}
          </button>
        </>
      )}
    </Fold>
  );
}

interface AmountInput {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly isRequired?: boolean;
}

const Amount = ({ name, label, value, isRequired = false }: AmountInput) => (
  <label className="field">
    <span>{label}</span>
    <input
      className="input"
      name={name}
      inputMode="decimal"
      pattern={amountPattern}
      required={isRequired}
      autoComplete="off"
      defaultValue={value}
    />
  </label>
);

function SaveButton({
  mutation,
}: {
  readonly mutation: { readonly isPending: boolean; readonly isSuccess: boolean; readonly error: unknown };
}) {
  const w = useWords();
  return (
    <>
      <ErrorNote error={mutation.error} />
      <button type="submit" className="button" disabled={mutation.isPending}>
        {mutation.isSuccess ? w.app.saved : w.app.save}
      </button>
    </>
  );
}

const submitting = (work: (form: FormData) => void) => (event: FormEvent<HTMLFormElement>) => {
  event.preventDefault();
  work(new FormData(event.currentTarget));
};
