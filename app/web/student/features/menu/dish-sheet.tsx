import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { price } from "../../../shared/money/money.ts";
import { LeafIcon } from "../../../shared/ui/icons.tsx";
import { Bones, Notice, Photo, Sheet, Stepper } from "../../../shared/ui/parts.tsx";
import { addToBasket, useBasket } from "../../basket.ts";
import { itemQuery } from "../../queries.ts";
import { ErrorNote } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";
import type { Dish } from "./menu-page.tsx";

interface DishSheetProps {
  readonly cafe: { readonly id: string; readonly name: string; readonly currency: string };
  readonly dish: Dish;
  readonly onClose: () => void;
}

/** A dish as large as the phone allows: what is in it, how it may be, how many. */
export function DishSheet({ cafe, dish, onClose }: DishSheetProps) {
  const w = useWords();
  const basket = useBasket();
  const [quantity, setQuantity] = useState(1);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [isAsking, setIsAsking] = useState(false);
  const item = useQuery({ ...itemQuery(dish.id), enabled: dish.has_options });
  const groups = item.data?.options ?? [];
  const choices = groups.flatMap((group) => group.choices.filter(({ id }) => chosen.includes(id)));
  const unitMinor = dish.price_minor + choices.reduce((sum, choice) => sum + choice.price_minor, 0);
  const isComplete = groups.every((group) => group.choices.filter(({ id }) => chosen.includes(id)).length >= group.min_choices);

  const toggle = (group: (typeof groups)[number], id: string) => {
    const others = group.choices.map((choice) => choice.id);
    const mine = chosen.filter((known) => others.includes(known));
    const next = mine.includes(id) ? mine.filter((known) => known !== id) : [...mine, id].slice(-group.max_choices);
    setChosen([...chosen.filter((known) => !others.includes(known)), ...next]);
  };
  const add = () => {
    if (basket && basket.cafeId !== cafe.id && !isAsking) return setIsAsking(true);
    addToBasket(
      { cafeId: cafe.id, cafeName: cafe.name, currency: cafe.currency },
      { itemId: dish.id, name: dish.name, unitMinor, quantity, choices: choices.map(({ id, name }) => ({ id, name })) },
    );
    navigator.vibrate?.(12);
    onClose();
  };
  return (
    <Sheet title={dish.name} closeLabel={w.app.close} onClose={onClose}>
      <Photo image={dish.image} size="wide" eager />
      <div className="stack-tight">
        <h2>{dish.name}</h2>
        {dish.description && <p className="soft">{dish.description}</p>}
        <p className="dish-meta">
          {dish.is_veg && (
            <span className="veg">
              <LeafIcon size={16} /> {w.menu.veg}
            </span>
          )}
          <span>
            {dish.allergens.length === 0
              ? w.menu.noAllergens
              : `${w.menu.allergens}: ${dish.allergens.map((name) => w.allergens[name]).join(", ")}`}
          </span>
        </p>
      </div>
      {dish.has_options && item.isPending && <Bones count={2} height={110} />}
      {item.isError && <ErrorNote error={item.error} />}
      {groups.map((group) => (
        <fieldset key={group.id} className="options">
          <legend>
            {group.name} <span className="soft small">{group.is_required ? w.menu.required : w.menu.choose(group.max_choices)}</span>
          </legend>
          {group.choices.map((choice) => (
            <label key={choice.id} className="option">
              <input
                type={group.max_choices === 1 && group.is_required ? "radio" : "checkbox"}
                name={group.id}
                disabled={!choice.is_available}
                checked={chosen.includes(choice.id)}
                onChange={() => toggle(group, choice.id)}
              />
              <span>{choice.name}</span>
              <span>
                {!choice.is_available ? w.menu.soldOut : choice.price_minor > 0 ? `+ ${price(choice.price_minor, dish.currency)}` : ""}
              </span>
            </label>
          ))}
        </fieldset>
      ))}
      {isAsking && (
        <Notice tone="wait" title={w.menu.otherCafe}>
          {w.menu.otherCafeWhat(cafe.name)}
        </Notice>
      )}
      <div className="sheet-foot">
        {isAsking ? (
          <>
            <button type="button" className="button button-second" onClick={onClose}>
              {w.menu.keep}
            </button>
            <button type="button" className="button" onClick={add}>
              {w.menu.begin}
            </button>
          </>
        ) : dish.is_available ? (
          <>
            <Stepper value={quantity} label={w.menu.quantity} fewer={w.menu.fewer} more={w.menu.more} onChange={setQuantity} />
            <button type="button" className="button button-big" disabled={!isComplete || (dish.has_options && !item.data)} onClick={add}>
              {w.menu.add(price(unitMinor * quantity, dish.currency))}
            </button>
          </>
        ) : (
          <Notice tone="no" title={w.menu.soldOut} />
        )}
      </div>
    </Sheet>
  );
}
