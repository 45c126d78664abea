import { useState } from "react";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { Page } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { BankAccounts } from "./bank-accounts.tsx";
import { BankEntries } from "./bank-entries.tsx";
import { PaymentFiles } from "./payment-files.tsx";

const views = ["files", "entries", "accounts"] as const;
type View = (typeof views)[number];

/** What the bank is told to pay, what it says that it did, and where each café's money goes. Finance acts, an admin reads. */
export function BankPage() {
  const w = useWords();
  const u = useUniversityWords();
  const session = useStaffSession();
  const isFinance = session.kind === "in" && session.user.role === "finance";
  const [view, setView] = useState<View>("files");
  return (
    <Page title={w.nav.bank} what={u.bank.what}>
      <fieldset className="segments" aria-label={w.nav.bank}>
        {views.map((name) => (
          <button key={name} type="button" aria-pressed={view === name} onClick={() => setView(name)}>
            {u.bank.views[name]}
          </button>
        ))}
      </fieldset>
      {view === "files" && <PaymentFiles isFinance={isFinance} />}
      {view === "entries" && <BankEntries isFinance={isFinance} />}
      {view === "accounts" && <BankAccounts isFinance={isFinance} />}
    </Page>
  );
}
