import { useStaffSession } from "../../../shared/session/staff.ts";
import { Go } from "../../link.tsx";

interface Student {
  readonly student_id: string;
  readonly student_name: string | null;
  readonly student_number: string | null;
}

/** Whose it is, by name; only an admin has a page of the student. */
export function WhoPaid({ student: { student_id, student_name, student_number } }: { readonly student: Student }) {
  const session = useStaffSession();
  const isAdmin = session.kind === "in" && session.user.role === "admin";
  const name = <strong>{student_name ?? <code className="small">{student_id}</code>}</strong>;
  return (
    <>
      {isAdmin ? (
        <Go to={`/students/${student_id}`} className="who-link">
          {name}
        </Go>
      ) : (
        name
      )}
      {student_number && <span className="in-one-line"> · {student_number}</span>}
    </>
  );
}
