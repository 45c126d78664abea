import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { addPasskey, canUsePasskeys, type StaffUser, useStaffSession } from "../../../shared/session/staff.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { factorsApi, passkeysApi } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Form } from "../../ui/form.tsx";
import { CopyButton, ErrorNote, Loaded, Sure } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";

const key = ["factors", "passkeys"];

/** The devices whose own lock logs in here, and one more of them. */
export function PasskeysCard() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const session = useStaffSession();
  const passkeys = useQuery({ queryKey: key, queryFn: () => unwrap(passkeysApi.admin.auth.passkeys.$get()) });
  const [isAdding, setIsAdding] = useState(false);
  const remove = useMutation({
    mutationFn: (passkeyId: string) => unwrap(passkeysApi.admin.auth.passkeys[":passkeyId"].$delete({ param: { passkeyId } })),
    onSettled: () => refresh("factors"),
  });
  if (session.kind !== "in") return null;
  return (
    <section className="card stack">
      <h2>{w.me.passkeys}</h2>
      <p className="soft">{canUsePasskeys ? w.me.passkeysWhat : w.me.passkeysNeedName}</p>
      <Loaded query={passkeys} bones={1}>
        {({ items }) => (
          <ul className="stack">
            {items.map(({ id, name, created_at, last_used_at }) => (
              <li key={id} className="stack-tight">
                <strong>{name}</strong>
                <span className="soft small">
                  {last_used_at ? w.me.lastUsed(dayAndTime(last_used_at)) : w.me.madeAt(dayAndTime(created_at))}
                </span>
                <span className="sheet-actions">
                  <Sure label={w.me.passkeyRemove} sure={w.me.passkeyRemoveSure} onSure={() => remove.mutate(id)} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <ErrorNote error={remove.error} />
      {canUsePasskeys && (
        <button type="button" className="button button-small button-second" onClick={() => setIsAdding(true)}>
          {w.me.passkeyAdd}
        </button>
      )}
      {isAdding && (
        <PasskeySheet
          user={session.user}
          onClose={() => {
            setIsAdding(false);
            void refresh("factors");
          }}
        />
      )}
    </section>
  );
}

/** The password first: a screen that was left open makes nobody a key. */
function PasskeySheet({ user, onClose }: { readonly user: StaffUser; readonly onClose: () => void }) {
  const w = useWords();
  const factors = useQuery({ queryKey: ["factors"], queryFn: () => unwrap(factorsApi.admin.auth.factors.$get()) });
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <Sheet title={w.me.passkeyAdd} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">{codes ? w.login.recovery : w.me.passkeyAdd}</h2>
      {codes ? (
        <>
          <p>{w.login.recoveryWhat}</p>
          <code className="secret">{codes.join("\n")}</code>
          <div className="sheet-actions">
            <CopyButton text={codes.join("\n")} label={w.app.copy} />
            <button type="button" className="button" onClick={onClose}>
              {w.login.recoveryKept}
            </button>
          </div>
        </>
      ) : (
        <Form
          fields={[
            { name: "name", label: w.me.passkeyName, most: 60 },
            { name: "password", label: w.login.password, kind: "password", autoComplete: "current-password" },
            ...(factors.data?.has_totp ? [{ name: "totp", label: w.login.totp, kind: "code" as const, most: 6 }] : []),
          ]}
          submit={w.me.go}
          onSubmit={async ({ name = "", password = "", totp }) => {
            const made = await addPasskey({ username: user.username, password, ...(totp ? { totp } : {}) }, name);
            if (made) setCodes(made);
            else onClose();
          }}
        />
      )}
    </Sheet>
  );
}
