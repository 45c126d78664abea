import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { intent, studentsApi } from "../../api.ts";
import { Go, useGo } from "../../link.tsx";
import { useList } from "../../queries.ts";
import { FormSheet, orNull } from "../../ui/form.tsx";
import { Chip, ListView, Page } from "../../ui/parts.tsx";
import { SearchField, useKeptSearch } from "../../ui/search-field.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";

const ask = (query: { readonly cursor?: string; readonly search?: string }) =>
  unwrap(studentsApi.admin.students.$get({ query: { limit: 50, ...query } }));
export type Student = Awaited<ReturnType<typeof ask>>["items"][number];

export function StudentsPage() {
  const w = useWords();
  const u = useUniversityWords();
  const go = useGo();
  const { search, setSearch, asked } = useKeptSearch();
  const [isAdding, setIsAdding] = useState(false);
  const students = useList<Student>(["students", asked], (page) => ask({ ...page, ...(asked === "" ? {} : { search: asked }) }));
  return (
    <Page
      title={w.nav.students}
      actions={
        <>
          <Go to="/import" className="button button-small button-second">
            {w.nav.import}
          </Go>
          <button type="button" className="button button-small" onClick={() => setIsAdding(true)}>
            {u.students.add}
          </button>
        </>
      }
    >
      <SearchField value={search} onChange={setSearch} label={u.students.search} />
      <ListView
        list={students}
        caption={w.nav.students}
        keyOf={({ id }) => id}
        empty={asked === "" ? { title: u.students.none, what: u.students.noneWhat } : { title: w.customers.notFound(asked) }}
        columns={[
          { label: w.app.name, cell: ({ id, name }) => <StudentLink id={id} name={name} /> },
          { label: u.students.number, cell: ({ student_number }) => student_number ?? "–" },
          { label: w.customers.phone, cell: ({ phone }) => phone },
          { label: w.customers.email, cell: ({ email }) => email ?? "–" },
          {
            label: w.app.status,
            cell: ({ is_active }) => <Chip tone={is_active ? "act" : "no"}>{is_active ? w.staff.active : w.staff.inactive}</Chip>,
          },
        ]}
        actions={({ id }) => (
          <Go to={`/students/${id}`} className="button button-small button-words">
            {u.students.open}
          </Go>
        )}
      />
      {isAdding && (
        <FormSheet
          title={u.students.add}
          fields={[
            { name: "phone", label: w.customers.phone, kind: "tel", hint: u.students.phoneHint },
            { name: "name", label: w.app.name, isOptional: true, most: 100 },
            { name: "student_number", label: u.students.number, isOptional: true, most: 50 },
            { name: "email", label: w.customers.email, kind: "email", isOptional: true },
          ]}
          submit={w.app.add}
          onSubmit={async ({ phone = "", name, student_number, email }) => {
            const json = { phone, name: orNull(name), student_number: orNull(student_number), email: orNull(email) };
            const { id } = await unwrap(studentsApi.admin.students.$post({ json }, intent()));
            await go(`/students/${id}`);
          }}
          onClose={() => setIsAdding(false)}
        />
      )}
    </Page>
  );
}

const StudentLink = ({ id, name }: Pick<Student, "id" | "name">) => (
  <Go to={`/students/${id}`} className="who-link">
    <strong>{name ?? "–"}</strong>
  </Go>
);
