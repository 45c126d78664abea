import { useQuery } from "@tanstack/react-query";
import { CardIcon } from "../../shared/ui/icons.tsx";
import { useWords } from "../words/words.ts";

interface DemoCampus {
  readonly students: readonly { readonly phone: string; readonly card_uid: string | null }[];
}

const shown = 4;

/** In the sandbox a card is a button: what the reader would type is said to the page instead. */
export function DemoCards(_: { readonly cafeId: string }) {
  const w = useWords();
  const campus = useQuery({ queryKey: ["demo"], queryFn: async () => (await (await fetch("/demo/campus.json")).json()) as DemoCampus });
  const cards = campus.data?.students.filter(({ card_uid }) => card_uid).slice(0, shown) ?? [];
  return (
    <aside className="drawer" aria-label={w.demo.title}>
      <strong>{w.demo.title}</strong>
      {cards.map(({ phone, card_uid }, index) => (
        <button
          key={phone}
          type="button"
          className="demo-card"
          title={w.demo.what}
          onClick={() => dispatchEvent(new CustomEvent("card", { detail: card_uid?.toUpperCase() }))}
        >
          <CardIcon size={28} />
          <span>
            {index + 1} · …{phone.slice(-2)}
          </span>
        </button>
      ))}
    </aside>
  );
}
