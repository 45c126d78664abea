import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { clock } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { useSession } from "../../../shared/session/student.ts";
import { CardIcon, ClockIcon, CupIcon, ShieldIcon, TicketIcon } from "../../../shared/ui/icons.tsx";
import { Bones, EmptyState } from "../../../shared/ui/parts.tsx";
import { cafesQuery, itemsQuery, lookAgainMs, ordersQuery } from "../../queries.ts";
import { ErrorState } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";
import { OpenCharge } from "../pay/open-charge.tsx";

type Cafe = Awaited<ReturnType<NonNullable<typeof cafesQuery.queryFn>>>["items"][number];

export function HomePage() {
  const w = useWords();
  const session = useSession();
  const cafes = useQuery({ ...cafesQuery, refetchInterval: lookAgainMs });
  const { cafe, table, charge } = useSearch({ from: "/" });
  const navigate = useNavigate();
  useEffect(() => {
    if (charge && session.kind === "out") void navigate({ to: "/login", search: { to: `/?charge=${charge}` } });
  }, [charge, session.kind, navigate]);
  if (cafe)
    return table ? (
      <Navigate to="/t/$code" params={{ code: table }} replace />
    ) : (
      <Navigate to="/c/$cafeId" params={{ cafeId: cafe }} replace />
    );
  const first = session.kind === "in" ? session.student.name?.split(" ")[0] : undefined;
  return (
    <div className="wrap">
      <div className="hero">
        <h1>{first ? w.home.helloName(first) : w.home.hello}</h1>
        {!first && <p>{w.home.lead}</p>}
      </div>
      {session.kind === "in" && (
        <>
          <OpenCharge {...(charge ? { shortCode: charge } : {})} />
          <Running />
        </>
      )}
      <h2 className="sr-only">{w.home.cafes}</h2>
      {cafes.isPending && <Bones count={3} height={250} />}
      {cafes.isError && <ErrorState error={cafes.error} onRetry={() => void cafes.refetch()} />}
      {cafes.data?.items.length === 0 && <EmptyState title={w.home.none} what={w.home.noneWhat} icon={<CupIcon />} />}
      <ul className="cafes">
        {cafes.data?.items.map((shown) => (
          <li key={shown.id}>
            <CafeCard cafe={shown} />
          </li>
        ))}
      </ul>
      {session.kind === "out" && <About />}
    </div>
  );
}

/** What this is, for whoever comes here for the first time; the cafés come first, because most want to eat. */
function About() {
  const w = useWords();
  const icons = [<CardIcon key="card" size={28} />, <ShieldIcon key="shield" size={28} />, <TicketIcon key="ticket" size={28} />];
  return (
    <section className="about stack">
      <h2>{w.home.about}</h2>
      <ul>
        {w.home.aboutParts.map(({ title, what }, index) => (
          <li key={title}>
            {icons[index]}
            <h3>{title}</h3>
            <p className="soft">{what}</p>
          </li>
        ))}
      </ul>
      <div className="about-links">
        <Link to="/verify" className="button button-words">
          {w.receipts.verify}
        </Link>
        <a href="/guide/guides/student.html" className="button button-words">
          {w.home.guide}
        </a>
        <a href="/cafe/register" className="button button-words">
          {w.home.forCafes}
        </a>
        <a href="/cafe/" className="button button-words">
          {w.home.staffLogIn}
        </a>
      </div>
    </section>
  );
}

const shelfSize = 3;

function CafeCard({ cafe }: { readonly cafe: Cafe }) {
  const w = useWords();
  const items = useQuery({ ...itemsQuery(cafe.id), refetchInterval: false, staleTime: 60_000 });
  const pictures = items.data?.items.filter(({ image }) => image).slice(0, shelfSize) ?? [];
  return (
    <Link to="/c/$cafeId" params={{ cafeId: cafe.id }} className="cafe-card">
      <div className="cafe-shelf" aria-hidden="true">
        {pictures.map(
          ({ id, image }, index) =>
            image && <img key={id} src={index === 0 ? image.medium : image.small} alt="" width={320} height={180} />,
        )}
      </div>
      <div className="cafe-card-text">
        <div className="stack-tight">
          <h3>{cafe.name}</h3>
          {cafe.address && <p className="soft small">{cafe.address}</p>}
        </div>
        <span className={`chip ${cafe.is_open ? "chip-act" : ""}`}>
          {cafe.is_open ? w.home.open : cafe.paused_until ? w.home.paused(clock(cafe.paused_until, cafe.time_zone)) : w.home.closed}
        </span>
      </div>
    </Link>
  );
}

/** What is unpaid or on its way: always the first thing on the page. */
function Running() {
  const w = useWords();
  const orders = useQuery(ordersQuery);
  const running = orders.data?.items.filter(({ status }) => status !== "completed" && status !== "cancelled").slice(0, 3) ?? [];
  return running.map((order) => {
    const isUnpaid = order.payment_status === "pending";
    return (
      <Link key={order.id} to="/orders/$orderId" params={{ orderId: order.id }} className={`waiting ${isUnpaid ? "" : "waiting-running"}`}>
        {isUnpaid ? <CardIcon size={28} /> : <ClockIcon size={28} />}
        <span className="stack-tight">
          <strong>{isUnpaid ? w.home.unpaid : w.orders.status[order.status]}</strong>
          <span>
            {shortNumber(order.order_number)} · {money(order.total_minor, order.currency)}
          </span>
        </span>
      </Link>
    );
  });
}
