import { useMutation } from "@tanstack/react-query";
import { unwrap } from "../../../shared/api/request.ts";
import { inCafe, itemsApi } from "../../api.ts";
import { useGo } from "../../link.tsx";
import { refresh } from "../../queries.ts";
import { ErrorNote, Sure } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";

export function ItemRemoval({ itemId }: { readonly itemId: string }) {
  const w = useWords();
  const go = useGo();
  const remove = useMutation({
    mutationFn: () => unwrap(itemsApi.admin.menu.items[":itemId"].$delete({ param: { itemId }, query: inCafe() })),
    onSuccess: () => {
      void refresh("cafe");
      void go("/menu");
    },
  });
  return (
    <section className="card stack">
      <h2>{w.menu.removeItem}</h2>
      <p className="soft">{w.menu.removeItemWhat}</p>
      <Sure label={w.menu.removeItem} sure={w.menu.removeItemSure} isPending={remove.isPending} onSure={() => remove.mutate()} />
      <ErrorNote error={remove.error} />
    </section>
  );
}
