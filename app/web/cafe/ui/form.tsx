import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { ApiError } from "../../shared/api/request.ts";
import { amountPattern } from "../../shared/money/typed-amount.ts";
import { Sheet } from "../../shared/ui/parts.tsx";
import { useWords } from "../words/words.ts";
import { ErrorNote } from "./parts.tsx";

export interface Field {
  /** As the server names it, so that its complaint finds the field. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly kind?: "text" | "number" | "amount" | "password" | "tel" | "email" | "url" | "area" | "date" | "time" | "code" | "check";
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly value?: string | undefined;
  readonly isOptional?: boolean;
  readonly autoComplete?: string;
  readonly most?: number;
  /** Of a longer text: so many letters at least, which are counted beside it. */
  readonly least?: number;
  /** Where other fields follow from what is chosen. */
  readonly onChoose?: (value: string) => void;
}

export type Values = Readonly<Record<string, string>>;

interface FormProps {
  readonly fields: readonly Field[];
  readonly submit: string;
  /** What cannot be taken back is asked once more, in these words. */
  readonly sure?: string;
  /** A text that it answers is said in place of "Saved". */
  readonly onSubmit: (values: Values) => Promise<unknown>;
  readonly onDone?: (() => void) | undefined;
  readonly children?: ReactNode;
  readonly tone?: "act" | "no";
}

/** A form from its fields: what was typed stays when the server refuses, and each complaint stands at its field. */
export function Form({ fields, submit, sure, onSubmit, onDone, children, tone = "act" }: FormProps) {
  const w = useWords();
  const [isSaved, setIsSaved] = useState(false);
  const [isAsked, setIsAsked] = useState(false);
  const isSending = useRef(false);
  const send = useMutation({
    mutationFn: onSubmit,
    onSettled: () => {
      isSending.current = false;
      setIsAsked(false);
    },
    onSuccess: () => {
      setIsSaved(true);
      onDone?.();
    },
  });
  const problems = problemsOf(send.error);
  const onForm = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (sure !== undefined && !isAsked) return setIsAsked(true);
    // A double click is one wish: its second half may come before the button is drawn as disabled.
    if (isSending.current) return;
    isSending.current = true;
    const given = new FormData(event.currentTarget);
    send.mutate(Object.fromEntries(fields.map(({ name }) => [name, String(given.get(name) ?? "").trim()])));
  };
  return (
    <form
      className="stack"
      onSubmit={onForm}
      onChange={() => {
        setIsSaved(false);
        setIsAsked(false);
      }}
    >
      {fields.map((field) => (
        <FieldView key={field.name} field={field} problem={problems[field.name]} />
      ))}
      {children}
      <ErrorNote error={send.error} />
      <div className="row">
        <button
          type="submit"
          className={`button ${tone === "no" || isAsked ? "button-no" : ""}`}
          disabled={send.isPending}
          // The second half of a double click is no answer to a question that nobody has read.
          onClick={(event) => isAsked && event.detail > 1 && event.preventDefault()}
        >
          {isAsked ? sure : submit}
        </button>
        {isAsked && (
          <button type="button" className="button button-words" onClick={() => setIsAsked(false)}>
            {w.app.cancel}
          </button>
        )}
        {isSaved && !onDone && (
          <span className="saved" role="status">
            {typeof send.data === "string" ? send.data : w.app.saved}
          </span>
        )}
      </div>
    </form>
  );
}

export function FieldView({ field, problem }: { readonly field: Field; readonly problem: string | undefined }) {
  const w = useWords();
  const id = useId();
  const { name, label, hint, kind = "text", options, value = "", isOptional = false, autoComplete = "off", most, least, onChoose } = field;
  const [letters, setLetters] = useState(value.trim().length);
  const shared = {
    id,
    name,
    className: "input",
    defaultValue: value,
    required: !isOptional,
    "aria-invalid": problem !== undefined,
    "aria-describedby": `${id}-hint`,
  };
  if (kind === "check")
    return (
      <label className="check">
        <input type="checkbox" name={name} value="true" defaultChecked={value === "true"} />
        <span>
          {label}
          {hint && <small>{hint}</small>}
        </span>
      </label>
    );
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} {isOptional && <small className="soft">{w.app.optional}</small>}
      </label>
      {options ? (
        <select {...shared} onChange={({ target }) => onChoose?.(target.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      ) : kind === "area" ? (
        <textarea
          {...shared}
          rows={3}
          minLength={least}
          maxLength={most ?? 500}
          onInput={({ currentTarget }) => setLetters(currentTarget.value.trim().length)}
        />
      ) : (
        <input
          {...shared}
          type={kind === "amount" || kind === "number" || kind === "code" ? "text" : kind}
          inputMode={kind === "amount" ? "decimal" : kind === "number" || kind === "code" ? "numeric" : undefined}
          pattern={kind === "amount" ? `-?${amountPattern}` : kind === "number" ? "-?[0-9]{1,9}" : undefined}
          autoComplete={kind === "code" ? "one-time-code" : autoComplete}
          maxLength={most}
          spellCheck={false}
        />
      )}
      <small id={`${id}-hint`} className={problem ? "problem" : ""}>
        {problem ? w.app.problem(problem) : least === undefined ? hint : [hint, w.app.letters(letters, least)].filter(Boolean).join(" ")}
      </small>
    </div>
  );
}

export function problemsOf(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ApiError) || !Array.isArray(error.details.fields)) return {};
  const fields = error.details.fields as readonly { readonly field: string; readonly problem: string }[];
  return Object.fromEntries(fields.map(({ field, problem }) => [field, problem]));
}

export const orNull = (text: string | undefined): string | null => (text ? text : null);

interface FormSheetProps extends FormProps {
  readonly title: string;
  readonly what?: ReactNode;
  readonly onClose: () => void;
}

export function FormSheet({ title, what, onClose, onDone, ...form }: FormSheetProps) {
  const w = useWords();
  return (
    <Sheet title={title} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">{title}</h2>
      {what && <p className="soft">{what}</p>}
      <Form {...form} onDone={onDone ?? onClose} />
    </Sheet>
  );
}
