import { useMutation, useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { ApiError, plainFetch } from "../../../shared/api/request.ts";
import { canUsePasskeys, logInStaff, logInWithPasskey, useStaffSession } from "../../../shared/session/staff.ts";
import { type Language, languageNames, languages } from "../../../shared/words/language.ts";
import { Go, useGo, useQuestion } from "../../link.tsx";
import { homeOf } from "../../nav.ts";
import { Mark } from "../../shell.tsx";
import { ErrorNote } from "../../ui/parts.tsx";
import { useWords, words } from "../../words/words.ts";
import { EnrolTotp } from "./enrol-totp.tsx";

export function HomePage() {
  const session = useStaffSession();
  return session.kind === "in" ? <Navigate to={homeOf(session.user.role) as "/"} replace /> : null;
}

const codeOf = (error: unknown): string | undefined => (error instanceof ApiError ? error.code : undefined);
const detailOf = (error: unknown, name: string): unknown => (error instanceof ApiError ? error.details[name] : undefined);

export function LoginPage() {
  const w = useWords();
  const session = useStaffSession();
  const go = useGo();
  const asked = useQuestion("to");
  const to = asked?.startsWith("/") && !asked.startsWith("//") ? asked : undefined;
  const [factor, setFactor] = useState<"totp" | "recovery_code">();
  const [enrolled, setEnrolled] = useState<{ readonly username: string; readonly password: string }>();
  const codeField = useRef<HTMLInputElement>(null);
  useEffect(() => (factor ? codeField.current?.focus() : undefined), [factor]);
  const logIn = useMutation({
    mutationFn: logInStaff,
    onError: (error, { username, password }) => {
      if (detailOf(error, "must_change_password") === true) void go("/password", { search: { user: username } });
      if (codeOf(error) !== "SECOND_FACTOR_REQUIRED") return;
      if (detailOf(error, "must_enrol") === true) setEnrolled({ username, password });
      else setFactor("totp");
    },
  });
  const passkey = useMutation({ mutationFn: logInWithPasskey });
  if (session.kind === "in") return <Navigate to={to ?? homeOf(session.user.role)} replace />;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const code = String(form.get("code") ?? "").replace(/\s/g, "");
    logIn.mutate({
      username: String(form.get("username")).trim().toLowerCase(),
      password: String(form.get("password")),
      ...(factor === undefined || code === "" ? {} : { [factor]: code }),
    });
  };
  const isAsked = codeOf(logIn.error) === "SECOND_FACTOR_REQUIRED";
  if (enrolled)
    return (
      <Door>
        <h1>{w.login.title}</h1>
        <p>{w.login.mustEnrol}</p>
        <EnrolTotp
          proof={enrolled}
          onDone={() => {
            setEnrolled(undefined);
            setFactor("totp");
          }}
        />
      </Door>
    );
  return (
    <Door>
      <h1>{w.login.title}</h1>
      <form className="stack" onSubmit={submit}>
        <label className="field">
          <span>{w.login.username}</span>
          <input className="input" name="username" required autoComplete="username" autoCapitalize="none" spellCheck={false} />
        </label>
        <label className="field">
          <span>{w.login.password}</span>
          <input className="input" name="password" type="password" required autoComplete="current-password" />
        </label>
        {factor && (
          <>
            <label className="field">
              <span>{factor === "totp" ? w.login.totp : w.login.recoveryCode}</span>
              <input
                key={factor}
                ref={codeField}
                className="input input-code"
                name="code"
                required
                inputMode={factor === "totp" ? "numeric" : "text"}
                autoComplete="one-time-code"
                maxLength={factor === "totp" ? 7 : 40}
              />
              {factor === "totp" && <small>{w.login.totpHint}</small>}
            </label>
            <button type="button" className="button button-words" onClick={() => setFactor(factor === "totp" ? "recovery_code" : "totp")}>
              {factor === "totp" ? w.login.recoveryUse : w.login.totpUse}
            </button>
          </>
        )}
        {!isAsked && detailOf(logIn.error, "must_change_password") !== true && <ErrorNote error={logIn.error} />}
        <button type="submit" className="button button-wide" disabled={logIn.isPending}>
          {w.login.enter}
        </button>
      </form>
      <ErrorNote error={passkey.error} />
      {canUsePasskeys && (
        <button type="button" className="button button-second button-wide" disabled={passkey.isPending} onClick={() => passkey.mutate()}>
          {w.login.passkey}
        </button>
      )}
      <DemoLogins onPick={(username, password) => logIn.mutate({ username, password })} />
      <p>
        <Go to="/register" className="button button-words">
          {w.login.register}
        </Go>
      </p>
    </Door>
  );
}

/** The card of the pages before the login. */
export const Door = ({ children }: { readonly children: ReactNode }) => (
  <div className="door">
    <div className="door-card stack">
      <p className="wordmark">
        <Mark /> Campus Pay
      </p>
      {children}
      <LanguageChoice />
    </div>
  </div>
);

interface DemoStaff {
  readonly staff: readonly {
    readonly username: string;
    readonly password: string;
    readonly role: keyof ReturnType<typeof useWords>["roles"];
  }[];
}

/** In the sandbox alone: one tap for each role. Elsewhere the address answers 404 and nothing is shown. */
function DemoLogins({ onPick }: { readonly onPick: (username: string, password: string) => void }) {
  const w = useWords();
  const demo = useQuery({
    queryKey: ["demo"],
    queryFn: async () => {
      const answer = await plainFetch("/demo/campus.json");
      const isJson = answer.headers.get("content-type")?.startsWith("application/json");
      return answer.ok && isJson ? ((await answer.json()) as DemoStaff) : null;
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!demo.data) return null;
  const byRole = [...new Map(demo.data.staff.toReversed().map((member) => [member.role, member])).values()].toReversed();
  return (
    <section className="notice notice-wait" aria-labelledby="demo-logins">
      <strong id="demo-logins">{w.login.demo}</strong>
      <div className="demo-logins">
        {byRole.map(({ username, password, role }) => (
          <button key={role} type="button" className="button button-second button-small" onClick={() => onPick(username, password)}>
            {w.roles[role]}
          </button>
        ))}
      </div>
    </section>
  );
}

export function LanguageChoice() {
  const [language, setLanguage] = useState(document.documentElement.lang as Language);
  return (
    <fieldset className="segments" aria-label="Språk, lingua, language">
      {languages.map((known) => (
        <button
          key={known}
          type="button"
          lang={known}
          aria-pressed={language === known}
          onClick={() => void words.choose(known).then(() => setLanguage(known))}
        >
          {languageNames[known]}
        </button>
      ))}
    </fieldset>
  );
}
