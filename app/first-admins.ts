import { parseArgs } from "node:util";
import { usernamePattern } from "./identity/field-schemas.ts";
import { makeFirstAdmins } from "./people/make-first-admins.ts";
import { parseConfig } from "./platform/config.ts";
import { openPlatform } from "./platform/context.ts";
import { CodedError } from "./platform/errors.ts";

const help = `first-admins USERNAME USERNAME: makes the two admins that a university begins with (platform team, once)

Touches the database that the environment names, as the API does. Prints the two one-time passwords, once; each is good for
ONE_TIME_PASSWORD_HOURS and only for choosing an own one. Where the university has any account it changes nothing.

Options: --help
Exit codes: 0 both were made · 1 they were not, and why · 2 the command was mistyped`;

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean" } } });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const [first, second, ...more] = positionals;
  if (!first || !second || more.length > 0 || first === second || !positionals.every((name) => usernamePattern.test(name))) {
    console.error("first-admins: name two people, each with 3 to 50 of a-z, 0-9, dot, underscore and hyphen: first-admins anna.berg bo.ek");
    return 2;
  }
  // The log goes beside the answer, which somebody copies.
  const writeLog = (line: string) => void process.stderr.write(line);
  const platform = await openPlatform(parseConfig(process.env), { process: "first-admins", writeLog });
  try {
    for (const { username, oneTimePassword } of await makeFirstAdmins(platform, [first, second]))
      console.log(`${username}  ${oneTimePassword}`);
    return 0;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    console.error(`first-admins: ${error.message}`);
    return 1;
  } finally {
    await platform.end();
  }
}

if (import.meta.main)
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(`first-admins: ${error instanceof Error ? error.message : String(error)}`);
      process.exit(error instanceof TypeError ? 2 : 1);
    },
  );
