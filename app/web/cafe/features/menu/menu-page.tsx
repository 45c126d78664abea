import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { price } from "../../../shared/money/money.ts";
import { CupIcon } from "../../../shared/ui/icons.tsx";
import { EmptyState, Photo } from "../../../shared/ui/parts.tsx";
import { categoriesApi, inCafe } from "../../api.ts";
import { Go } from "../../link.tsx";
import { refresh } from "../../queries.ts";
import { FormSheet } from "../../ui/form.tsx";
import { Chip, ErrorNote, Loaded, Page, Sure } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { type Category, categoriesKey, categoriesQuery, type Item, itemsQuery } from "./menu-queries.ts";

export function MenuPage() {
  const w = useWords();
  const categories = useQuery(categoriesQuery);
  const items = useQuery(itemsQuery);
  const [edited, setEdited] = useState<Category | "new">();
  const hasCategory = (categories.data?.length ?? 0) > 0;
  return (
    <Page
      title={w.nav.menu}
      what={w.menu.what}
      actions={
        <>
          <button type="button" className="button button-small button-second" onClick={() => setEdited("new")}>
            {w.menu.addCategory}
          </button>
          {hasCategory && (
            <Go to="/menu/new" className="button button-small">
              {w.menu.addItem}
            </Go>
          )}
        </>
      }
    >
      <Loaded query={categories}>
        {(found) =>
          found.length === 0 ? (
            <EmptyState title={w.menu.none} what={w.menu.noneWhat} icon={<CupIcon size={36} />}>
              <button type="button" className="button" onClick={() => setEdited("new")}>
                {w.menu.addCategory}
              </button>
            </EmptyState>
          ) : (
            <Loaded query={items}>
              {(dishes) =>
                found.map((category, index) => (
                  <CategorySection
                    key={category.id}
                    category={category}
                    before={found[index - 1]}
                    items={dishes.filter((item) => item.category.id === category.id)}
                    onEdit={() => setEdited(category)}
                  />
                ))
              }
            </Loaded>
          )
        }
      </Loaded>
      {edited && <CategorySheet category={edited === "new" ? undefined : edited} onClose={() => setEdited(undefined)} />}
    </Page>
  );
}

interface SectionProps {
  readonly category: Category;
  readonly before: Category | undefined;
  readonly items: readonly Item[];
  readonly onEdit: () => void;
}

function CategorySection({ category, before, items, onEdit }: SectionProps) {
  const w = useWords();
  const change = (id: string, json: { display_order: number }) =>
    unwrap(categoriesApi.admin.menu.categories[":categoryId"].$put({ param: { categoryId: id }, query: inCafe(), json }));
  const up = useMutation({
    mutationFn: async () => {
      if (!before) return;
      const [mine, theirs] = [category.display_order, before.display_order];
      await change(category.id, { display_order: theirs === mine ? mine - 1 : theirs });
      if (theirs !== mine) await change(before.id, { display_order: mine });
    },
    onSettled: () => refresh(...categoriesKey),
  });
  return (
    <section className="stack" aria-label={category.name}>
      <div className="row-between section-head">
        <h2>
          {category.name} {!category.is_active && <Chip tone="wait">{w.menu.hidden}</Chip>}
        </h2>
        <div className="row">
          {before && (
            <button type="button" className="button button-words" onClick={() => up.mutate()} disabled={up.isPending}>
              {w.menu.up}
            </button>
          )}
          <button type="button" className="button button-words" onClick={onEdit}>
            {w.app.edit}
          </button>
        </div>
      </div>
      <ErrorNote error={up.error} />
      {items.length === 0 ? (
        <p className="soft">{w.menu.emptyCategory}</p>
      ) : (
        <ul className="dishes">
          {items.map((item) => (
            <li key={item.id}>
              <Go to={`/menu/${item.id}`} className="dish-row">
                <Photo image={item.image} size="row" />
                <span className="stack-tight">
                  <strong>{item.name}</strong>
                  <span className="soft small">{price(item.price_minor, item.currency)}</span>
                  <span className="dish-chips">
                    {item.is_sold_out && <Chip tone="no">{w.nav.soldOut}</Chip>}
                    {item.stock !== null && <Chip tone={item.is_low_stock ? "wait" : ""}>{w.menu.left(item.stock)}</Chip>}
                    {!item.image && <Chip tone="wait">{w.menu.noPicture}</Chip>}
                  </span>
                </span>
              </Go>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function CategorySheet({ category, onClose }: { readonly category: Category | undefined; readonly onClose: () => void }) {
  const w = useWords();
  const done = () => {
    void refresh("cafe");
    onClose();
  };
  const remove = useMutation({
    mutationFn: () =>
      unwrap(categoriesApi.admin.menu.categories[":categoryId"].$delete({ param: { categoryId: category?.id ?? "" }, query: inCafe() })),
    onSuccess: done,
  });
  return (
    <FormSheet
      title={category ? category.name : w.menu.addCategory}
      fields={[
        { name: "name", label: w.app.name, value: category?.name, most: 100 },
        { name: "is_active", label: w.menu.shown, kind: "check", value: String(category?.is_active ?? true) },
      ]}
      submit={w.app.save}
      onSubmit={({ name = "", is_active }) => {
        const json = { name, is_active: is_active === "true" };
        return category
          ? unwrap(categoriesApi.admin.menu.categories[":categoryId"].$put({ param: { categoryId: category.id }, query: inCafe(), json }))
          : unwrap(categoriesApi.admin.menu.categories.$post({ query: inCafe(), json }));
      }}
      onDone={done}
      onClose={onClose}
    >
      {category && category.item_count === 0 && (
        <Sure label={w.app.remove} sure={w.menu.removeCategory} isPending={remove.isPending} onSure={() => remove.mutate()} />
      )}
      <ErrorNote error={remove.error} />
    </FormSheet>
  );
}
