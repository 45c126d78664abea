import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { askForCode, logIn, useSession } from "../../../shared/session/student.ts";
import { TicketIcon } from "../../../shared/ui/icons.tsx";
import { currentLanguage } from "../../../shared/words/language.ts";
import { profileQuery, queryClient, saveProfile } from "../../queries.ts";
import { codeFromSandbox, isSandboxHere } from "../../sandbox.ts";
import { ErrorNote } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";

/** Phone, code, in. Leads back to where the student came from. */
export function LoginPage() {
  const w = useWords();
  const session = useSession();
  const navigate = useNavigate();
  const { to } = useSearch({ from: "/login" });
  const [phone, setPhone] = useState("");
  const [code, setCode] = useState("");
  const codeField = useRef<HTMLInputElement>(null);
  const ask = useMutation({ mutationFn: () => askForCode(tidy(phone)), onSuccess: () => setTimeout(() => codeField.current?.focus()) });
  const enter = useMutation({ mutationFn: (otp: string) => enterAs(tidy(phone), otp), onError: () => codeField.current?.focus() });
  useEffect(() => {
    if (session.kind === "in") void navigate({ href: to ?? "/", replace: true });
  }, [session.kind, navigate, to]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ask.isSuccess) enter.mutate(code);
    else ask.mutate();
  };
  const beginAgain = () => {
    ask.reset();
    enter.reset();
    setCode("");
  };
  const type = (text: string) => {
    const digits = text.replace(/\D/g, "").slice(0, 6);
    setCode(digits);
    if (digits.length === 6 && !enter.isPending) enter.mutate(digits);
  };
  return (
    <form className="narrow stack login" onSubmit={submit}>
      <span className="empty-icon">
        <TicketIcon size={36} />
      </span>
      <h1>{w.login.title}</h1>
      <p className="soft">{w.login.what}</p>
      {ask.isSuccess ? (
        <>
          <label className="field">
            <span>{w.login.code}</span>
            <input
              ref={codeField}
              className="input input-code"
              inputMode="numeric"
              autoComplete="one-time-code"
              aria-invalid={enter.isError}
              value={code}
              onChange={({ target }) => type(target.value)}
            />
            <small>{w.login.codeHint(tidy(phone))}</small>
          </label>
          <ErrorNote error={enter.error} />
          <button type="submit" className="button button-big" disabled={code.length < 6 || enter.isPending}>
            {w.login.enter}
          </button>
          {isSandboxHere && (
            <button type="button" className="button button-second" onClick={async () => type(await codeFromSandbox(tidy(phone)))}>
              {w.login.sandbox}
            </button>
          )}
          <button type="button" className="button button-words" onClick={beginAgain}>
            {w.login.other}
          </button>
        </>
      ) : (
        <>
          <label className="field">
            <span>{w.login.phone}</span>
            <input
              className="input"
              type="tel"
              autoComplete="tel"
              inputMode="tel"
              placeholder="+46 70 000 00 01"
              value={phone}
              onChange={({ target }) => setPhone(target.value)}
            />
            <small>{w.login.phoneHint}</small>
          </label>
          <ErrorNote error={ask.error} />
          <button type="submit" className="button button-big" disabled={tidy(phone).length < 8 || ask.isPending}>
            {w.login.send}
          </button>
        </>
      )}
    </form>
  );
}

/** Who has no name yet is new here, and is written to in the language that this page is read in. */
async function enterAs(phone: string, otp: string): Promise<void> {
  const { name } = await logIn(phone, otp);
  if (name === null) await greet().catch(() => undefined);
}

const greet = async () => saveProfile(await queryClient.fetchQuery(profileQuery), { language: currentLanguage() });

/** As the server wants it: a plus and digits; a Swedish 07… becomes +467…. */
function tidy(text: string): string {
  const digits = text.replace(/[^\d+]/g, "");
  if (digits.startsWith("00")) return `+${digits.slice(2)}`;
  if (digits.startsWith("0")) return `+46${digits.slice(1)}`;
  return digits;
}
