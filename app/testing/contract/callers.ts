import type { Operation } from "../../docs/document.ts";
import { type Holder, type StaffRole, signAccessToken, staffRoles } from "../../identity/access-token.ts";
import { parseKeyring } from "../../identity/keyring.ts";
import type { Campus } from "../campus.ts";
import type { TestCafe } from "../people.ts";

export interface Caller {
  readonly name: string;
  readonly authorization: string | undefined;
}

export const nobody: Caller = { name: "nobody", authorization: undefined };

export const schemesOf = ({ security = [] }: Operation): string[] => security.flatMap((choice) => Object.keys(choice));

/** Somebody new whom the document allows to call this: what the call changes is nobody else's. */
export async function rightCaller(campus: Campus, cafe: TestCafe, operation: Operation): Promise<Caller> {
  const [role] = operation["x-roles"] ?? [];
  if (role === undefined) return nobody;
  return callerOf(campus, cafe, role);
}

/** Everybody whom the document does not name, each with a credential that is good elsewhere. */
export async function wrongCallers(campus: Campus, cafe: TestCafe, operation: Operation): Promise<Caller[]> {
  const allowed = operation["x-roles"] ?? [];
  const roles = ["student", ...staffRoles, "device"].filter((role) => !allowed.includes(role));
  return Promise.all(roles.map((role) => callerOf(campus, cafe, role)));
}

async function callerOf(campus: Campus, cafe: TestCafe, role: string): Promise<Caller> {
  if (role === "device") return { name: role, authorization: (await campus.device(cafe)).authorization };
  const { token } = role === "student" ? await campus.student() : await campus.staff(role as StaffRole, cafeOfRole(role, cafe));
  return { name: role, authorization: `Bearer ${token}` };
}

const cafeOfRole = (role: string, cafe: TestCafe) => (role === "finance" || role === "admin" ? undefined : cafe);

/** The right person an hour too late. */
export async function expiredCaller(campus: Campus, cafe: TestCafe, operation: Operation): Promise<Caller> {
  const role = operation["x-roles"]?.[0] ?? "student";
  const holder: Holder =
    role === "student"
      ? { kind: "student", ...(await idsOf(campus.student())) }
      : {
          kind: "staff",
          ...(await idsOf(campus.staff(role as StaffRole, cafeOfRole(role, cafe)))),
          role: role as StaffRole,
          cafeId: cafe.id,
        };
  const keyring = parseKeyring(campus.env.JWT_KEYS ?? "");
  const signing = { issuer: campus.processes[0].platform.config.PUBLIC_URL, lifeSeconds: 60, nowMs: Date.now() - 3_600_000 };
  return { name: `${role} with an expired token`, authorization: `Bearer ${signAccessToken(keyring, holder, signing)}` };
}

const idsOf = async (person: Promise<{ readonly id: string; readonly sessionId: string }>) => {
  const { id, sessionId } = await person;
  return { id, sessionId };
};
