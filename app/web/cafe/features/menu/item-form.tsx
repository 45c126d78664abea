import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { amountOf, minorOf } from "../../../shared/money/typed-amount.ts";
import { inCafe, itemsApi } from "../../api.ts";
import { FieldView, orNull, problemsOf } from "../../ui/form.tsx";
import { ErrorNote } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import type { Category, Item } from "./menu-queries.ts";
import { type Group, OptionsEditor } from "./options-editor.tsx";

interface ItemFormProps {
  readonly item?: Item;
  readonly categories: readonly Category[];
  readonly slotNames: readonly string[];
  readonly onSaved: (item: Item) => void;
}

const vatRates = [0, 400, 500, 600, 1_000, 1_200, 2_200, 2_500];

export function ItemForm({ item, categories, slotNames, onSaved }: ItemFormProps) {
  const w = useWords();
  const [groups, setGroups] = useState<readonly Group[]>(item?.options ?? []);
  const save = useMutation({
    mutationFn: (form: FormData) => {
      const textOf = (name: string) => String(form.get(name) ?? "").trim();
      const json = {
        name: textOf("name"),
        description: orNull(textOf("description")),
        category_id: textOf("category_id"),
        price_minor: minorOf(textOf("price_minor")) ?? 0,
        vat_basis_points: Number(textOf("vat_basis_points")),
        is_veg: form.get("is_veg") === "true",
        allergens: form.getAll("allergens") as Item["allergens"],
        time_slots: form.getAll("time_slots").map(String),
        low_stock_at: textOf("low_stock_at") === "" ? null : Number(textOf("low_stock_at")),
        options: groups.map((group) => ({ ...group, choices: [...group.choices] })),
      };
      return item
        ? unwrap(itemsApi.admin.menu.items[":itemId"].$put({ param: { itemId: item.id }, query: inCafe(), json }))
        : unwrap(itemsApi.admin.menu.items.$post({ query: inCafe(), json }));
    },
    onSuccess: onSaved,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  const problems = problemsOf(save.error);
  const rates = [...new Set([...vatRates, item?.vat_basis_points ?? 1_200])].toSorted((one, other) => one - other);
  return (
    <form className="card stack" onSubmit={submit}>
      <FieldView field={{ name: "name", label: w.app.name, value: item?.name, most: 200 }} problem={problems.name} />
      <FieldView
        field={{
          name: "description",
          label: w.menu.description,
          kind: "area",
          value: item?.description ?? "",
          isOptional: true,
          most: 2_000,
        }}
        problem={problems.description}
      />
      <div className="fields">
        <FieldView
          field={{ name: "price_minor", label: w.menu.price, kind: "amount", value: amountOf(item?.price_minor), hint: w.menu.priceHint }}
          problem={problems.price_minor}
        />
        <FieldView
          field={{
            name: "vat_basis_points",
            label: w.menu.vat,
            value: String(item?.vat_basis_points ?? 1_200),
            options: rates.map((rate) => ({ value: String(rate), label: `${rate / 100} %` })),
          }}
          problem={problems.vat_basis_points}
        />
        <FieldView
          field={{
            name: "category_id",
            label: w.menu.category,
            value: item?.category.id,
            options: categories.map(({ id, name }) => ({ value: id, label: name })),
          }}
          problem={problems.category_id}
        />
        <FieldView
          field={{
            name: "low_stock_at",
            label: w.menu.lowStock,
            kind: "number",
            value: item?.low_stock_at === null || item === undefined ? "" : String(item.low_stock_at),
            isOptional: true,
            hint: w.menu.lowStockHint,
          }}
          problem={problems.low_stock_at}
        />
      </div>
      <FieldView field={{ name: "is_veg", label: w.menu.veg, kind: "check", value: String(item?.is_veg ?? false) }} problem={undefined} />
      <Ticks
        name="allergens"
        label={w.menu.allergens}
        values={allergenNames}
        wordOf={(name) => w.allergens[name]}
        chosen={item?.allergens ?? []}
      />
      {slotNames.length > 0 && (
        <Ticks
          name="time_slots"
          label={w.menu.slots}
          hint={w.menu.slotsHint}
          values={slotNames}
          wordOf={(name) => w.slots[name as "lunch"] ?? name}
          chosen={item?.time_slots ?? []}
        />
      )}
      <OptionsEditor groups={groups} onChange={setGroups} />
      <ErrorNote error={save.error} />
      <div className="row">
        <button type="submit" className="button" disabled={save.isPending}>
          {w.app.save}
        </button>
        {save.isSuccess && (
          <span className="saved" role="status">
            {w.app.saved}
          </span>
        )}
      </div>
    </form>
  );
}

export const allergenNames = [
  "celery",
  "crustaceans",
  "eggs",
  "fish",
  "gluten",
  "lupin",
  "milk",
  "molluscs",
  "mustard",
  "nuts",
  "peanuts",
  "sesame",
  "soybeans",
  "sulphites",
] as const;

interface TicksProps<Value extends string> {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly values: readonly Value[];
  readonly wordOf: (value: Value) => string;
  readonly chosen: readonly string[];
}

const Ticks = <Value extends string>({ name, label, hint, values, wordOf, chosen }: TicksProps<Value>) => (
  <fieldset className="ticks">
    <legend>{label}</legend>
    {hint && <small className="soft">{hint}</small>}
    <div>
      {values.map((value) => (
        <label key={value} className="tick">
          <input type="checkbox" name={name} value={value} defaultChecked={chosen.includes(value)} />
          <span>{wordOf(value)}</span>
        </label>
      ))}
    </div>
  </fieldset>
);
