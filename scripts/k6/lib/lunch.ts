import { check } from "k6";
import exec from "k6/execution";
import { cafeAt, campus, cheapestItem, type DemoCafe, present } from "./campus.ts";
import { logInStudents, type Student } from "./log-in.ts";
import { pay } from "./pay.ts";
import { fillWallets } from "./wallet.ts";

/** Everybody is logged in and has money for so many payments among them. */
export const lunchSetup = (payments: number) => (): Student[] => {
  const each = Math.ceil(payments / campus.students.length) + 1;
  const dearest = Math.max(...campus.cafes.map((cafe) => cheapestItem(cafe).price_minor));
  const students = logInStudents(campus.students);
  fillWallets(students, each * dearest);
  return students;
};

export function payOnce(student: Student, cafe: DemoCafe): void {
  check(pay(student, cafe), { "a receipt is signed": ({ receipt: jws }) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(jws) });
}

/** One student after the other, at one café after the other. */
export function lunchTurn(students: Student[]): void {
  const turn = exec.scenario.iterationInTest;
  payOnce(present(students[turn % students.length], "student"), cafeAt(turn));
}
