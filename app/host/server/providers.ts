import { existsSync, readFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline/promises";
import { PlainError } from "../../local/plain-error.ts";
import { type SecretName, secretDescriptions, variables } from "../../platform/config.ts";
import { environmentFile, readEnvironment } from "../settings.ts";
import type { Variables } from "./secrets.ts";

/** What comes from outside: who sends SMS, pushes and money. Each may be left off. */
export interface Given {
  readonly variables: Variables;
  readonly secrets: Partial<Record<SecretName, string>>;
}

const serviceAccountFile = "FCM_SERVICE_ACCOUNT_FILE";

/** Settings from a file of lines NAME=value; on a terminal they are asked for, once. */
export async function givenSettings(file: string | undefined): Promise<Given> {
  if (file !== undefined) return sortOut(readSettings(file), file);
  const isFirst = !existsSync(environmentFile);
  if (isFirst && process.stdin.isTTY && process.stdout.isTTY) return sortOut(await askForProviders(), "what was typed");
  return { variables: {}, secrets: {} };
}

function readSettings(file: string): Variables {
  if (!existsSync(file)) throw new PlainError(`There is no file ${file}.`);
  return readEnvironment(readFileSync(file, "utf8"));
}

function sortOut(settings: Variables, from: string): Given {
  const given: Record<string, string> = {};
  const secrets: Partial<Record<SecretName, string>> = {};
  for (const [name, value] of Object.entries(settings)) {
    if (value === "") continue;
    if (name === serviceAccountFile) secrets.FCM_SERVICE_ACCOUNT = readServiceAccount(value);
    else if (name in secretDescriptions) secrets[name as SecretName] = value;
    else if (name in variables || name === "API_PROCESSES") given[name] = value;
    else throw new PlainError(`${from}: there is no setting ${name}; docs/configuration.md lists them.`);
  }
  return { variables: given, secrets };
}

function readServiceAccount(file: string): string {
  try {
    return JSON.stringify(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new PlainError(`${file} is no service account of Firebase: ${(error as Error).message}`);
  }
}

async function askForProviders(): Promise<Variables> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return { ...(await askForSms(terminal)), ...(await askFor(terminal, pushQuestions)), ...(await askFor(terminal, gatewayQuestions)) };
  } finally {
    terminal.close();
  }
}

type Questions = readonly (readonly [name: string, question: string])[];

const pushQuestions: Questions = [
  ["FCM_PROJECT_ID", "Pushes: the Firebase project (Enter leaves them off): "],
  [serviceAccountFile, "Pushes: the file of its service account: "],
];
const gatewayQuestions: Questions = [
  ["GATEWAY_KEY_ID", "Payment gateway: its key id, rzp_live_… (Enter leaves it off): "],
  ["GATEWAY_KEY_SECRET", "Payment gateway: the key's secret: "],
  ["GATEWAY_WEBHOOK_SECRET", "Payment gateway: the secret of its webhooks: "],
];
const smsQuestions: Questions = [
  ["SMS_ACCOUNT", "SMS: account SID (Twilio) or template id (MSG91): "],
  ["SMS_FROM", "SMS: the sender, for Twilio: "],
  ["SMS_PROVIDER_TOKEN", "SMS: the provider's token: "],
];

async function askForSms(terminal: Interface): Promise<Variables> {
  const provider = (await terminal.question("SMS by twilio or msg91 (Enter leaves it off: then no student can log in): ")).trim();
  if (provider === "") return {};
  return { SMS_PROVIDER: provider, ...(await askFor(terminal, smsQuestions)) };
}

/** An empty first answer leaves all of them off. */
async function askFor(terminal: Interface, questions: Questions): Promise<Variables> {
  const answers: Record<string, string> = {};
  for (const [name, question] of questions) {
    const answer = (await terminal.question(question)).trim();
    if (answer === "" && Object.keys(answers).length === 0) return {};
    answers[name] = answer;
  }
  return answers;
}

/** What does not work with these settings, in words for whoever installs. */
export function whatIsOff(environment: Variables): readonly string[] {
  const needs = "add them with host/install --settings FILE";
  return [
    ...(environment.SMS_PROVIDER === "none"
      ? [`SMS is off: no student can log in; ${needs} (SMS_PROVIDER, SMS_ACCOUNT, SMS_FROM, SMS_PROVIDER_TOKEN).`]
      : []),
    ...(environment.FCM_PROJECT_ID
      ? []
      : [`Pushes are off: a student is asked to pay only while the page is open; ${needs} (FCM_PROJECT_ID, FCM_SERVICE_ACCOUNT_FILE).`]),
    ...(environment.FCM_PROJECT_ID && !environment.FCM_WEB_APP
      ? [`Pushes come to no browser, and the students' app is one; ${needs} (FCM_WEB_APP).`]
      : []),
    ...(environment.GATEWAY_KEY_ID
      ? []
      : [
          `The payment gateway is off: nobody tops up by card, finance credits wallets and cafés take cash; ${needs} (GATEWAY_KEY_ID, GATEWAY_KEY_SECRET, GATEWAY_WEBHOOK_SECRET).`,
        ]),
    ...(environment.BANK_IBAN ? [] : ["No bank account is set (BANK_HOLDER, BANK_IBAN): there are no payment files for cafés."]),
    "Without AWS there are no receipts by mail, no nightly tables for analysis, no alarms that ring and no second region.",
  ];
}
