import { Navigate } from "@tanstack/react-router";
import { unwrap } from "../../../shared/api/request.ts";
import { logInStaff, useStaffSession } from "../../../shared/session/staff.ts";
import { passwordApi } from "../../api.ts";
import { useQuestion } from "../../link.tsx";
import { Form } from "../../ui/form.tsx";
import { useWords } from "../../words/words.ts";
import { Door } from "./login-page.tsx";

/** A one-time password opens nothing but this: the choice of an own one. */
export function PasswordPage() {
  const w = useWords();
  const session = useStaffSession();
  const user = useQuestion("user");
  if (session.kind === "in") return <Navigate to="/" replace />;
  return (
    <Door>
      <h1>{w.login.choose}</h1>
      <p className="soft">{w.login.chooseWhat}</p>
      <Form
        fields={[
          { name: "username", label: w.login.username, value: user, autoComplete: "username" },
          { name: "password", label: w.login.oneTime, kind: "password", autoComplete: "current-password" },
          {
            name: "new_password",
            label: w.login.newPassword,
            kind: "password",
            autoComplete: "new-password",
            hint: w.login.passwordHint,
          },
        ]}
        submit={w.login.chooseDo}
        onSubmit={async ({ username = "", password = "", new_password = "" }) => {
          await unwrap(passwordApi.admin.auth.password.$post({ json: { username, password, new_password } }));
          await logInStaff({ username, password: new_password });
        }}
      />
    </Door>
  );
}
