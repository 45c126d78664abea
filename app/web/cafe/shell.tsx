import { useQuery } from "@tanstack/react-query";
import { type ErrorComponentProps, Navigate, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useStaffSession } from "../shared/session/staff.ts";
import { takeUpdate, useUpdate } from "../shared/sw/updates.ts";
import { PersonIcon } from "../shared/ui/icons.tsx";
import { Bones, EmptyState, Notice, Sheet } from "../shared/ui/parts.tsx";
import { useFocusOnHeading } from "../shared/ui/use-focus-on-heading.ts";
import { CafeChoice, useCafeChoice, useOwnCafe } from "./cafe-choice.tsx";
import { ownCafeQuery } from "./features/cafe/cafe-queries.ts";
import { Go } from "./link.tsx";
import { homeOf, type NavPage, navPageOf, pagesOf } from "./nav.ts";
import { ErrorState } from "./ui/parts.tsx";
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

const openPages = ["/login", "/register", "/password"];

export function Shell() {
  const w = useWords();
  const session = useStaffSession();
  const isOnline = useOnline();
  const update = useUpdate();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const isIn = session.kind === "in" && !openPages.includes(path);
  useFocusOnHeading(path);
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
      <div className={isIn ? "frame" : ""}>
        {isIn && <Sidebar pages={pagesOf(session.user.role)} />}
        <main id="content" className={isIn ? "page" : "page page-open"}>
          {isIn && session.user.role === "owner" && <CafeState />}
          <Guarded path={path} />
        </main>
      </div>
      {update && (
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

/** Who is not logged in is asked to; who has another role is told so, before the server would. */
function Guarded({ path }: { readonly path: string }) {
  const w = useWords();
  const session = useStaffSession();
  const cafe = useCafeChoice();
  if (openPages.includes(path)) return <Outlet />;
  if (session.kind !== "in")
    return session.kind === "unknown" ? (
      <Bones count={4} height={96} />
    ) : (
      <Navigate to="/login" search={path === "/" ? {} : { to: path }} replace />
    );
  const page = navPageOf(path);
  if (page && !page.roles.includes(session.user.role))
    return (
      <EmptyState isPage title={w.errors.INSUFFICIENT_ROLE} what={w.app.otherRole(w.roles[session.user.role])}>
        <Go to={homeOf(session.user.role)} className="button">
          {w.app.toStart}
        </Go>
      </EmptyState>
    );
  const mayChoose = page?.isOfCafe === true && session.user.cafe_id === null;
  if (!mayChoose) return <Outlet />;
  return (
    <>
      <CafeChoice />
      {cafe === undefined ? <Bones count={3} height={96} /> : <Outlet key={cafe} />}
    </>
  );
}

function Sidebar({ pages }: { readonly pages: readonly NavPage[] }) {
  const w = useWords();
  const [isOpen, setIsOpen] = useState(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const here = navPageOf(path);
  return (
    <header className="sidebar">
      <div className="sidebar-head">
        <Go to="/" className="wordmark">
          <Mark />
          <span>
            Campus Pay <CafeName />
          </span>
        </Go>
        <button type="button" className="button button-second button-small sidebar-open" onClick={() => setIsOpen(true)}>
          {here ? w.nav[here.word] : w.app.menu}
          <span aria-hidden="true"> ▾</span>
        </button>
      </div>
      <div className="sidebar-desk">
        <NavList pages={pages} />
        <Who />
      </div>
      {isOpen && (
        <Sheet title={w.app.menu} closeLabel={w.app.close} onClose={() => setIsOpen(false)}>
          <h2 className="sheet-title">{w.app.menu}</h2>
          <NavList pages={pages} onGo={() => setIsOpen(false)} />
          <Who onGo={() => setIsOpen(false)} />
        </Sheet>
      )}
    </header>
  );
}

function NavList({ pages, onGo }: { readonly pages: readonly NavPage[]; readonly onGo?: () => void }) {
  const w = useWords();
  const groups = [...new Set(pages.map(({ group }) => group))];
  const list = useRef<HTMLElement>(null);
  const here = navPageOf(useRouterState({ select: ({ location }) => location.pathname }))?.to;
  useEffect(() => {
    if (here) list.current?.querySelector(`[href$="${here}"]`)?.scrollIntoView({ block: "nearest" });
  }, [here]);
  return (
    <nav ref={list} aria-label={w.app.menu} className="nav">
      {groups.map((group) => (
        <section key={group}>
          <h2>{w.groups[group]}</h2>
          <ul>
            {pages
              .filter((page) => page.group === group)
              .map(({ to, word }) => (
                <li key={to}>
                  <Go to={to} onClick={onGo} className="nav-link">
                    {w.nav[word]}
                  </Go>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function Who({ onGo }: { readonly onGo?: () => void }) {
  const w = useWords();
  const session = useStaffSession();
  if (session.kind !== "in") return null;
  return (
    <Go to="/me" className="nav-who" onClick={onGo}>
      <PersonIcon />
      <span>
        <strong>{session.user.name}</strong>
        <small>{w.roles[session.user.role]}</small>
      </span>
    </Go>
  );
}

export function CafeName() {
  const cafe = useOwnCafe();
  return cafe ? <small>{cafe.name}</small> : null;
}

const cafeStateEveryMs = 60_000;

/** Why an owner's café sells nothing, while it waits for the university or is suspended. */
function CafeState() {
  const w = useWords();
  const cafe = useQuery({
    ...ownCafeQuery,
    refetchInterval: ({ state: { data } }) => (data?.status === "approved" ? false : cafeStateEveryMs),
  });
  if (cafe.data === undefined || cafe.data.status === "approved") return null;
  const { title, what } = w.cafeStates[cafe.data.status];
  return (
    <div className="cafe-state">
      <Notice tone="wait" title={title}>
        {what}
      </Notice>
    </div>
  );
}

export const Mark = () => (
  <svg className="wordmark-tile" viewBox="0 0 30 34" aria-hidden="true">
    <path d="M0 6a6 6 0 0 1 6-6h18a6 6 0 0 1 6 6v28l-3.750-3-3.750 3-3.750-3-3.750 3-3.750-3-3.750 3-3.750-3L0 34V6Z" fill="var(--act)" />
    <path d="m8 14.500 5 5 9-10" fill="none" stroke="var(--on-act)" strokeWidth="3.400" strokeLinecap="round" strokeLinejoin="round" />
  </svg>
);

export function MissingPage() {
  const w = useWords();
  return (
    <EmptyState isPage title={w.errors.NOT_FOUND}>
      <Go to="/" className="button">
        {w.app.toStart}
      </Go>
    </EmptyState>
  );
}

export const FailedPage = ({ error, reset }: ErrorComponentProps) => <ErrorState isPage error={error} onRetry={reset} />;
