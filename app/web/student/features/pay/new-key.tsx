import { useQuery } from "@tanstack/react-query";
import { makeConfirmKey, registerConfirmKey } from "../../../shared/session/confirm-key.ts";
import type { Student } from "../../../shared/session/student.ts";
import { ErrorNote } from "../../shell.tsx";
import { StepUp } from "../../step-up.tsx";
import { useWords } from "../../words/words.ts";

/** A further phone needs a code for its own key, once: on one screen, while the payment waits. */
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
  const made = useQuery({
    queryKey: ["new-key", student.id],
    queryFn: () => makeConfirmKey(student.id),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  return (
    <div className="stack">
      <h1>{w.pay.newKey}</h1>
      <p className="soft">{w.pay.newKeyWhat}</p>
      <ErrorNote error={made.error} />
      {made.data && (
        <StepUp
          wanted={{ purpose: "confirm_key", public_key: made.data.publicKey }}
          action={amount ? w.pay.pay(amount) : w.pay.newKey}
          onProof={({ otp }) => registerConfirmKey(made.data, otp)}
          onDone={onReady}
        />
      )}
    </div>
  );
}
