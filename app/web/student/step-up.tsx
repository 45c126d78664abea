import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { unwrap } from "../shared/api/request.ts";
import { signDigest } from "../shared/session/confirm-key.ts";
import { useSession } from "../shared/session/student.ts";
import { Bones } from "../shared/ui/parts.tsx";
import { stepUpApi } from "./api.ts";
import { ErrorNote } from "./shell.tsx";
import { useWords } from "./words/words.ts";

/** The one thing that the code is for, as the server takes it. */
export type WantedStepUp =
  | { readonly purpose: "close_out"; readonly pay_to: string }
  | { readonly purpose: "limits"; readonly daily_limit_minor: number | null }
  | { readonly purpose: "auto_top_up"; readonly below_minor: number; readonly to_minor: number }
  | { readonly purpose: "thaw_wallet" }
  | { readonly purpose: "thaw_card"; readonly card_id: string }
  | { readonly purpose: "confirm_key"; readonly public_key: string };

export interface Proof {
  readonly otp: string;
  readonly signature?: string;
}

/** What a token alone may not do: a code of the phone for this one thing, and the phone's signature where it has a key. */
export function StepUp({
  wanted,
  action,
  onProof,
  onDone,
  onRefused,
}: {
  readonly wanted: WantedStepUp;
  readonly action: string;
  readonly onProof: (proof: Proof) => Promise<unknown>;
  readonly onDone: () => void;
  /** No code was sent: where what is wanted was typed, it is typed anew. */
  readonly onRefused?: (error: unknown) => void;
}) {
  const w = useWords();
  const session = useSession();
  const student = session.kind === "in" ? session.student : undefined;
  const [code, setCode] = useState("");
  const ask = useMutation({
    mutationFn: () => unwrap(stepUpApi.users.me["step-up"].$post({ json: wanted })),
    onError: (error) => onRefused?.(error),
  });
  const prove = useMutation({
    mutationFn: async () => {
      const signature =
        ask.data?.needs_signature && student && wanted.purpose !== "confirm_key"
          ? await signDigest(student.id, ask.data.challenge)
          : undefined;
      return onProof({ otp: code, ...(signature === undefined ? {} : { signature }) });
    },
    onSuccess: onDone,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for once, as it opens.
  useEffect(() => ask.mutate(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    prove.mutate();
  };
  const again = (
    <button type="button" className="button button-words" disabled={ask.isPending} onClick={() => ask.mutate()}>
      {w.login.again}
    </button>
  );
  if (ask.isError)
    return (
      <div className="stack">
        <ErrorNote error={ask.error} />
        {again}
      </div>
    );
  if (!ask.data) return <Bones count={1} height={160} />;
  return (
    <form className="stack" onSubmit={submit}>
      <p className="soft">{w.stepUp.what}</p>
      <label className="field">
        <span>{w.stepUp.code}</span>
        <input
          className="input input-code"
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={6}
          value={code}
          onChange={({ target }) => setCode(target.value.replace(/\D/g, ""))}
        />
        <small>{w.login.codeHint(student?.phone ?? "")}</small>
      </label>
      <ErrorNote error={prove.error} />
      <button type="submit" className="button button-big" disabled={code.length < 6 || prove.isPending}>
        {action}
      </button>
      {again}
    </form>
  );
}
