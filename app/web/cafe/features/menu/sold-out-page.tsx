import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { EmptyState, Photo } from "../../../shared/ui/parts.tsx";
import { inCafe, publicMenuApi, stockApi } from "../../api.ts";
import { queryClient, refresh } from "../../queries.ts";
import { ErrorNote, Loaded, Page } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";

const key = ["cafe", "sold out"];
// The public menu may be half a second old: asked at once it would take a tap back on the screen, until the next look.
const settledMs = 1_000;

/** One tap a dish, for whoever stands in the kitchen; every open menu shows it within half a minute. */
export function SoldOutPage() {
  const w = useWords();
  const session = useStaffSession();
  const cafeId = (session.kind === "in" ? session.user.cafe_id : null) ?? "";
  const menu = useQuery({
    queryKey: key,
    queryFn: () => unwrap(publicMenuApi.menu.items.$get({ query: { cafe_id: cafeId } })),
    refetchInterval: 20_000,
  });
  const later = useRef<ReturnType<typeof setTimeout>>(undefined);
  const toggle = useMutation({
    mutationFn: ({ id, isSoldOut }: { id: string; isSoldOut: boolean }) =>
      unwrap(
        stockApi.admin.menu.items[":itemId"]["sold-out"].$post({
          param: { itemId: id },
          query: inCafe(),
          json: { is_sold_out: isSoldOut },
        }),
      ),
    onMutate: async ({ id, isSoldOut }) => {
      clearTimeout(later.current);
      // An answer from before the tap is not to undo it.
      await queryClient.cancelQueries({ queryKey: key });
      queryClient.setQueryData(key, (known: typeof menu.data) =>
        known ? { ...known, items: known.items.map((item) => (item.id === id ? { ...item, is_available: !isSoldOut } : item)) } : known,
      );
    },
    onError: () => refresh(...key),
    onSuccess: () => {
      clearTimeout(later.current);
      later.current = setTimeout(() => void refresh(...key), settledMs);
    },
  });
  return (
    <Page title={w.nav.soldOut} what={w.soldOut.what}>
      <ErrorNote error={toggle.error} />
      <Loaded query={menu}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title={w.soldOut.none} what={w.soldOut.noneWhat} />
          ) : (
            [...Map.groupBy(items, ({ category }) => category.name)].map(([category, found]) => (
              <section key={category} className="stack" aria-label={category}>
                <h2>{category}</h2>
                <ul className="toggles">
                  {found.map(({ id, name, image, is_available }) => (
                    <li key={id}>
                      <button
                        type="button"
                        className="toggle"
                        aria-pressed={!is_available}
                        onClick={() => toggle.mutate({ id, isSoldOut: is_available })}
                      >
                        <Photo image={image} size="row" />
                        <span>{name}</span>
                        <strong className={`chip ${is_available ? "chip-act" : "chip-no"}`}>
                          {is_available ? w.soldOut.available : w.soldOut.gone}
                        </strong>
                      </button>
                    </li>
                  ))}
                </ul>
              </section>
            ))
          )
        }
      </Loaded>
    </Page>
  );
}
