import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { amountOf, minorOf } from "../../../shared/money/typed-amount.ts";
import { inCafe, settingsApi } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { Form, orNull } from "../../ui/form.tsx";
import { ErrorNote, Loaded, Page } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { type Setting, settingsKey, settingsQuery } from "../menu/menu-queries.ts";
import { changeCafe, type OwnCafe, ownCafeQuery } from "./cafe-queries.ts";
import { SlotsEditor } from "./slots-editor.tsx";

type Value = Parameters<(typeof settingsApi.admin.config)[":key"]["$put"]>[0]["json"]["value"];

const put = (key: string, value: Value) =>
  unwrap(settingsApi.admin.config[":key"].$put({ param: { key }, query: inCafe(), json: { value } }));

/** What can be switched without anybody's help. What is not set here is the university's. */
export function SettingsPage() {
  const w = useWords();
  const settings = useQuery(settingsQuery);
  const cafe = useQuery(ownCafeQuery);
  return (
    <Page title={w.nav.settings} what={w.settings.what}>
      <div className="two">
        <section className="card stack">
          <h2>{w.settings.orders}</h2>
          <Loaded query={settings}>
            {(found) => (
              <ul className="settings">
                {Object.keys(w.settings.names)
                  .flatMap((name) => found.filter(({ key }) => key === name))
                  .map((setting) => (
                    <li key={setting.key}>
                      <SettingRow setting={setting} />
                    </li>
                  ))}
              </ul>
            )}
          </Loaded>
        </section>
        <div className="stack">
          <Loaded query={cafe}>{(own) => <CafeCard key={own.id} cafe={own} />}</Loaded>
          <Loaded query={settings}>
            {(found) => {
              const slots = found.find(({ key }) => key === "time_slots");
              return slots && Array.isArray(slots.value) ? (
                <SlotsEditor slots={slots.value} onSave={(value) => put("time_slots", value)} />
              ) : null;
            }}
          </Loaded>
        </div>
      </div>
    </Page>
  );
}

function SettingRow({ setting: { key, value, source } }: { readonly setting: Setting }) {
  const w = useWords();
  const save = useMutation({ mutationFn: (next: Value) => put(key, next), onSettled: () => refresh(...settingsKey) });
  const word = w.settings.names[key as "restaurant_open"] ?? key;
  const isMoney = key === "delivery_charge";
  const shown = isMoney ? amountOf(Number(value)) : String(value);
  const [text, setText] = useState(shown);
  const commit = () => {
    const next = isMoney ? minorOf(text) : Number(text);
    if (next !== undefined && Number.isFinite(next) && next !== value) save.mutate(next);
  };
  return (
    <div className="setting">
      <div className="stack-tight">
        <label htmlFor={key}>{word}</label>
        <small className="soft">
          {source !== "default" && w.settings.sources[source]}
          {source === "cafe" && (
            <button type="button" className="button button-words setting-back" onClick={() => save.mutate(null)}>
              {w.settings.takeBack}
            </button>
          )}
        </small>
      </div>
      {typeof value === "boolean" ? (
        <input
          id={key}
          type="checkbox"
          role="switch"
          aria-checked={save.isPending ? save.variables === true : value}
          className="switch"
          checked={save.isPending ? save.variables === true : value}
          onChange={({ target }) => save.mutate(target.checked)}
        />
      ) : (
        <input
          id={key}
          key={shown}
          className="input setting-number"
          inputMode="decimal"
          defaultValue={shown}
          onChange={({ target }) => setText(target.value)}
          onBlur={commit}
          onKeyDown={({ key: pressed }) => pressed === "Enter" && commit()}
        />
      )}
      <ErrorNote error={save.error} />
    </div>
  );
}

function CafeCard({ cafe }: { readonly cafe: OwnCafe }) {
  const w = useWords();
  const [{ name, address, number_match_required }, setShown] = useState(cafe);
  const shown = { name, address, number_match_required };
  // What nobody changed here is not sent: another page may have saved it meanwhile.
  const save = async (typed: typeof shown) => {
    const keys = Object.keys(shown) as (keyof typeof shown)[];
    const change = Object.fromEntries(keys.filter((key) => typed[key] !== shown[key]).map((key) => [key, typed[key]]));
    if (Object.keys(change).length > 0) await changeCafe(change);
    setShown({ ...cafe, ...typed });
    await refresh("cafe");
  };
  return (
    <section className="card stack">
      <h2>{w.settings.cafe}</h2>
      <Form
        fields={[
          {
            name: "name",
            label: w.register.cafe,
            value: name,
            most: 100,
            ...(cafe.wanted_name !== null && { hint: w.settings.nameWaits(cafe.wanted_name) }),
          },
          { name: "address", label: w.register.address, value: address ?? "", isOptional: true, most: 200 },
          {
            name: "number_match_required",
            label: w.settings.numberMatch,
            hint: w.settings.numberMatchWhat,
            kind: "check",
            value: String(number_match_required),
          },
        ]}
        submit={w.app.save}
        onSubmit={(typed) =>
          save({ name: typed.name ?? "", address: orNull(typed.address), number_match_required: typed.number_match_required === "true" })
        }
      />
    </section>
  );
}
