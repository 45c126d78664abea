import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { ownFactorsApi } from "../../api.ts";
import { Form } from "../../ui/form.tsx";
import { CopyButton, ErrorNote } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";

interface EnrolProps {
  readonly proof: { readonly username: string; readonly password: string; readonly totp?: string };
  readonly onDone: () => void;
}

/** A secret for an authenticator app, its first code, and ten codes for the day when the phone is gone. */
export function EnrolTotp({ proof, onDone }: EnrolProps) {
  const w = useWords();
  const { username, password } = proof;
  const secret = useMutation({ mutationFn: () => unwrap(ownFactorsApi.admin.auth.totp.$post({ json: proof })) });
  const confirm = useMutation({
    mutationFn: (totp: string) => unwrap(ownFactorsApi.admin.auth.totp.confirm.$post({ json: { username, password, totp } })),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: one secret, as this appears.
  useEffect(() => secret.mutate(), []);
  if (confirm.data)
    return (
      <div className="stack">
        <h2>{w.login.recovery}</h2>
        <p>{w.login.recoveryWhat}</p>
        <code className="secret">{confirm.data.recovery_codes.join("\n")}</code>
        <div className="sheet-actions">
          <CopyButton text={confirm.data.recovery_codes.join("\n")} label={w.app.copy} />
          <button type="button" className="button" onClick={onDone}>
            {w.login.recoveryKept}
          </button>
        </div>
      </div>
    );
  return (
    <div className="stack">
      <h2>{w.login.enrol}</h2>
      <p className="soft">{w.login.enrolWhat}</p>
      <ErrorNote error={secret.error} />
      {secret.data && (
        <>
          <code className="secret">{secret.data.secret}</code>
          <div className="sheet-actions">
            <CopyButton text={secret.data.secret} label={w.app.copy} />
            <a className="button button-small button-second" href={secret.data.uri}>
              {w.login.openApp}
            </a>
          </div>
          <Form
            fields={[{ name: "totp", label: w.login.totp, kind: "code", hint: w.login.totpHint, most: 6 }]}
            submit={w.login.enrolDo}
            onSubmit={({ totp = "" }) => confirm.mutateAsync(totp)}
          />
        </>
      )}
    </div>
  );
}
