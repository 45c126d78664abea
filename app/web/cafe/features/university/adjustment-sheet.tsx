import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { minorOf } from "../../../shared/money/typed-amount.ts";
import { adjustmentsApi, intent } from "../../api.ts";
import { allCafesQuery } from "../../cafe-choice.tsx";
import { refresh } from "../../queries.ts";
import { FormSheet } from "../../ui/form.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";

/** One person asks for a correction of a wallet; another one approves it. */
export function AdjustmentSheet({ studentId, onClose }: { readonly studentId?: string; readonly onClose: () => void }) {
  const w = useWords();
  const u = useUniversityWords();
  const request = useRef(intent());
  const currency = useQuery(allCafesQuery).data?.items[0]?.currency;
  if (currency === undefined) return null;
  return (
    <FormSheet
      title={u.adjustments.ask}
      what={u.adjustments.askWhat}
      fields={[
        ...(studentId === undefined
          ? [{ name: "student_id", label: u.adjustments.studentId, hint: u.adjustments.studentIdHint, most: 36 }]
          : []),
        { name: "amount_minor", label: `${w.app.amount} (${currency})`, kind: "amount", hint: u.adjustments.amountHint },
        { name: "reason", label: w.app.reason, kind: "area", most: 200 },
      ]}
      submit={u.adjustments.send}
      onSubmit={({ student_id = "", amount_minor, reason = "" }) =>
        unwrap(
          adjustmentsApi.admin.adjustments.$post(
            { json: { student_id: studentId ?? student_id, amount_minor: minorOf(amount_minor) ?? 0, currency, reason } },
            request.current,
          ),
        )
      }
      onDone={() => {
        void refresh("approve");
        onClose();
      }}
      onClose={onClose}
    />
  );
}
