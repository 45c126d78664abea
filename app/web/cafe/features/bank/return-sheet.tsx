import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { closeOutsApi, intent, settlementsApi } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { FormSheet } from "../../ui/form.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";

export interface Back {
  readonly pay_out_kind: string | null;
  readonly pay_out_id: string | null;
  readonly amount_minor: number;
  readonly currency: string;
  readonly return_reason: string | null;
}

/** What came back is due again, or in the wallet again, when the second of two people says so. */
export function ReturnSheet({ entry, onClose }: { readonly entry: Back; readonly onClose: () => void }) {
  const w = useWords();
  const u = useUniversityWords();
  const [key] = useState(intent);
  const giveBack = (reason: string): Promise<unknown> => {
    const id = entry.pay_out_id ?? "";
    return entry.pay_out_kind === "close_out"
      ? unwrap(closeOutsApi.admin["close-outs"][":closeOutId"].return.$post({ param: { closeOutId: id }, json: { reason } }, key))
      : unwrap(settlementsApi.admin.settlements[":settlementId"].return.$post({ param: { settlementId: id }, json: { reason } }, key));
  };
  return (
    <FormSheet
      title={u.bank.giveBack}
      what={entry.pay_out_kind === "close_out" ? u.bank.giveBackWallet : u.bank.giveBackSettlement}
      fields={[{ name: "reason", label: w.app.reason, value: entry.return_reason ?? "", most: 200 }]}
      submit={u.bank.giveBackSure(money(entry.amount_minor, entry.currency))}
      onSubmit={({ reason = "" }) => giveBack(reason)}
      onDone={() => {
        void Promise.all([refresh("bank"), refresh("settlements"), refresh("approve")]);
        onClose();
      }}
      onClose={onClose}
    />
  );
}
