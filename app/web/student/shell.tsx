import { useQuery } from "@tanstack/react-query";
import { type ErrorComponentProps, Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { ApiError, type FailureCode } from "../shared/api/request.ts";
import { clock } from "../shared/money/dates.ts";
import { money } from "../shared/money/money.ts";
import { useSession } from "../shared/session/student.ts";
import { takeUpdate, useUpdate } from "../shared/sw/updates.ts";
import { CupIcon, OfflineIcon, PersonIcon, TicketIcon, WalletIcon } from "../shared/ui/icons.tsx";
import { EmptyState, Notice } from "../shared/ui/parts.tsx";
import { useFocusOnHeading } from "../shared/ui/use-focus-on-heading.ts";
import { readKept, walletQuery } from "./queries.ts";
import { useWords } from "./words/words.ts";

export const useOnline = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      addEventListener("online", listener);
      addEventListener("offline", listener);
      return () => {
        removeEventListener("online", listener);
        removeEventListener("offline", listener);
      };
    },
    () => navigator.onLine,
  );

export function Shell() {
  const w = useWords();
  const isOnline = useOnline();
  const update = useUpdate();
  const pathname = useRouterState({ select: ({ location }) => location.pathname });
  const isPaying = pathname.startsWith("/pay/");
  useFocusOnHeading(pathname);
  return (
    <>
      <a className="button skip" href="#content">
        {w.app.skip}
      </a>
      {!isOnline && (
        <div className="offline-bar" role="status">
          <strong>{w.app.offline}.</strong> {w.app.offlineWhat}
        </div>
      )}
      <header className="topbar">
        <div className="wrap topbar-inner">
          <Link to="/" className="wordmark">
            <Mark /> {w.app.name}
          </Link>
          {!isPaying && <Tabs />}
          <Balance />
        </div>
      </header>
      <main id="content" className="page">
        <Outlet />
      </main>
      {update && !isPaying && (
        <div className="update-bar" role="status">
          {w.app.update}
          <button type="button" className="button" onClick={takeUpdate}>
            {w.app.updateNow}
          </button>
        </div>
      )}
    </>
  );
}

const Mark = () => (
  <svg className="wordmark-tile" viewBox="0 0 30 34" aria-hidden="true">
    <path d="M0 6a6 6 0 0 1 6-6h18a6 6 0 0 1 6 6v28l-3.750-3-3.750 3-3.750-3-3.750 3-3.750-3-3.750 3-3.750-3L0 34V6Z" fill="var(--act)" />
    <path d="m8 14.500 5 5 9-10" fill="none" stroke="var(--on-act)" strokeWidth="3.400" strokeLinecap="round" strokeLinejoin="round" />
  </svg>
);

function Tabs() {
  const w = useWords();
  const session = useSession();
  return (
    <nav className="tabs" aria-label={w.app.name}>
      <Link to="/" activeOptions={{ exact: true, includeSearch: false }}>
        <CupIcon /> {w.nav.order}
      </Link>
      <Link to="/orders" disabled={false}>
        <TicketIcon /> {w.nav.orders}
      </Link>
      <Link to="/wallet">
        <WalletIcon /> {w.nav.wallet}
      </Link>
      {session.kind === "out" ? (
        <Link to="/login">
          <PersonIcon /> {w.nav.logIn}
        </Link>
      ) : (
        <Link to="/me">
          <PersonIcon /> {w.nav.me}
        </Link>
      )}
    </nav>
  );
}

function Balance() {
  const w = useWords();
  const session = useSession();
  const isOnline = useOnline();
  const wallet = useQuery({ ...walletQuery, enabled: session.kind === "in" });
  const kept = readKept<typeof wallet.data>("wallet");
  const shown = wallet.data ?? (session.kind === "out" ? undefined : kept?.value);
  if (!shown) return <span />;
  const at = isOnline && wallet.data ? wallet.dataUpdatedAt : (kept?.at ?? Date.now());
  return (
    <Link to="/wallet" className="balance">
      <span className="sr-only">{w.wallet.balance} </span>
      <strong>{money(shown.balance_minor, shown.currency)}</strong>
      <small>{w.wallet.asOf(clock(new Date(at)))}</small>
    </Link>
  );
}

export function MissingPage() {
  const w = useWords();
  return (
    <div className="narrow">
      <EmptyState isPage title={w.errors.NOT_FOUND}>
        <Link to="/" className="button">
          {w.menu.toCafes}
        </Link>
      </EmptyState>
    </div>
  );
}

export function FailedPage({ error, reset }: ErrorComponentProps) {
  return (
    <div className="narrow">
      <ErrorState isPage error={error} onRetry={reset} />
    </div>
  );
}

interface ErrorStateProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
  readonly isPage?: boolean;
}

/** What went wrong, in the reader's words; what to do; and the request's id for whoever is asked for help. */
export function ErrorState({ error, onRetry, isPage = false }: ErrorStateProps) {
  const w = useWords();
  const known = error instanceof ApiError ? error : undefined;
  return (
    <EmptyState isPage={isPage} title={w.failed.title} what={w.errors[known?.code ?? "INTERNAL_ERROR"]} icon={<OfflineIcon />}>
      <button type="button" className="button" onClick={onRetry ?? (() => location.reload())}>
        {w.app.retry}
      </button>
      {known?.requestId && <code className="soft small">{w.app.copyId(known.requestId)}</code>}
    </EmptyState>
  );
}

/** Where one headline stands for many things, the server's own sentence says which. */
const saidByServer: readonly FailureCode[] = ["CONFLICT", "INSUFFICIENT_ROLE", "INVALID_TRANSITION"];

/** What the server says beyond the headline: of what was typed, the first field's fault. */
function sentenceOf({ code, message, details }: ApiError): string | undefined {
  if (saidByServer.includes(code)) return message || undefined;
  if (code !== "VALIDATION_ERROR") return undefined;
  const [first] = (details.fields as readonly { readonly problem: string }[] | undefined) ?? [];
  return first && `… ${first.problem}`;
}

/** The same beside a form, in one line. */
export function ErrorNote({ error }: { readonly error: unknown }) {
  const w = useWords();
  if (!error) return null;
  const known = error instanceof ApiError ? error : undefined;
  const sentence = known && sentenceOf(known);
  return (
    <Notice tone="no" title={w.errors[known?.code ?? "INTERNAL_ERROR"]}>
      {sentence && <p lang="en">{sentence}</p>}
      {known?.requestId && <small className="request-id">{w.app.copyId(known.requestId)}</small>}
    </Notice>
  );
}
