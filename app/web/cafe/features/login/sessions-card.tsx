import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { type StaffUser, useStaffSession } from "../../../shared/session/staff.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { factorsApi, sessionsApi } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Form } from "../../ui/form.tsx";
import { Chip, ErrorNote, Loaded, Sure } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { EnrolTotp } from "./enrol-totp.tsx";

const key = ["sessions"];

/** Where this login is open, and how to end what is not one's own. */
export function SessionsCard() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const sessions = useQuery({ queryKey: key, queryFn: () => unwrap(sessionsApi.admin.auth.sessions.$get()) });
  const end = useMutation({
    mutationFn: ({ sessionId, isStranger }: { sessionId: string; isStranger: boolean }) => {
      const session = sessionsApi.admin.auth.sessions[":sessionId"];
      const param = { sessionId };
      return isStranger ? unwrap(session["not-me"].$post({ param })) : unwrap(session.$delete({ param }));
    },
    onSettled: () => refresh(...key),
  });
  return (
    <section className="card stack">
      <h2>{w.me.sessions}</h2>
      <Loaded query={sessions} bones={1}>
        {({ items }) => (
          <ul className="stack">
            {items.map(({ id, is_this, browser, network, last_used_at }) => (
              <li key={id} className="stack-tight">
                <span>
                  <strong>{browser ?? w.me.unknown}</strong> <span className="soft">{network}</span>{" "}
                  {is_this && <Chip tone="act">{w.me.here}</Chip>}
                </span>
                <span className="soft small">{w.me.lastUsed(dayAndTime(last_used_at))}</span>
                {!is_this && (
                  <span className="sheet-actions">
                    <Sure label={w.me.end} sure={w.me.endSure} onSure={() => end.mutate({ sessionId: id, isStranger: false })} />
                    <Sure label={w.me.notMe} sure={w.me.notMeSure} onSure={() => end.mutate({ sessionId: id, isStranger: true })} />
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <ErrorNote error={end.error} />
    </section>
  );
}

export function FactorsCard() {
  const w = useWords();
  const session = useStaffSession();
  const factors = useQuery({ queryKey: ["factors"], queryFn: () => unwrap(factorsApi.admin.auth.factors.$get()) });
  const [isOpen, setIsOpen] = useState(false);
  if (session.kind !== "in") return null;
  return (
    <section className="card stack">
      <h2>{w.me.factors}</h2>
      <Loaded query={factors} bones={1}>
        {({ has_totp, passkeys, recovery_codes_left, is_required }) => (
          <>
            <p>
              <Chip tone={has_totp || passkeys > 0 ? "act" : is_required ? "no" : "wait"}>
                {has_totp || passkeys > 0 ? w.me.on : w.me.off}
              </Chip>{" "}
              {has_totp && w.me.codesLeft(recovery_codes_left)}
            </p>
            <button type="button" className="button button-small button-second" onClick={() => setIsOpen(true)}>
              {has_totp ? w.me.newTotp : w.login.enrol}
            </button>
            {isOpen && (
              <FactorSheet
                user={session.user}
                hasTotp={has_totp}
                onClose={() => {
                  setIsOpen(false);
                  void refresh("factors");
                }}
              />
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

interface FactorSheetProps {
  readonly user: StaffUser;
  readonly hasTotp: boolean;
  readonly onClose: () => void;
}

function FactorSheet({ user, hasTotp, onClose }: FactorSheetProps) {
  const w = useWords();
  const [proof, setProof] = useState<{ username: string; password: string; totp?: string }>();
  return (
    <Sheet title={w.login.enrol} closeLabel={w.app.close} onClose={onClose}>
      {proof ? (
        <EnrolTotp proof={proof} onDone={onClose} />
      ) : (
        <>
          <h2 className="sheet-title">{w.me.prove}</h2>
          <Form
            fields={[
              { name: "password", label: w.login.password, kind: "password", autoComplete: "current-password" },
              ...(hasTotp ? [{ name: "totp", label: w.login.totp, kind: "code" as const, most: 6 }] : []),
            ]}
            submit={w.me.go}
            onSubmit={async ({ password = "", totp }) => setProof({ username: user.username, password, ...(totp ? { totp } : {}) })}
          />
        </>
      )}
    </Sheet>
  );
}
