import { useMutation, useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiError, plainFetch } from "../../../shared/api/request.ts";
import { logInStaff, useStaffSession } from "../../../shared/session/staff.ts";
import { type Language, languageNames, languages } from "../../../shared/words/language.ts";
import { Go, useGo, useQuestion } from "../../link.tsx";
import { homeOf } from "../../nav.ts";
import { CafeName, Mark } from "../../shell.tsx";
import { ErrorNote } from "../../ui/parts.tsx";
import { useWords, words } from "../../words/words.ts";

export function HomePage() {
  const session = useStaffSession();
  return session.kind === "in" ? <Navigate to={homeOf(session.user.role) as "/"} replace /> : null;
}

/** The code that asks for a second factor, once the password was right. */
const secondFactor = "SECOND_FACTOR_REQUIRED";
const codeOf = (error: unknown): string | undefined => (error instanceof ApiError ? error.code : undefined);
const mustChange = (error: unknown) => error instanceof ApiError && error.details.must_change_password === true;

export function LoginPage() {
  const w = useWords();
  const session = useStaffSession();
  const go = useGo();
  const asked = useQuestion("to");
  const to = asked?.startsWith("/") && !asked.startsWith("//") ? asked : undefined;
  const [needsCode, setNeedsCode] = useState(false);
  const codeField = useRef<HTMLInputElement>(null);
  useEffect(() => (needsCode ? codeField.current?.focus() : undefined), [needsCode]);
  const logIn = useMutation({
    mutationFn: logInStaff,
    onError: (error, { username }) => {
      if (codeOf(error) === secondFactor) setNeedsCode(true);
      if (mustChange(error)) void go("/password", { search: { user: username } });
    },
  });
  if (session.kind === "in") return <Navigate to={(to ?? homeOf(session.user.role)) as "/"} replace />;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const totp = String(form.get("totp") ?? "").replace(/\s/g, "");
    logIn.mutate({
      username: String(form.get("username")).trim().toLowerCase(),
      password: String(form.get("password")),
      ...(totp === "" ? {} : { totp }),
    });
  };
  const isAsked = codeOf(logIn.error) === secondFactor;
  return (
    <div className="door">
      <div className="door-card stack">
        <p className="wordmark">
          <Mark /> Campus Pay <CafeName />
        </p>
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
          {needsCode && (
            <label className="field">
              <span>{w.login.totp}</span>
              <input
                className="input input-code"
                name="totp"
                required
                ref={codeField}
                inputMode="numeric"
                autoComplete="one-time-code"
                maxLength={8}
              />
              <small>{w.login.totpHint}</small>
            </label>
          )}
          {!isAsked && !mustChange(logIn.error) && <ErrorNote error={logIn.error} />}
          <button type="submit" className="button button-wide" disabled={logIn.isPending}>
            {w.login.enter}
          </button>
        </form>
        <DemoLogins onPick={(username, password) => logIn.mutate({ username, password })} />
        <p>
          <Go to="/register" className="button button-words">
            {w.login.register}
          </Go>
        </p>
        <LanguageChoice />
      </div>
    </div>
  );
}

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
