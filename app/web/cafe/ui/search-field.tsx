import { useRouterState } from "@tanstack/react-router";
import { useEffect, useId, useState } from "react";
import { SearchIcon } from "../../shared/ui/icons.tsx";
import { useGo, useQuestion } from "../link.tsx";
import { useWords } from "../words/words.ts";

const waitMs = 300;

/** The text once nobody types any more: each letter is no request. */
export function useLater(text: string): string {
  const [later, setLater] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setLater(text.trim()), waitMs);
    return () => clearTimeout(timer);
  }, [text]);
  return later;
}

/** A search that stays in the address: whoever opens a row and comes back finds it as it was. */
export function useKeptSearch() {
  const [search, setText] = useState(useQuestion("search") ?? "");
  const go = useGo();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const setSearch = (text: string) => {
    setText(text);
    void go(path, { search: text.trim() === "" ? {} : { search: text.trim() }, replace: true });
  };
  return { search, setSearch, asked: useLater(search) };
}

export function SearchField({
  value,
  onChange,
  label,
  choices = [],
}: {
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly label?: string;
  /** What is offered while somebody types. */
  readonly choices?: readonly string[];
}) {
  const w = useWords();
  const listId = useId();
  return (
    <label className="search-field">
      <SearchIcon />
      <span className="sr-only">{label ?? w.app.search}</span>
      <input
        className="input"
        type="search"
        placeholder={label ?? w.app.search}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => onChange(target.value)}
        list={choices.length > 0 ? listId : undefined}
      />
      {choices.length > 0 && (
        <datalist id={listId}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
    </label>
  );
}
