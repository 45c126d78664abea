import { useMantineColorScheme } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { logOutStaff, useStaffSession } from "../../../shared/session/staff.ts";
import { Notice } from "../../../shared/ui/parts.tsx";
import { Page } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { LanguageChoice } from "./login-page.tsx";
import { PasskeysCard } from "./passkeys-card.tsx";
import { FactorsCard, SessionsCard } from "./sessions-card.tsx";

const looks = ["auto", "light", "dark"] as const;

export function MePage() {
  const w = useWords();
  const session = useStaffSession();
  const leave = useMutation({ mutationFn: logOutStaff });
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  if (session.kind !== "in") return null;
  return (
    <Page title={session.user.name} what={`${w.roles[session.user.role]} · ${session.user.username}`}>
      <section className="card stack">
        <h2>{w.me.language}</h2>
        <LanguageChoice />
        <h2>{w.me.look}</h2>
        <fieldset className="segments" aria-label={w.me.look}>
          {looks.map((look) => (
            <button key={look} type="button" aria-pressed={colorScheme === look} onClick={() => setColorScheme(look)}>
              {w.me.looks[look]}
            </button>
          ))}
        </fieldset>
      </section>
      <FactorsCard />
      <PasskeysCard />
      <SessionsCard />
      <div>
        {leave.isError && <Notice tone="no" title={w.me.stillIn} />}
        <button type="button" className="button button-second" disabled={leave.isPending} onClick={() => leave.mutate()}>
          {w.me.logOut}
        </button>
      </div>
    </Page>
  );
}
