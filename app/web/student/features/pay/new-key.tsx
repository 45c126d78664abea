import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { registerConfirmKey } from "../../../shared/session/confirm-key.ts";
import { askForCode, type Student } from "../../../shared/session/student.ts";
import { ErrorNote } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";

/** A further phone needs a code, once: on one screen, while the payment waits. */
export function NewKey({
  student,
  amount,
  onReady,
}: {
  readonly student: Student;
  readonly amount?: string;
  readonly onReady: () => void;
}) {
  const w = useWords();
  const [code, setCode] = useState("");
  const ask = useMutation({ mutationFn: () => askForCode(student.phone) });
  const register = useMutation({ mutationFn: () => registerConfirmKey(student.id, code), onSuccess: onReady });
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for once, as the screen opens.
  useEffect(() => ask.mutate(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    register.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <h1>{w.pay.newKey}</h1>
      <p className="soft">{w.pay.newKeyWhat}</p>
      <label className="field">
        <span>{w.pay.keyCode}</span>
        <input
          className="input input-code"
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={6}
          value={code}
          onChange={({ target }) => setCode(target.value.replace(/\D/g, ""))}
        />
        <small>{w.login.codeHint(student.phone)}</small>
      </label>
      <ErrorNote error={ask.error ?? register.error} />
      <button type="submit" className="button button-big" disabled={code.length < 6 || register.isPending}>
        {amount ? w.pay.pay(amount) : w.pay.newKey}
      </button>
      <button type="button" className="button button-words" onClick={() => ask.mutate()}>
        {w.login.again}
      </button>
    </form>
  );
}
