import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { ApiError } from "../../shared/api/request.ts";
import { Notice, Sheet } from "../../shared/ui/parts.tsx";
import { arrive, type Login, leave, lock, pinPattern, usePeople } from "../people.ts";
import { useWords } from "../words/words.ts";

/** Who stands at the till: a new one logs in and chooses a PIN, whoever goes home leaves. */
export function PeopleSheet({ cafeId, onClose }: { readonly cafeId: string; readonly onClose: () => void }) {
  const w = useWords();
  const { all, current } = usePeople();
  const log = useMutation({ mutationFn: (login: Login) => arrive(login, cafeId), onSuccess: onClose });
  const code = log.error instanceof ApiError ? log.error.code : undefined;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    log.mutate({ username: text("user"), password: text("password"), totp: text("totp"), pin: text("pin") });
  };
  return (
    <Sheet title={w.people.title} closeLabel={w.app.close} onClose={onClose}>
      <h2>{w.people.title}</h2>
      {all.length > 0 && (
        <ul className="stack-tight">
          {all.map(({ id, name }) => (
            <li key={id} className="row-between">
              <strong>{name}</strong>
              <button type="button" className="button button-second till-menu" onClick={() => void leave(id)}>
                {w.people.leave}
              </button>
            </li>
          ))}
        </ul>
      )}
      {current && (
        <button
          type="button"
          className="button till-button"
          onClick={() => {
            lock();
            onClose();
          }}
        >
          {w.people.lock}
        </button>
      )}
      <form className="stack" onSubmit={submit}>
        <h3>{all.length > 0 ? w.people.other : w.people.arrive}</h3>
        <p className="soft">{w.people.what}</p>
        {code && <Notice tone={code === "SECOND_FACTOR_REQUIRED" ? "wait" : "no"} title={w.errors[code]} />}
        <label className="field">
          <span>{w.refund.user}</span>
          <input className="input" name="user" required autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </label>
        <label className="field">
          <span>{w.refund.password}</span>
          <input className="input" name="password" type="password" required autoComplete="off" />
        </label>
        {code === "SECOND_FACTOR_REQUIRED" && (
          <label className="field">
            <span>{w.people.totp}</span>
            <input className="input" name="totp" inputMode="numeric" required autoComplete="off" />
          </label>
        )}
        <label className="field">
          <span>{w.people.pin}</span>
          <input className="input" name="pin" type="password" inputMode="numeric" pattern={pinPattern} required autoComplete="off" />
        </label>
        <button type="submit" className="button till-button" disabled={log.isPending}>
          {w.people.arrive}
        </button>
      </form>
    </Sheet>
  );
}
