import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { cardsApi, studentCardsApi, studentsApi } from "../../api.ts";
import { Go, useGo, usePart } from "../../link.tsx";
import { refresh } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Form, FormSheet, orNull } from "../../ui/form.tsx";
import { Chip, ErrorNote, Loaded, Page, Sure } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { AdjustmentSheet } from "./adjustment-sheet.tsx";
import type { Student } from "./students-page.tsx";

export function StudentPage() {
  const w = useWords();
  const u = useUniversityWords();
  const studentId = usePart("studentId");
  const go = useGo();
  const student = useQuery({
    queryKey: ["students", "one", studentId],
    queryFn: () => unwrap(studentsApi.admin.students[":studentId"].$get({ param: { studentId } })),
  });
  const [isAdjusting, setIsAdjusting] = useState(false);
  return (
    <Page
      title={student.data?.name ?? student.data?.phone ?? w.app.student}
      actions={
        <>
          <Go to="/students" className="button button-small button-second">
            {u.students.back}
          </Go>
          <button
            type="button"
            className="button button-small button-second"
            onClick={() =>
              void go("/transactions", { search: { student: studentId, name: student.data?.name ?? student.data?.phone ?? "" } })
            }
          >
            {w.nav.transactions}
          </button>
          <button type="button" className="button button-small" onClick={() => setIsAdjusting(true)}>
            {u.adjustments.ask}
          </button>
        </>
      }
    >
      <Loaded query={student}>
        {(found) => (
          <div className="two">
            <PersonCard key={found.version} student={found} />
            <div className="stack">
              <CardsCard studentId={studentId} />
              <AccountCard student={found} />
            </div>
          </div>
        )}
      </Loaded>
      {isAdjusting && student.data && <AdjustmentSheet student={student.data} onClose={() => setIsAdjusting(false)} />}
    </Page>
  );
}

function PersonCard({ student }: { readonly student: Student }) {
  const w = useWords();
  const u = useUniversityWords();
  return (
    <section className="card stack">
      <h2>{u.students.person}</h2>
      <Form
        fields={[
          { name: "name", label: w.app.name, value: student.name ?? "", isOptional: true, most: 100 },
          { name: "phone", label: w.customers.phone, kind: "tel", value: student.phone },
          { name: "student_number", label: u.students.number, value: student.student_number ?? "", isOptional: true, most: 50 },
          { name: "email", label: w.customers.email, kind: "email", value: student.email ?? "", isOptional: true },
          { name: "address", label: u.students.address, kind: "area", value: student.address ?? "", isOptional: true, most: 300 },
        ]}
        submit={w.app.save}
        onSubmit={({ name, phone = "", student_number, email, address }) =>
          unwrap(
            studentsApi.admin.students[":studentId"].$put({
              param: { studentId: student.id },
              json: {
                phone,
                name: orNull(name),
                student_number: orNull(student_number),
                email: orNull(email),
                address: orNull(address),
                version: student.version,
              },
            }),
          )
        }
        onDone={() => void refresh("students")}
      />
    </section>
  );
}

const tones = { active: "act", frozen: "wait", lost: "no", revoked: "" } as const;

function CardsCard({ studentId }: { readonly studentId: string }) {
  const u = useUniversityWords();
  const { dayAndTime } = useDates();
  const key = ["students", "cards", studentId];
  const cards = useQuery({
    queryKey: key,
    queryFn: () => unwrap(cardsApi.admin.students[":studentId"].cards.$get({ param: { studentId } })),
  });
  const [isIssuing, setIsIssuing] = useState(false);
  const stop = useMutation({
    mutationFn: ({ cardId, how }: { cardId: string; how: "freeze" | "report-lost" }) => {
      const card = studentCardsApi.admin.students[":studentId"].cards[":cardId"];
      const param = { studentId, cardId };
      return how === "freeze" ? unwrap(card.freeze.$post({ param })) : unwrap(card["report-lost"].$post({ param }));
    },
    onSettled: () => refresh(...key),
  });
  return (
    <section className="card stack">
      <h2>{u.students.cards}</h2>
      <Loaded query={cards} bones={1}>
        {({ items }) => (
          <>
            {items.length === 0 && <p className="soft">{u.students.noCard}</p>}
            {items.some(({ status }) => status === "active") && <p className="soft small">{u.students.freezeWhat}</p>}
            <ul className="stack">
              {items.map(({ id, issue_number, status, created_at }) => (
                <li key={id} className="stack-tight">
                  <span>
                    <strong>{u.students.card(issue_number)}</strong> <Chip tone={tones[status]}>{u.students.states[status]}</Chip>{" "}
                    <span className="soft small">{u.students.issued(dayAndTime(created_at))}</span>
                  </span>
                  {(status === "active" || status === "frozen") && (
                    <span className="sheet-actions">
                      {status === "active" && (
                        <Sure
                          label={u.students.freeze}
                          sure={u.students.freezeSure}
                          onSure={() => stop.mutate({ cardId: id, how: "freeze" })}
                        />
                      )}
                      <Sure
                        label={u.students.lost}
                        sure={u.students.lostSure}
                        onSure={() => stop.mutate({ cardId: id, how: "report-lost" })}
                      />
                    </span>
                  )}
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
      <ErrorNote error={stop.error} />
      <button type="button" className="button button-small button-second" onClick={() => setIsIssuing(true)}>
        {u.students.issue}
      </button>
      {isIssuing && (
        <FormSheet
          title={u.students.issue}
          what={u.students.issueWhat}
          fields={[{ name: "card_uid", label: u.students.uid, most: 40 }]}
          submit={u.students.issue}
          onSubmit={({ card_uid = "" }) =>
            unwrap(cardsApi.admin.students[":studentId"].cards.$post({ param: { studentId }, json: { card_uid } }))
          }
          onDone={() => {
            setIsIssuing(false);
            void refresh(...key);
          }}
          onClose={() => setIsIssuing(false)}
        />
      )}
    </section>
  );
}

function AccountCard({ student }: { readonly student: Student }) {
  const w = useWords();
  const u = useUniversityWords();
  const go = useGo();
  const param = { studentId: student.id };
  const change = useMutation({
    mutationFn: () => unwrap(studentsApi.admin.students[":studentId"].$patch({ param, json: { is_active: !student.is_active } })),
    onSettled: () => refresh("students"),
  });
  const remove = useMutation({
    mutationFn: () => unwrap(studentsApi.admin.students[":studentId"].$delete({ param })),
    onSuccess: () => {
      void refresh("students");
      void go("/students");
    },
  });
  return (
    <section className="card stack">
      <h2>{u.students.account}</h2>
      <p className="soft">{u.students.accountWhat}</p>
      <div className="sheet-actions">
        {student.is_active ? (
          <Sure label={w.staff.stop} sure={w.staff.stopSure} isPending={change.isPending} onSure={() => change.mutate()} />
        ) : (
          <button type="button" className="button button-small" disabled={change.isPending} onClick={() => change.mutate()}>
            {w.staff.start}
          </button>
        )}
        <Sure label={u.students.erase} sure={u.students.eraseSure} isPending={remove.isPending} onSure={() => remove.mutate()} />
      </div>
      <ErrorNote error={change.error ?? remove.error} />
    </section>
  );
}
