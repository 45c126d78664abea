import { unwrap } from "../../../shared/api/request.ts";
import { logInStaff } from "../../../shared/session/staff.ts";
import { registrationApi } from "../../api.ts";
import { Go, useGo } from "../../link.tsx";
import { Form, orNull } from "../../ui/form.tsx";
import { useWords } from "../../words/words.ts";
import { Door } from "./login-page.tsx";

/** A new café: it can prepare everything at once, and sells when the university has approved it. */
export function RegisterPage() {
  const w = useWords();
  const go = useGo();
  return (
    <Door>
      <h1>{w.register.title}</h1>
      <p className="soft">{w.register.what}</p>
      <Form
        fields={[
          { name: "name", label: w.register.cafe, most: 100 },
          { name: "address", label: w.register.address, isOptional: true, most: 200, autoComplete: "street-address" },
          { name: "owner_name", label: w.register.owner, most: 100, autoComplete: "name" },
          { name: "username", label: w.login.username, hint: w.register.usernameHint, autoComplete: "username", most: 50 },
          { name: "password", label: w.login.password, kind: "password", autoComplete: "new-password", hint: w.login.passwordHint },
        ]}
        submit={w.register.send}
        onSubmit={async ({ name = "", address, owner_name = "", username = "", password = "" }) => {
          await unwrap(
            registrationApi.cafes.$post({
              json: { name, address: orNull(address), owner_name, username: username.toLowerCase(), password },
            }),
          );
          await logInStaff({ username: username.toLowerCase(), password });
          await go("/menu");
        }}
      />
      <p>
        <Go to="/login" className="button button-words">
          {w.register.have}
        </Go>
      </p>
    </Door>
  );
}
