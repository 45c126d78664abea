import { resourcesOf, type Synthesized } from "./synthesized.ts";

/** A database that forces TLS, and a program that would come without: it could not log in. Boot scripts stand in locals. */
export function databaseWithoutAuthority(synthesized: Synthesized): string[] {
  const forced = resourcesOf(synthesized, "aws_db_parameter_group").some(({ body }) =>
    body.parameter?.some(({ name, value }: { name: string; value: string }) => name === "rds.force_ssl" && value === "1"),
  );
  if (!forced) return [];
  return [...synthesized.stacks].flatMap(([stack, { locals = {} }]) =>
    Object.entries(locals)
      .filter(([, text]) => typeof text === "string" && text.includes("DATABASE_URL=") && !/^DATABASE_CA(_FILE)?=/m.test(text))
      .map(([id]) => `${stack}/${id} starts programs without DATABASE_CA_FILE, and the database takes TLS only; they could not log in.`),
  );
}
