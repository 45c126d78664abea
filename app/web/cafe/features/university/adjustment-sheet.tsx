import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { minorOf } from "../../../shared/money/typed-amount.ts";
import { Notice } from "../../../shared/ui/parts.tsx";
import { adjustmentsApi, intent } from "../../api.ts";
import { allCafesQuery } from "../../cafe-choice.tsx";
import { refresh } from "../../queries.ts";
import { FormSheet } from "../../ui/form.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { askWho, type FoundStudent } from "./found-student.ts";

/** One person asks for a correction of a wallet; another one approves it. */
export function AdjustmentSheet({ student, onClose }: { readonly student?: FoundStudent; readonly onClose: () => void }) {
  const [chosen, setChosen] = useState(student);
  return chosen === undefined ? (
    <WhoSheet onChoose={setChosen} onClose={onClose} />
  ) : (
    <AmountSheet student={chosen} {...(student === undefined ? { onOther: () => setChosen(undefined) } : {})} onClose={onClose} />
  );
}

/** Whose money it is: said by what a person has at hand, and shown by name before anything is asked for. */
function WhoSheet({ onChoose, onClose }: { readonly onChoose: (student: FoundStudent) => void; readonly onClose: () => void }) {
  const u = useUniversityWords();
  const [found, setFound] = useState<readonly FoundStudent[]>();
  return (
    <FormSheet
      title={u.adjustments.ask}
      what={u.adjustments.who}
      fields={[{ name: "said", label: u.adjustments.find, hint: u.adjustments.findHint, most: 100 }]}
      submit={u.adjustments.findDo}
      onSubmit={async ({ said = "" }) => {
        const items = await askWho(said);
        const [only] = items;
        if (only && items.length === 1) onChoose(only);
        else setFound(items);
      }}
      // The sheet stays: it is the first of two.
      onDone={() => undefined}
      onClose={onClose}
    >
      {found?.length === 0 && <Notice tone="no" title={u.adjustments.nobody} />}
      {found?.map((student) => (
        <button key={student.id} type="button" className="button button-second" onClick={() => onChoose(student)}>
          {saidOf(student)}
        </button>
      ))}
    </FormSheet>
  );
}

const saidOf = ({ name, student_number, phone }: FoundStudent): string => [name, student_number, phone].filter(Boolean).join(" · ");

interface AmountSheetProps {
  readonly student: FoundStudent;
  readonly onOther?: () => void;
  readonly onClose: () => void;
}

function AmountSheet({ student, onOther, onClose }: AmountSheetProps) {
  const w = useWords();
  const u = useUniversityWords();
  const request = useRef(intent());
  const currency = useQuery(allCafesQuery).data?.items[0]?.currency;
  if (currency === undefined) return null;
  return (
    <FormSheet
      title={u.adjustments.ask}
      what={
        <>
          <strong className="found-student">{saidOf(student)}</strong> {u.adjustments.askWhat}
        </>
      }
      fields={[
        { name: "amount_minor", label: `${w.app.amount} (${currency})`, kind: "amount", hint: u.adjustments.amountHint },
        { name: "reason", label: w.app.reason, kind: "area", most: 200 },
      ]}
      submit={u.adjustments.send}
      onSubmit={({ amount_minor, reason = "" }) =>
        unwrap(
          adjustmentsApi.admin.adjustments.$post(
            { json: { student_id: student.id, amount_minor: minorOf(amount_minor) ?? 0, currency, reason } },
            request.current,
          ),
        )
      }
      onDone={() => {
        void refresh("approve");
        onClose();
      }}
      onClose={onClose}
    >
      {onOther && (
        <button type="button" className="button button-small button-words" onClick={onOther}>
          {u.adjustments.other}
        </button>
      )}
    </FormSheet>
  );
}
