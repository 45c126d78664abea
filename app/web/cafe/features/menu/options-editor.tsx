import { amountOf, minorOf } from "../../../shared/money/typed-amount.ts";
import { useWords } from "../../words/words.ts";

export interface Group {
  readonly id?: string;
  readonly name: string;
  readonly min_choices?: number;
  readonly max_choices?: number;
  readonly choices: readonly Choice[];
}
interface Choice {
  readonly id?: string;
  readonly name: string;
  readonly price_minor?: number;
  readonly is_available?: boolean;
}

interface OptionsEditorProps {
  readonly groups: readonly Group[];
  readonly onChange: (groups: readonly Group[]) => void;
}

const replaced = <T,>(list: readonly T[], index: number, next: T | undefined): T[] =>
  next === undefined ? list.toSpliced(index, 1) : list.with(index, next);

/** What can be chosen with a dish, in groups: milk, size, extras. */
export function OptionsEditor({ groups, onChange }: OptionsEditorProps) {
  const w = useWords();
  return (
    <fieldset className="options-editor">
      <legend>{w.menu.options}</legend>
      {groups.map((group, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a new group has no id yet, and rows do not change places.
        <GroupEditor key={index} group={group} onChange={(next) => onChange(replaced(groups, index, next))} />
      ))}
      <button
        type="button"
        className="button button-small button-second"
        onClick={() => onChange([...groups, { name: "", min_choices: 1, max_choices: 1, choices: [{ name: "", price_minor: 0 }] }])}
      >
        {w.menu.addGroup}
      </button>
    </fieldset>
  );
}

function GroupEditor({ group, onChange }: { readonly group: Group; readonly onChange: (group: Group | undefined) => void }) {
  const w = useWords();
  const isRequired = (group.min_choices ?? 0) > 0;
  const withBounds = ({ is_required: _, ...rest }: Group & { readonly is_required?: boolean }): Group => rest;
  const change = (part: Partial<Group>) => onChange(withBounds({ ...group, ...part }));
  return (
    <div className="option-group">
      <label className="field">
        <span>{w.menu.group}</span>
        <input className="input" value={group.name} required maxLength={100} onChange={({ target }) => change({ name: target.value })} />
      </label>
      <div className="row option-rules">
        <label className="check">
          <input
            type="checkbox"
            checked={isRequired}
            onChange={({ target }) => change({ min_choices: target.checked ? 1 : 0, max_choices: Math.max(1, group.max_choices ?? 1) })}
          />
          <span>{w.menu.required}</span>
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={(group.max_choices ?? 1) > 1}
            onChange={({ target }) => change({ max_choices: target.checked ? Math.max(2, group.choices.length) : 1 })}
          />
          <span>{w.menu.several}</span>
        </label>
      </div>
      {group.choices.map((choice, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a new choice has no id yet, and rows do not change places.
        <div key={index} className="option-choice">
          <input
            className="input"
            aria-label={w.menu.choice}
            placeholder={w.menu.choice}
            value={choice.name}
            required
            maxLength={100}
            onChange={({ target }) => change({ choices: replaced(group.choices, index, { ...choice, name: target.value }) })}
          />
          <input
            className="input"
            aria-label={w.menu.extra}
            placeholder={w.menu.extra}
            defaultValue={choice.price_minor ? amountOf(choice.price_minor) : ""}
            inputMode="decimal"
            pattern="[0-9]{1,7}([.,][0-9]{1,2})?"
            onChange={({ target }) =>
              change({ choices: replaced(group.choices, index, { ...choice, price_minor: minorOf(target.value) || 0 }) })
            }
          />
          <button
            type="button"
            className="button button-small button-words"
            disabled={group.choices.length === 1}
            aria-label={`${w.app.remove} ${choice.name}`}
            onClick={() => change({ choices: replaced(group.choices, index, undefined) })}
          >
            {w.app.remove}
          </button>
        </div>
      ))}
      <div className="row">
        <button
          type="button"
          className="button button-small button-words"
          onClick={() => change({ choices: [...group.choices, { name: "", price_minor: 0 }] })}
        >
          {w.menu.addChoice}
        </button>
        <button type="button" className="button button-small button-words" onClick={() => onChange(undefined)}>
          {w.menu.removeGroup}
        </button>
      </div>
    </div>
  );
}
