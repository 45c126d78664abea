import { CodedError } from "../platform/errors.ts";

// The lists of leaked passwords hold few of twelve characters and more, and those are a common word or a walk along the keyboard with
// digits around it, or one thing repeated. So what is left of a password without its decoration is looked up in a short list of words:
// it also stops those that no list has yet ("campuspay2027!"), and nothing has to be downloaded.
const words = new Set(
  (
    "password passwort losenord lösenord passord parola passwd secret hemligt segreto welcome valkommen välkommen benvenuto admin " +
    "administrator administrador root user guest test testing demo default changeme letmein login access master manager owner cashier " +
    "kitchen delivery finance campus campuspay payment wallet cafe café coffee kaffe caffe lunch student university universitet universita " +
    "qwerty qwertyuiop qwertz azerty asdf asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc qweasd qweasdzxc iloveyou sunshine princess " +
    "dragon monkey football fotboll calcio hockey baseball superman batman starwars pokemon naruto juventus inter milan liverpool chelsea " +
    "arsenal summer sommar estate winter vinter inverno spring autumn monday friday january december stockholm sverige sweden italia italy " +
    "milano roma london america freedom whatever trustno shadow michael jordan charlie jessica computer dator internet hello hej ciao hallo " +
    "love amore karlek secure security sakerhet correcthorsebatterystaple"
  ).split(" "),
);

const lookAlikes: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};
const rows = ["01234567890", "qwertyuiopå", "asdfghjklöä", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "qazwsxedcrfvtgbyhnujmikolp"];
const leastDifferent = 5;

/** Of a password that is to last: throws VALIDATION_ERROR for one that is tried first. */
export function refuseCommonPassword(field: string, password: string, username: string): void {
  const problem = whyTooCommon(password, username);
  if (problem !== undefined) throw refusedPassword(field, problem);
}

export const refusedPassword = (field: string, problem: string) =>
  new CodedError("VALIDATION_ERROR", `The request does not fit: ${field} ${problem}`, { details: { fields: [{ field, problem }] } });

/** What is wrong with it, in the words of a refusal; undefined where nothing is. */
function whyTooCommon(password: string, username: string): string | undefined {
  const lower = password.toLowerCase();
  if (new Set(lower).size < leastDifferent) return `must have ${leastDifferent} different characters at least`;
  if (isRepeated(lower)) return "must not be one thing repeated";
  const letters = lower.replaceAll(/[^\p{L}]/gu, "");
  const read = [...lower]
    .map((each) => lookAlikes[each] ?? each)
    .join("")
    .replaceAll(/[^\p{L}]/gu, "");
  const name = username.toLowerCase().replaceAll(/[^\p{L}]/gu, "");
  if (name.length > 2 && [letters, read].some((core) => core.replaceAll(name, "").length < 4)) return "must not be made of the username";
  if ([letters, read].some(isMadeOfWords)) return "must not be made of a word that everybody tries";
  if (isWalk(lower)) return "must not be a walk along the keyboard";
  return undefined;
}

/** One or two of the words and three other letters at most, or no letters beside digits that are few. */
function isMadeOfWords(core: string): boolean {
  if (words.has(core)) return true;
  const found = [...words].filter((word) => word.length > 3 && core.includes(word)).toSorted((a, b) => b.length - a.length);
  let rest = core;
  for (const word of found.slice(0, 2)) rest = rest.replace(word, "");
  return found.length > 0 && rest.length < 4;
}

const isRepeated = (text: string): boolean => /^(.{1,6})\1+$/u.test(text);

function isWalk(text: string): boolean {
  let steps = 0;
  for (let at = 1; at < text.length; at += 1) {
    const pair = text.slice(at - 1, at + 1);
    const back = [...pair].toReversed().join("");
    if (rows.some((row) => row.includes(pair) || row.includes(back))) steps += 1;
  }
  return steps >= (text.length - 1) * 0.75;
}
