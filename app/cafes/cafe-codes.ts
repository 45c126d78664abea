import { randomInt } from "node:crypto";

const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const baseLength = 4;
const codeLength = 6;
const numbered = 99;
const random = 5;

/** What a café's printed order numbers may begin with, the nicest first: the name's letters, then with a number behind. */
export function codesFor(name: string): string[] {
  const plain = name
    .normalize("NFD")
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "");
  const base = plain.length < 2 ? "CAFE" : plain.slice(0, baseLength);
  return [
    base,
    ...Array.from({ length: numbered - 1 }, (_, index) => `${base}${index + 2}`),
    ...Array.from({ length: random }, () => Array.from({ length: codeLength }, () => letters[randomInt(letters.length)]).join("")),
  ];
}
