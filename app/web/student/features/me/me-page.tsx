import { Switch, useMantineColorScheme } from "@mantine/core";
import "@mantine/core/styles/Switch.css";
import "@mantine/core/styles/InlineInput.css";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError, unwrap } from "../../../shared/api/request.ts";
import { day } from "../../../shared/money/dates.ts";
import { makeConfirmKey, publicKeyHere, registerConfirmKey } from "../../../shared/session/confirm-key.ts";
import { logOut, renew, studentFetch, useSession } from "../../../shared/session/student.ts";
import { CardIcon, SnowIcon } from "../../../shared/ui/icons.tsx";
import { Bones, EmptyState, Notice } from "../../../shared/ui/parts.tsx";
import { type Language, languageNames, languages } from "../../../shared/words/language.ts";
import { cardsApi, profileApi } from "../../api.ts";
import { turnOffPushes } from "../../push.ts";
import { cardsQuery, type Profile, profileQuery, queryClient, saveProfile } from "../../queries.ts";
import { ErrorNote, ErrorState } from "../../shell.tsx";
import { StepUp } from "../../step-up.tsx";
import { useWords, words } from "../../words/words.ts";
import { NewKey } from "../pay/new-key.tsx";
import { PushSwitch } from "./push-switch.tsx";

export function MePage() {
  const w = useWords();
  const session = useSession();
  const navigate = useNavigate();
  const profile = useQuery({ ...profileQuery, enabled: session.kind === "in" });
  const leave = useMutation({
    mutationFn: async () => {
      await turnOffPushes().catch(() => undefined);
      await logOut();
      await navigate({ to: "/" });
    },
  });
  if (session.kind === "out") return <Navigate to="/login" search={{ to: "/me" }} replace />;
  if (!profile.data)
    return <div className="narrow">{profile.isError ? <ErrorState isPage error={profile.error} /> : <Bones count={4} height={110} />}</div>;
  return (
    <div className="narrow stack">
      <h1>{w.me.title}</h1>
      <Person profile={profile.data} />
      <Cards />
      <Keys />
      <Look />
      <div className="row me-links">
        <Link to="/receipts" className="button button-second">
          {w.receipts.title}
        </Link>
        <Link to="/verify" className="button button-second">
          {w.me.verify}
        </Link>
        <ExportButton />
      </div>
      {leave.isError && <Notice tone="no" title={w.me.stillIn} />}
      <button type="button" className="button button-no" disabled={leave.isPending} onClick={() => leave.mutate()}>
        {w.me.logOut}
      </button>
    </div>
  );
}

function Person({ profile }: { readonly profile: Profile }) {
  const w = useWords();
  const save = useMutation({
    mutationFn: (change: Partial<Profile>) => saveProfile(profile, change),
    onSuccess: () => renew().catch(() => undefined),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate({ name: String(new FormData(event.currentTarget).get("name") ?? "").trim() });
  };
  const speak = (language: Language) => {
    void words.choose(language);
    save.mutate({ language });
  };
  return (
    <section className="card stack">
      <form className="row me-name" onSubmit={submit}>
        <label className="field">
          <span>{w.me.name}</span>
          <input className="input" name="name" maxLength={100} autoComplete="name" defaultValue={profile.name ?? ""} />
        </label>
        <button type="submit" className="button" disabled={save.isPending}>
          {save.isSuccess ? w.app.saved : w.app.save}
        </button>
      </form>
      <p className="soft">{profile.phone}</p>
      <label className="field">
        <span>{w.me.language}</span>
        <select className="input" value={profile.language} onChange={({ target }) => speak(target.value as Language)}>
          {languages.map((language) => (
            <option key={language} value={language} lang={language}>
              {languageNames[language]}
            </option>
          ))}
        </select>
      </label>
      <fieldset className="options">
        <legend>{w.me.notify}</legend>
        <PushSwitch />
        <Switch
          size="lg"
          label={w.me.notifyOrders}
          checked={profile.notifications.orders}
          onChange={({ currentTarget }) => save.mutate({ notifications: { ...profile.notifications, orders: currentTarget.checked } })}
        />
        <Switch
          size="lg"
          label={w.me.notifyPayments}
          checked={profile.notifications.payments}
          onChange={({ currentTarget }) => save.mutate({ notifications: { ...profile.notifications, payments: currentTarget.checked } })}
        />
      </fieldset>
      <p className="soft small">{w.me.notifyWhat}</p>
      <ErrorNote error={save.error} />
    </section>
  );
}

function Look() {
  const w = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const looks = [
    ["auto", w.me.lookAuto],
    ["light", w.me.lookLight],
    ["dark", w.me.lookDark],
  ] as const;
  return (
    <section className="card stack" aria-labelledby="look">
      <h2 id="look">{w.me.look}</h2>
      <div className="jump">
        {looks.map(([value, label]) => (
          <button key={value} type="button" aria-pressed={colorScheme === value} onClick={() => setColorScheme(value)}>
            {label}
          </button>
        ))}
      </div>
    </section>
  );
}

function Cards() {
  const w = useWords();
  const cards = useQuery(cardsQuery);
  const [losing, setLosing] = useState<string>();
  const [thawing, setThawing] = useState<string>();
  const changed = () => void queryClient.invalidateQueries({ queryKey: cardsQuery.queryKey });
  const turn = useMutation({
    mutationFn: ({ cardId, to }: { cardId: string; to: "freeze" | "report-lost" }) =>
      unwrap(cardsApi.cards[":cardId"][to].$post({ param: { cardId } })),
    onSettled: () => {
      setLosing(undefined);
      changed();
    },
  });
  return (
    <section className="card stack" aria-labelledby="cards">
      <h2 id="cards">{w.me.cards}</h2>
      {cards.isPending && <Bones count={1} height={80} />}
      {cards.data?.items.length === 0 && <EmptyState title={w.me.noCard} what={w.me.noCardWhat} icon={<CardIcon />} />}
      <ErrorNote error={turn.error} />
      {cards.data?.items.map((card) => (
        <div key={card.id} className="stack-tight">
          <div className="row-between">
            <strong>{w.me.card(card.issue_number)}</strong>
            <span className={`chip ${card.status === "active" ? "chip-act" : "chip-no"}`}>{w.me.cardStatus[card.status]}</span>
          </div>
          {(card.status === "active" || card.status === "frozen") && (
            <div className="row me-links">
              <button
                type="button"
                className="button button-second"
                disabled={turn.isPending}
                onClick={() => (card.status === "active" ? turn.mutate({ cardId: card.id, to: "freeze" }) : setThawing(card.id))}
              >
                <SnowIcon size={20} /> {card.status === "active" ? w.me.freeze : w.me.thaw}
              </button>
              <button type="button" className="button button-words" onClick={() => setLosing(card.id)}>
                {w.me.lost}
              </button>
            </div>
          )}
          {thawing === card.id && (
            <StepUp
              wanted={{ purpose: "thaw_card", card_id: card.id }}
              action={w.me.thaw}
              onProof={(json) => unwrap(cardsApi.cards[":cardId"].unfreeze.$post({ param: { cardId: card.id }, json }))}
              onDone={() => {
                setThawing(undefined);
                changed();
              }}
            />
          )}
          {losing === card.id && (
            <Notice tone="no" title={w.me.lostSure}>
              <button type="button" className="button button-no" onClick={() => turn.mutate({ cardId: card.id, to: "report-lost" })}>
                {w.me.lost}
              </button>
            </Notice>
          )}
        </div>
      ))}
    </section>
  );
}

function Keys() {
  const w = useWords();
  const session = useSession();
  const student = session.kind === "in" ? session.student : undefined;
  const [isAdding, setIsAdding] = useState(false);
  const keys = useQuery({ queryKey: ["mine", "keys"], queryFn: () => unwrap(profileApi.users["confirm-keys"].$get()) });
  const profile = useQuery(profileQuery);
  const here = useQuery({
    queryKey: ["mine", "key-here"],
    queryFn: async () => (student ? ((await publicKeyHere(student.id)) ?? null) : null),
  });
  const changed = () => {
    setIsAdding(false);
    void queryClient.invalidateQueries({ queryKey: ["mine"] });
  };
  const add = useMutation({
    mutationFn: async () => registerConfirmKey(await makeConfirmKey(student?.id ?? "")),
    onSuccess: changed,
    // The log-in was too long ago to say who holds the phone.
    onError: (error) => setIsAdding(error instanceof ApiError && error.code === "INVALID_OTP"),
  });
  const remove = useMutation({
    mutationFn: (keyId: string) => unwrap(profileApi.users["confirm-keys"][":keyId"].$delete({ param: { keyId } })),
    onSuccess: changed,
  });
  const isKnown = keys.data?.items.some(({ public_key }) => public_key === here.data);
  if (isAdding && student)
    return (
      <section className="card">
        <NewKey student={student} onReady={changed} />
      </section>
    );
  return (
    <section className="card stack" aria-labelledby="keys">
      <h2 id="keys">{w.me.keys}</h2>
      <p className="soft">{w.me.keysWhat}</p>
      <ul className="stack-tight">
        {keys.data?.items.map((key) => (
          <li key={key.id} className="row-between">
            <span>
              {key.public_key === here.data ? w.me.thisPhone : w.me.otherPhone}{" "}
              <span className="soft small">{w.me.since(day(key.created_at))}</span>
            </span>
            <button type="button" className="button button-words" disabled={remove.isPending} onClick={() => remove.mutate(key.id)}>
              {w.me.removeKey}
            </button>
          </li>
        ))}
      </ul>
      <ErrorNote error={add.error ?? remove.error} />
      {keys.data && !isKnown && (
        <button
          type="button"
          className="button button-second"
          disabled={add.isPending}
          onClick={() => (profile.data?.requires_signature ? setIsAdding(true) : add.mutate())}
        >
          {w.me.addKey}
        </button>
      )}
    </section>
  );
}

function ExportButton() {
  const w = useWords();
  const save = useMutation({
    mutationFn: async () => {
      const answer = await studentFetch("/api/v1/users/me/export");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = "my-data.json";
      link.click();
      URL.revokeObjectURL(link.href);
    },
  });
  return (
    <button type="button" className="button button-words" disabled={save.isPending} onClick={() => save.mutate()}>
      {w.me.export}
    </button>
  );
}
