import { useEffect, useState } from "react";
import { SearchIcon } from "../../shared/ui/icons.tsx";
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

export function SearchField({
  value,
  onChange,
  label,
}: {
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly label?: string;
}) {
  const w = useWords();
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
      />
    </label>
  );
}
