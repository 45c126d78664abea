import { useQuery } from "@tanstack/react-query";
import { unwrap } from "../../../shared/api/request.ts";
import { inCafe, itemsApi } from "../../api.ts";
import { Go, useGo, usePart } from "../../link.tsx";
import { refresh } from "../../queries.ts";
import { Loaded, Page } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { ItemForm } from "./item-form.tsx";
import { ItemRemoval } from "./item-removal.tsx";
import { categoriesQuery, settingsQuery } from "./menu-queries.ts";
import { PictureEditor } from "./picture-editor.tsx";
import { StockEditor } from "./stock-editor.tsx";

/** One dish: what it is, what it costs, how it looks, how many there are. */
export function ItemPage() {
  const w = useWords();
  const go = useGo();
  const itemId = usePart("itemId");
  const isNew = itemId === "new";
  const item = useQuery({
    queryKey: ["cafe", "item", itemId],
    queryFn: () => unwrap(itemsApi.admin.menu.items[":itemId"].$get({ param: { itemId }, query: inCafe() })),
    enabled: !isNew,
  });
  const categories = useQuery(categoriesQuery);
  const settings = useQuery(settingsQuery);
  const slots = settings.data?.find(({ key }) => key === "time_slots")?.value;
  const slotNames = Array.isArray(slots) ? slots.map(({ name }) => name) : [];
  const back = (
    <Go to="/menu" className="button button-small button-second">
      {w.menu.back}
    </Go>
  );
  if (isNew)
    return (
      <Page title={w.menu.addItem} actions={back}>
        <Loaded query={categories}>
          {(found) => <ItemForm categories={found} slotNames={slotNames} onSaved={({ id }) => void go(`/menu/${id}`, { replace: true })} />}
        </Loaded>
      </Page>
    );
  return (
    <Page title={item.data?.name ?? w.menu.dish} actions={back}>
      <Loaded query={item} bones={5}>
        {(dish) => (
          <div className="two">
            <Loaded query={categories}>
              {(found) => (
                <ItemForm key={dish.id} item={dish} categories={found} slotNames={slotNames} onSaved={() => void refresh("cafe")} />
              )}
            </Loaded>
            <div className="stack">
              <PictureEditor itemId={dish.id} image={dish.image} />
              <StockEditor item={dish} />
              <ItemRemoval itemId={dish.id} />
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}
