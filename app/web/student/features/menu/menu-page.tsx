import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useDeferredValue, useEffect, useState } from "react";
import { clock } from "../../../shared/money/dates.ts";
import { price } from "../../../shared/money/money.ts";
import { CupIcon, LeafIcon, SearchIcon } from "../../../shared/ui/icons.tsx";
import { Bones, EmptyState, Notice, Photo } from "../../../shared/ui/parts.tsx";
import { countOf, sitDown, totalOf, useBasket, useTable } from "../../basket.ts";
import { cafeQuery, categoriesQuery, itemsQuery, queryClient } from "../../queries.ts";
import { ErrorState } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";
import { DishSheet } from "./dish-sheet.tsx";

type Items = Awaited<ReturnType<NonNullable<ReturnType<typeof itemsQuery>["queryFn"]>>>;
type Categories = Awaited<ReturnType<NonNullable<ReturnType<typeof categoriesQuery>["queryFn"]>>>;
type CafePage = Awaited<ReturnType<NonNullable<ReturnType<typeof cafeQuery>["queryFn"]>>>;
export type Dish = Items["items"][number];

interface TableContent {
  readonly cafe: CafePage;
  readonly categories: Categories;
  readonly items: Items;
}

/** What /t/{code} put into the page: the menu is there before the first question. */
function readTableContent(): TableContent | undefined {
  const element = document.getElementById("table");
  if (!element) return undefined;
  const content = JSON.parse(element.textContent ?? "null") as TableContent | null;
  element.remove();
  if (!content) return undefined;
  const { cafe, categories, items } = content;
  queryClient.setQueryData(cafeQuery(cafe.id).queryKey, cafe);
  queryClient.setQueryData(categoriesQuery(cafe.id).queryKey, categories);
  queryClient.setQueryData(itemsQuery(cafe.id).queryKey, items);
  if (cafe.table) sitDown({ cafeId: cafe.id, code: cafe.table.code, label: cafe.table.label });
  return content;
}

const opened = location.pathname.startsWith("/t/") ? readTableContent() : undefined;

/** Where a table's code leads. Without its content (from a link inside the app) the server is asked for the whole page. */
export function TablePage() {
  const w = useWords();
  const { code } = useParams({ from: "/t/$code" });
  if (opened?.cafe.table?.code === code) return <Menu cafeId={opened.cafe.id} />;
  if (location.pathname === `/t/${code}` && !document.getElementById("table") && opened === undefined && !performanceSaysServed())
    location.replace(`/t/${code}`);
  return (
    <div className="narrow">
      <EmptyState isPage title={w.menu.unknownTable} what={w.menu.unknownTableWhat} icon={<CupIcon />}>
        <Link to="/" className="button">
          {w.menu.toCafes}
        </Link>
      </EmptyState>
    </div>
  );
}

/** Whether this very document came from /t/, and not by a link inside the app. */
const performanceSaysServed = () => {
  const [entry] = performance.getEntriesByType("navigation");
  return entry !== undefined && new URL(entry.name).pathname.startsWith("/t/");
};

export function MenuPage() {
  const { cafeId } = useParams({ from: "/c/$cafeId" });
  return <Menu cafeId={cafeId} />;
}

function Menu({ cafeId }: { readonly cafeId: string }) {
  const w = useWords();
  const cafe = useQuery(cafeQuery(cafeId));
  const categories = useQuery(categoriesQuery(cafeId));
  const items = useQuery(itemsQuery(cafeId));
  const [shown, setShown] = useState<Dish>();
  const [search, setSearch] = useState("");
  const [vegOnly, setVegOnly] = useState(false);
  const wanted = useDeferredValue(search.trim().toLowerCase());
  useEffect(() => {
    if (cafe.data) document.title = `${cafe.data.name} · ${w.app.name}`;
  }, [cafe.data, w]);
  const failed = [cafe, categories, items].find(({ isError }) => isError);
  if (failed) return <ErrorState isPage error={failed.error} onRetry={() => void failed.refetch()} />;
  const found = items.data?.items.filter(
    (item) => (!vegOnly || item.is_veg) && (wanted === "" || `${item.name} ${item.description ?? ""}`.toLowerCase().includes(wanted)),
  );
  const groups = categories.data?.items
    .map((category) => ({ ...category, dishes: found?.filter((item) => item.category.id === category.id) ?? [] }))
    .filter(({ dishes }) => dishes.length > 0);
  return (
    <div className="wrap">
      <MenuHead cafe={cafe.data} />
      <div className="menu-tools">
        <label className="menu-search">
          <span className="sr-only">{w.menu.search}</span>
          <SearchIcon size={22} />
          <input
            className="input"
            type="search"
            placeholder={w.menu.search}
            value={search}
            onChange={({ target }) => setSearch(target.value)}
          />
        </label>
        <div className="jump">
          <button type="button" aria-pressed={vegOnly} onClick={() => setVegOnly(!vegOnly)}>
            <LeafIcon size={18} /> {w.menu.vegOnly}
          </button>
          {groups?.map(({ id, name }) => (
            <a key={id} href={`#${id}`}>
              {name}
            </a>
          ))}
        </div>
      </div>
      {!groups && <Bones count={6} height={126} />}
      {items.data?.items.length === 0 && <EmptyState title={w.menu.empty} what={w.menu.emptyWhat} icon={<CupIcon />} />}
      {groups?.length === 0 && wanted !== "" && <EmptyState title={w.menu.nothing(search)} icon={<SearchIcon />} />}
      {groups?.map(({ id, name, dishes }, groupIndex) => (
        <section key={id} id={id} className="menu-group" aria-labelledby={`h-${id}`}>
          <h2 id={`h-${id}`}>{name}</h2>
          <ul className="menu-items">
            {dishes.map((dish, index) => (
              <li key={dish.id}>
                <DishCard dish={dish} eager={groupIndex === 0 && index < 4} onOpen={() => setShown(dish)} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {shown && cafe.data && <DishSheet cafe={cafe.data} dish={shown} onClose={() => setShown(undefined)} />}
      <BasketBar />
    </div>
  );
}

function MenuHead({ cafe }: { readonly cafe: CafePage | undefined }) {
  const w = useWords();
  const table = useTable();
  const isHere = table?.cafeId === cafe?.id;
  return (
    <div className="menu-head">
      <h1>{cafe?.name ?? "…"}</h1>
      <div className="row" style={{ flexWrap: "wrap" }}>
        {cafe && (
          <span className={`chip ${cafe.is_open ? "chip-act" : ""}`}>
            {cafe.is_open ? w.home.open : cafe.paused_until ? w.home.paused(clock(cafe.paused_until, cafe.time_zone)) : w.home.closed}
          </span>
        )}
        {table && isHere && (
          <>
            <span className="chip chip-wait">{w.menu.table(table.label)}</span>
            <button type="button" className="button-words" onClick={() => sitDown(undefined)}>
              {w.menu.leaveTable}
            </button>
          </>
        )}
      </div>
      {cafe && !cafe.is_open && (
        <Notice tone="tell" title={w.menu.closedNow}>
          {cafe.pause_reason}
        </Notice>
      )}
    </div>
  );
}

function DishCard({ dish, eager, onOpen }: { readonly dish: Dish; readonly eager: boolean; readonly onOpen: () => void }) {
  const w = useWords();
  return (
    <button type="button" className={`dish ${dish.is_available ? "" : "dish-gone"}`} onClick={onOpen}>
      <span className="dish-text">
        <strong className="dish-name">{dish.name}</strong>
        {dish.description && <span className="dish-about">{dish.description}</span>}
        <span className="dish-meta">
          <span className="dish-price">
            {dish.has_options ? w.menu.from(price(dish.price_minor, dish.currency)) : price(dish.price_minor, dish.currency)}
          </span>
          {!dish.is_available && <span className="chip chip-no">{w.menu.soldOut}</span>}
          {dish.is_veg && (
            <span className="veg">
              <LeafIcon size={16} /> {w.menu.veg}
            </span>
          )}
        </span>
      </span>
      <Photo image={dish.image} size="row" eager={eager} />
    </button>
  );
}

export function BasketBar() {
  const w = useWords();
  const basket = useBasket();
  if (!basket) return null;
  return (
    <Link to="/basket" className="button button-big basket-bar">
      <span>
        {w.menu.toBasket} · {w.menu.basket(countOf(basket))}
      </span>
      <span>{price(totalOf(basket), basket.currency)}</span>
    </Link>
  );
}
