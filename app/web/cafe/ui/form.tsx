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
  /** Where other fields follow from what is chosen. */
  readonly onChoose?: (value: string) => void;
}

export type Values = Readonly<Record<string, string>>;

interface FormProps {
  readonly fields: readonly Field[];
  readonly submit: string;
  readonly onSubmit: (values: Values) => Promise<unknown>;
  readonly onDone?: (() => void) | undefined;
  readonly children?: ReactNode;
  readonly tone?: "act" | "no";
}

/** A form from its fields: what was typed stays when the server refuses, and each complaint stands at its field. */
export function Form({ fields, submit, onSubmit, onDone, children, tone = "act" }: FormProps) {
  const w = useWords();
  const [isSaved, setIsSaved] = useState(false);
  const isSending = useRef(false);
  const send = useMutation({
    mutationFn: onSubmit,
    onSettled: () => {
      isSending.current = false;
    },
    onSuccess: () => {
      setIsSaved(true);
      onDone?.();
    },
  });
  const problems = problemsOf(send.error);
  const onForm = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    // A double click is one wish: its second half may come before the button is drawn as disabled.
    if (isSending.current) return;
    isSending.current = true;
    const given = new FormData(event.currentTarget);
    send.mutate(Object.fromEntries(fields.map(({ name }) => [name, String(given.get(name) ?? "").trim()])));
  };
  return (
    <form className="stack" onSubmit={onForm} onChange={() => setIsSaved(false)}>
      {fields.map((field) => (
        <FieldView key={field.name} field={field} problem={problems[field.name]} />
      ))}
      {children}
      <ErrorNote error={send.error} />
      <div className="row">
        <button type="submit" className={`button ${tone === "no" ? "button-no" : ""}`} disabled={send.isPending}>
          {submit}
        </button>
        {isSaved && !onDone && (
          <span className="saved" role="status">
            {w.app.saved}
          </span>
        )}
      </div>
    </form>
  );
}

export function FieldView({ field, problem }: { readonly field: Field; readonly problem: string | undefined }) {
  const w = useWords();
  const id = useId();
  const { name, label, hint, kind = "text", options, value = "", isOptional = false, autoComplete = "off", most, onChoose } = field;
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
        <textarea {...shared} rows={3} maxLength={most ?? 500} />
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
        {problem ? w.app.problem(problem) : hint}
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
