import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { amountOf, minorOf } from "../../../shared/money/typed-amount.ts";
import { inCafe, settingsApi } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { Form, orNull } from "../../ui/form.tsx";
import { ErrorNote, Loaded, Page } from "../../ui/parts.tsx";
import { useOwnerWords } from "../../words/owner.ts";
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

function SettingRow({ setting }: { readonly setting: Setting }) {
  const w = useWords();
  const { key, value, source } = setting;
  const save = useMutation({ mutationFn: (next: Value) => put(key, next), onSettled: () => refresh(...settingsKey) });
  return (
    <div className="setting">
      <div className="stack-tight">
        <label htmlFor={key}>{w.settings.names[key as "restaurant_open"] ?? key}</label>
        <small className="soft">
          {source !== "default" && w.settings.sources[source]}
          {source === "cafe" && (
            <button type="button" className="button button-words setting-back" onClick={() => save.mutate(null)}>
              {w.settings.takeBack}
            </button>
          )}
          <span className="saved" role="status">
            {save.isSuccess && w.app.saved}
          </span>
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
        <SettingNumber
          key={String(value)}
          setting={setting}
          onType={() => save.reset()}
          onSave={(next) => next !== (save.isPending ? save.variables : value) && save.mutate(next)}
        />
      )}
      <ErrorNote error={save.error} />
    </div>
  );
}

interface SettingNumberProps {
  readonly setting: Setting;
  readonly onType: () => void;
  readonly onSave: (next: number) => void;
}

/** What is no number, or none that may be set, is refused here in the reader's words and not sent. */
function SettingNumber({ setting: { key, value, numbers }, onType, onSave }: SettingNumberProps) {
  const o = useOwnerWords();
  const { least, most, one_of } = numbers ?? { least: 0, most: Number.MAX_SAFE_INTEGER, one_of: [] };
  const isMoney = key === "delivery_charge";
  const [text, setText] = useState(isMoney ? amountOf(Number(value)) : String(value));
  const [isWrong, setIsWrong] = useState(false);
  if (one_of.length > 0)
    return (
      <select id={key} className="input setting-number" value={String(value)} onChange={({ target }) => onSave(Number(target.value))}>
        {one_of.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  const commit = () => {
    const next = isMoney ? minorOf(text) : /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
    const isFit = next !== undefined && next >= least && next <= most;
    setIsWrong(!isFit);
    if (isFit) onSave(next);
  };
  return (
    <>
      <input
        id={key}
        className="input setting-number"
        inputMode="decimal"
        value={text}
        aria-invalid={isWrong}
        aria-describedby={`${key}-problem`}
        onChange={({ target }) => {
          setText(target.value);
          setIsWrong(false);
          onType();
        }}
        onBlur={commit}
        onKeyDown={({ key: pressed }) => pressed === "Enter" && commit()}
      />
      <small id={`${key}-problem`} className="problem setting-problem" role="alert">
        {isWrong && (isMoney ? o.settings.notAmount(amountOf(least), amountOf(most)) : o.settings.notNumber(least, most))}
      </small>
    </>
  );
}

function CafeCard({ cafe }: { readonly cafe: OwnCafe }) {
  const w = useWords();
  const o = useOwnerWords();
  const [{ name, address, number_match_required }, setShown] = useState(cafe);
  const shown = { name, address, number_match_required };
  // What nobody changed here is not sent: another page may have saved it meanwhile.
  const save = async (typed: typeof shown) => {
    const keys = Object.keys(shown) as (keyof typeof shown)[];
    const change = Object.fromEntries(keys.filter((key) => typed[key] !== shown[key]).map((key) => [key, typed[key]]));
    if (Object.keys(change).length === 0) return o.settings.unchanged;
    await changeCafe(change);
    setShown({ ...cafe, ...typed });
    await refresh("cafe");
    return w.app.saved;
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
