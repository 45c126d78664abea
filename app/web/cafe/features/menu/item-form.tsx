import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { amountOf, minorOf } from "../../../shared/money/typed-amount.ts";
import { inCafe, intent, itemsApi } from "../../api.ts";
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

/** What the form says, by the server's names. A text area ends its lines with CR LF, the server with LF. */
function fieldsOf(form: FormData, slotNames: readonly string[]) {
  const textOf = (name: string) =>
    String(form.get(name) ?? "")
      .trim()
      .replaceAll("\r\n", "\n");
  return {
    name: textOf("name"),
    description: orNull(textOf("description")),
    category_id: textOf("category_id"),
    price_minor: minorOf(textOf("price_minor")) ?? 0,
    vat_basis_points: Number(textOf("vat_basis_points")),
    is_veg: form.get("is_veg") === "true",
    allergens: form.getAll("allergens") as Item["allergens"],
    ...(slotNames.length > 0 && { time_slots: form.getAll("time_slots").map(String) }),
    low_stock_at: textOf("low_stock_at") === "" ? null : Number(textOf("low_stock_at")),
  };
}

/** The same of a dish as the form shows it before anybody types. */
const shownOf = (item: Item, slotNames: readonly string[]): Record<string, unknown> => ({
  ...item,
  category_id: item.category.id,
  allergens: allergenNames.filter((name) => item.allergens.includes(name)),
  time_slots: slotNames.filter((name) => item.time_slots.includes(name)),
});

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

export function ItemForm({ item, categories, slotNames, onSaved }: ItemFormProps) {
  const w = useWords();
  const [groups, setGroups] = useState<readonly Group[]>(item?.options ?? []);
  const [opened] = useState(item);
  // One key per dish meant: a second tap, or one after a lost answer, makes no second dish.
  const key = useRef(intent());
  // What was saved from here since the form was opened.
  const sent = useRef<Record<string, unknown>>({});
  const save = useMutation({
    mutationFn: async (form: FormData) => {
      const json = {
        ...fieldsOf(form, slotNames),
        options: groups.map((group) => ({ ...group, choices: [...group.choices] })),
      };
      if (!opened) return unwrap(itemsApi.admin.menu.items.$post({ query: inCafe(), json }, key.current));
      // What nobody changed here is not sent: another page may have saved it meanwhile.
      const known = { ...shownOf(opened, slotNames), ...sent.current };
      const change: Partial<typeof json> = Object.fromEntries(Object.entries(json).filter(([name, value]) => !isSame(value, known[name])));
      if (Object.keys(change).length === 0) return opened;
      const saved = await unwrap(
        itemsApi.admin.menu.items[":itemId"].$put({ param: { itemId: opened.id }, query: inCafe(), json: change }),
      );
      sent.current = { ...sent.current, ...change };
      if (change.options) {
        // New choices have got their ids.
        sent.current.options = saved.options;
        setGroups(saved.options);
      }
      return saved;
    },
    onSuccess: onSaved,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (save.isPending) return;
    save.mutate(new FormData(event.currentTarget));
  };
  const change = () => {
    if (save.isSuccess) save.reset();
    key.current = intent();
  };
  const problems = problemsOf(save.error);
  const rates = [...new Set([...vatRates, opened?.vat_basis_points ?? 1_200])].toSorted((one, other) => one - other);
  return (
    <form className="card stack" onSubmit={submit} onChange={change}>
      <FieldView field={{ name: "name", label: w.app.name, value: opened?.name, most: 200 }} problem={problems.name} />
      <FieldView
        field={{
          name: "description",
          label: w.menu.description,
          kind: "area",
          value: opened?.description ?? "",
          isOptional: true,
          most: 2_000,
        }}
        problem={problems.description}
      />
      <div className="fields">
        <FieldView
          field={{ name: "price_minor", label: w.menu.price, kind: "amount", value: amountOf(opened?.price_minor), hint: w.menu.priceHint }}
          problem={problems.price_minor}
        />
        <FieldView
          field={{
            name: "vat_basis_points",
            label: w.menu.vat,
            value: String(opened?.vat_basis_points ?? 1_200),
            options: rates.map((rate) => ({ value: String(rate), label: `${rate / 100} %` })),
          }}
          problem={problems.vat_basis_points}
        />
        <FieldView
          field={{
            name: "category_id",
            label: w.menu.category,
            value: opened?.category.id,
            options: categories.map(({ id, name }) => ({ value: id, label: name })),
          }}
          problem={problems.category_id}
        />
        <FieldView
          field={{
            name: "low_stock_at",
            label: w.menu.lowStock,
            kind: "number",
            value: opened?.low_stock_at === null || opened === undefined ? "" : String(opened.low_stock_at),
            isOptional: true,
            hint: w.menu.lowStockHint,
          }}
          problem={problems.low_stock_at}
        />
      </div>
      <FieldView field={{ name: "is_veg", label: w.menu.veg, kind: "check", value: String(opened?.is_veg ?? false) }} problem={undefined} />
      <Ticks
        name="allergens"
        label={w.menu.allergens}
        values={allergenNames}
        wordOf={(name) => w.allergens[name]}
        chosen={opened?.allergens ?? []}
      />
      {slotNames.length > 0 && (
        <Ticks
          name="time_slots"
          label={w.menu.slots}
          hint={w.menu.slotsHint}
          values={slotNames}
          wordOf={(name) => w.slots[name as "lunch"] ?? name}
          chosen={opened?.time_slots ?? []}
        />
      )}
      <OptionsEditor
        groups={groups}
        onChange={(next) => {
          setGroups(next);
          change();
        }}
      />
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
