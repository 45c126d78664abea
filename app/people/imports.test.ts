import { spawn } from "node:child_process";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import type { ApiAnswer } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { newCardUid } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { until } from "../testing/platform.ts";
import { refused } from "../testing/refusal.ts";
import { importStudents } from "./import-students.ts";

let campus: Campus;
let admin: TestStaff;
beforeAll(async () => {
  campus = await startCampus();
  admin = await campus.staff("admin");
});
afterAll(() => campus.end());

interface ImportBody {
  readonly id: string;
  readonly status: string;
  readonly bad_lines: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly problems: readonly { line: number; column: string | null; problem: string }[];
}

const send = (body: string, query = "", headers: Record<string, string> = {}): Promise<ApiAnswer<ImportBody>> =>
  admin.api("POST", `/admin/students/import${query}`, { body, headers: { "Content-Type": "text/csv", ...headers } });
const read = async (id: string) => (await admin.api<ImportBody>("GET", `/admin/students/imports/${id}`)).body;
const run = async (body: string, query = "") => {
  const { status, body: kept } = await send(body, query);
  expect(status).toBe(202);
  await campus.drainOutbox();
  return read(kept.id);
};
const count = async (): Promise<number> => {
  const [row] = await campus.sql<{ students: number }>`select count(*) as students from students`;
  return row?.students ?? 0;
};
const studentOf = async (phone: string) =>
  (await campus.sql`select name, email, address, student_number, is_active from students where phone = ${phone}`)[0];

const head = "student_number,name,phone,email,address";
let made = 0;
/** A number and a phone that nothing else of this file has. */
const fresh = () => {
  made += 1;
  return { number: `N${String(made).padStart(6, "0")}`, phone: `+4672${String(made).padStart(7, "0")}` };
};

test("a file is taken in as a whole, quoted cells, BOM, CRLF and written phones included", async () => {
  const [a, b, c] = [fresh(), fresh(), fresh()];
  const written = `00${a.phone.slice(1, 3)} (${a.phone.slice(3, 5)}) ${a.phone.slice(5, 8)}-${a.phone.slice(8)}`;
  const file = `\uFEFFPhone,Student number,NAME,Address,email\r\n${written},${a.number},"Ek, Alva ""Al""","Gatan 1\nUmeå",a@example.org\r\n${b.phone},${b.number},Åsa Öberg,,\r\n\r\n0${c.phone.slice(3, 5)}-${c.phone.slice(5)},,Nils,,`;
  const done = await run(file);
  expect(done).toMatchObject({ status: "done", created: 3, updated: 0, unchanged: 0, bad_lines: 0, problems: [], lines_read: 3 });
  expect(await studentOf(a.phone)).toEqual({
    name: 'Ek, Alva "Al"',
    email: "a@example.org",
    address: "Gatan 1, Umeå",
    studentNumber: a.number,
    isActive: true,
  });
  expect(await studentOf(b.phone)).toMatchObject({ name: "Åsa Öberg", email: null, studentNumber: b.number });
  expect(await studentOf(c.phone)).toMatchObject({ name: "Nils", studentNumber: null });
});

test("semicolons, as spreadsheets of countries with a decimal comma write them, are understood", async () => {
  const a = fresh();
  expect(await run(`phone;name;address\n${a.phone};Ek;Gatan 1, Umeå\n`)).toMatchObject({ status: "done", created: 1 });
  expect(await studentOf(a.phone)).toMatchObject({ name: "Ek", address: "Gatan 1, Umeå" });
});

test("every bad line is named with its column and reason, and all or none leaves none", async () => {
  const [a, b, c, d, e] = [fresh(), fresh(), fresh(), fresh(), fresh()];
  const known = await campus.student();
  await campus.sql`update students set student_number = 'KNOWN-1' where id = ${known.id}`;
  const file = [
    head,
    `${a.number},Alva,${a.phone},,`,
    `${b.number},,${b.phone},,`,
    `${c.number},Nils,701234567,not-an-address,`,
    `${d.number},Elsa,${a.phone},,`,
    `${a.number},Maja,${d.phone},,`,
    `${e.number},Luca,${e.phone}`,
    `${e.number},"Luca,${e.phone},,`,
    `,Hugo,,,`,
    `OTHER-NUMBER,Sofia,${known.phone},,`,
    "",
  ].join("\n");
  const before = await count();
  const wanted = [
    { line: 3, column: "name", problem: "is missing" },
    { line: 4, column: "phone", problem: expect.stringContaining("E.164") },
    { line: 4, column: "email", problem: "must be an e-mail address" },
    { line: 5, column: "phone", problem: "is the same as in line 2" },
    { line: 6, column: "student_number", problem: "is the same as in line 2" },
    { line: 7, column: null, problem: "the line has 3 cells and the head line 5" },
    { line: 8, column: null, problem: "a quote is opened and never closed" },
    { line: 9, column: "phone", problem: "is missing" },
    { line: 10, column: "phone", problem: "belongs to a student with another number" },
  ];
  const none = await run(file);
  expect([...none.problems].toSorted((x, y) => x.line - y.line)).toEqual(wanted);
  expect(none).toMatchObject({ status: "refused", created: 0, bad_lines: 8 });
  expect(await count()).toBe(before);

  const good = await run(file, "?mode=good_lines");
  expect(good).toMatchObject({ status: "done", created: 1, bad_lines: 8 });
  expect(await count()).toBe(before + 1);
});

test("in a name each blank is one plain blank", async () => {
  const { number, phone } = fresh();
  expect(await run(`${head}\n${number},Alva\u00a0  Ek,${phone},,\n`)).toMatchObject({ created: 1 });
  expect(await studentOf(phone)).toMatchObject({ name: "Alva Ek" });
});

test("a cell that is not UTF-8 is a bad line and not a broken name", async () => {
  const [a, b] = [fresh(), fresh()];
  const file = Buffer.concat([
    Buffer.from(`${head}\n${a.number},`),
    Buffer.from("Åsa", "latin1"),
    Buffer.from(`,${a.phone},,\n${b.number},Nils,${b.phone},,\n`),
  ]);
  const headers = { "Content-Type": "text/csv", Authorization: `Bearer ${admin.token}` };
  const url = `${campus.processes[0].url}/api/v1/admin/students/import?mode=good_lines`;
  const { id } = (await (await fetch(url, { method: "POST", headers, body: file })).json()) as ImportBody;
  await campus.drainOutbox();
  expect(await read(id)).toMatchObject({
    status: "done",
    created: 1,
    problems: [{ line: 2, column: "name", problem: "is not UTF-8: save the file as CSV UTF-8" }],
  });
});

test.each([
  ["is empty", "", { line: 1, column: null, problem: "the file is empty" }],
  ["has no phone column", "name\nAlva\n", { line: 1, column: "phone", problem: "the column is missing" }],
  ["has a column twice", "phone,name,name\n", { line: 1, column: "name", problem: "the column is there twice" }],
  [
    "has a column that nobody knows",
    "phone,name,password\n",
    { line: 1, column: null, problem: "column 3 of the head line is not one of student_number, name, phone, email, address" },
  ],
])("a file that %s is refused in every mode", async (_, file, problem) => {
  expect(await run(file, "?mode=good_lines")).toMatchObject({ status: "refused", created: 0, problems: [problem] });
});

test("the same file again changes nothing, and another one changes what it names and leaves what it leaves empty", async () => {
  const [a, b] = [fresh(), fresh()];
  const file = `${head}\n${a.number},Alva,${a.phone},alva@example.org,\n${b.number},Nils,${b.phone},,Gatan 2\n`;
  await run(file);
  expect(await run(file)).toMatchObject({ status: "done", created: 0, updated: 0, unchanged: 2 });
  const other = fresh();
  const changed = await run(`${head}\n${a.number},Alva Ek,${other.phone},,\n${b.number},Nils,${b.phone},,\n`);
  expect(changed).toMatchObject({ status: "done", created: 0, updated: 1, unchanged: 1 });
  expect(await studentOf(other.phone)).toMatchObject({ name: "Alva Ek", email: "alva@example.org", studentNumber: a.number });
  expect(await studentOf(b.phone)).toMatchObject({ address: "Gatan 2" });
});

test("a student who logged in before is found by the phone; another phone for a known number ends the sessions and stands in the trail as the student's", async () => {
  const student = await campus.student();
  const number = fresh().number;
  expect(await run(`${head}\n${number},Alva,${student.phone},,\n`)).toMatchObject({ updated: 1, created: 0 });
  expect((await student.api("GET", "/users/me")).status).toBe(200);
  const moved = fresh().phone;
  const { id: importId, ...outcome } = await run(`${head}\n${number},Alva,${moved},,\n`);
  expect(outcome).toMatchObject({ updated: 1, created: 0 });
  expect(
    await campus.sql`select actor_id, action, details from audit_log where object_id = ${student.id} and action like 'student%'`,
  ).toEqual([{ actorId: admin.id, action: "student.changed", details: { fields: ["phone"], import_id: importId } }]);
  await campus.drainOutbox();
  expect((await campus.messages(student.phone))[0]?.text).toContain("The university changed the phone number");
  expect(await campus.sql`select id from students where id = ${student.id} and phone_changed_at is null`).toEqual([]);
  await expect.poll(async () => (await student.api("GET", "/users/me")).status).toBe(401);
});

test("a register gives nobody another phone in the days after a card was given: the line says so, and the others are taken", async () => {
  const [student, other] = [await campus.student(), await campus.student()];
  const [a, b] = [fresh(), fresh()];
  expect(await run(`${head}\n${a.number},Alva,${student.phone},,\n${b.number},Bo,${other.phone},,\n`)).toMatchObject({ updated: 2 });
  const { status } = await admin.api("POST", `/admin/students/${student.id}/cards`, { body: { card_uid: newCardUid() } });
  expect(status).toBe(201);
  const file = `${head}\n${a.number},Alva,${a.phone},,\n${b.number},Bo,${b.phone},,\n`;
  const problems = [{ line: 2, column: "phone", problem: "is another one for a student who was given a card of late" }];
  expect(await run(file)).toMatchObject({ status: "refused", problems });
  expect(await run(file, "?mode=good_lines")).toMatchObject({ status: "done", updated: 1, problems });
  expect(await studentOf(student.phone)).toMatchObject({ studentNumber: a.number });
  expect(await run(`${head}\n${a.number},Alvar,${student.phone},,\n`)).toMatchObject({ status: "done", updated: 1 });
});

test("a dry run tells what would happen and writes nothing", async () => {
  const a = fresh();
  const before = await count();
  const dry = await run(`${head}\n${a.number},Alva,${a.phone},,\n${a.number},Twice,${a.phone},,\n`, "?mode=good_lines&dry_run=true");
  expect(dry).toMatchObject({ status: "done", dry_run: true, created: 1, bad_lines: 1 });
  expect(await count()).toBe(before);
});

test("nothing of the file is kept once it was worked on, and no problem repeats what stood in a cell", async () => {
  const file = `${head}\n,Planterad Person,0707-hemlig,planterad@,\n`;
  const { id } = await run(file);
  const [row] = await campus.sql<{ content: Buffer | null; all: string }>`
    select content, to_jsonb(i)::text as all from student_imports i where id = ${id}`;
  expect(row?.content).toBeNull();
  for (const word of ["Planterad", "hemlig", "planterad@"]) expect(row?.all).not.toContain(word);
});

test("the same Idempotency-Key imports once", async () => {
  const a = fresh();
  const [file, key] = [`${head}\n${a.number},Alva,${a.phone},,\n`, { "Idempotency-Key": crypto.randomUUID() }];
  const [first, again] = [await send(file, "", key), await send(file, "", key)];
  expect(again.text).toBe(first.text);
  await campus.drainOutbox();
  expect(await read(first.body.id)).toMatchObject({ status: "done", created: 1 });
});

test("two workers on one file write it once", async () => {
  const a = fresh();
  const { body } = await send(`${head}\n${a.number},Alva,${a.phone},,\n`);
  await campus.sql`update outbox set done_at = now() where payload ->> 'import_id' = ${body.id}`;
  const signal = AbortSignal.timeout(10_000);
  await Promise.allSettled([importStudents(campus.worker, body.id, signal), importStudents(campus.worker, body.id, signal)]);
  expect(await read(body.id)).toMatchObject({ status: "done", created: 1 });
  const audited = await campus.sql`select action from audit_log where object_id = ${body.id}`;
  expect(audited).toEqual([{ action: "students.imported" }]);
});

test("a student who logs in for the first time while the file is written is found again and not a failure", async () => {
  const a = fresh();
  const { body } = await send(`${head}\n${a.number},Alva,${a.phone},,\n`);
  const { promise: loggedIn, resolve: logIn } = Promise.withResolvers<void>();
  const { promise: isWritten, resolve: written } = Promise.withResolvers<void>();
  const login = campus.owner.transaction(async (tx) => {
    await tx.run(sql`insert into students (phone) values (${a.phone})`);
    written();
    await loggedIn;
  });
  await isWritten;
  const work = importStudents(campus.worker, body.id, AbortSignal.timeout(10_000));
  await until("the import waits for the login", async () => {
    // As the superuser: nobody else sees what another role's session waits for.
    const waiting = await campus.database.query(
      "select pid from pg_stat_activity where datname = current_database() and application_name = 'campus-worker' and wait_event_type = 'Lock'",
    );
    return waiting.length > 0;
  });
  logIn();
  await Promise.all([login, work]);
  expect(await read(body.id)).toMatchObject({ status: "done", created: 0, updated: 1 });
  expect(await studentOf(a.phone)).toMatchObject({ name: "Alva", studentNumber: a.number });
});

test("an import that can never be written ends as failed and keeps no file", async () => {
  const a = fresh();
  await campus.database.query("alter table students add constraint planted check (name <> 'Never')");
  const { body } = await send(`${head}\n${a.number},Never,${a.phone},,\n`);
  for (let round = 0; round < 3; round += 1) {
    await campus.drainOutbox();
    await campus.sql`update outbox set due_at = now() where done_at is null and dead_at is null`;
  }
  await campus.database.query("alter table students drop constraint planted");
  expect(await read(body.id)).toMatchObject({ status: "failed", created: 0 });
  expect(await campus.sql`select content from student_imports where id = ${body.id}`).toEqual([{ content: null }]);
  expect(await studentOf(a.phone)).toBeUndefined();
});

test("an import that ends each worker that takes it is failed once it is given up, and keeps no file", async () => {
  const a = fresh();
  const { body } = await send(`${head}\n${a.number},Alva,${a.phone},,\n`);
  // As the last of them leaves it, killed in the middle.
  await campus.sql`update student_imports set status = 'running' where id = ${body.id}`;
  await campus.sql`update outbox set tries = 3, due_at = now() where payload ->> 'import_id' = ${body.id}`;
  await campus.drainOutbox();
  expect(await read(body.id)).toMatchObject({ status: "failed", created: 0 });
  expect(await campus.sql`select content from student_imports where id = ${body.id}`).toEqual([{ content: null }]);
});

/** Every hundredth line has neither a country's code nor a 0. Phones and numbers begin with `series`. */
function register(series: number): string {
  const lines = Array.from({ length: 20_000 }, (_, index) => {
    const phone = `${index % 100 === 99 ? "7" : "+467"}${series}${String(index).padStart(7, "0")}`;
    return `${series}-${index},"Student, ${index}",${phone},s${index}@example.org,"Gatan ${index}, Umeå"`;
  });
  return `${head}\r\n${lines.join("\r\n")}\r\n`;
}

test("20,000 students with 1 % bad lines are taken in within 20 s, every bad line named", async () => {
  const before = await count();
  const startedAtMs = performance.now();
  const done = await run(register(1), "?mode=good_lines");
  expect(performance.now() - startedAtMs).toBeLessThan(20_000);
  expect(done).toMatchObject({ status: "done", created: 19_800, bad_lines: 200, lines_read: 20_000 });
  expect(done.problems.map(({ line }) => line)).toEqual(Array.from({ length: 200 }, (_, index) => (index + 1) * 100 + 1));
  expect(await count()).toBe(before + 19_800);
  expect(await run(register(1), "?mode=good_lines")).toMatchObject({ unchanged: 19_800, created: 0, updated: 0 });
  expect(await run(register(8))).toMatchObject({ status: "refused", created: 0, bad_lines: 200 });
  expect(await count()).toBe(before + 19_800);
}, 90_000);

/** A real worker, killed as soon as `isTime` says so. */
async function killWorkerWhen(isTime: () => Promise<boolean>): Promise<void> {
  const worker = spawn(process.execPath, [path.join(import.meta.dirname, "../worker.ts")], {
    env: { PATH: process.env.PATH, ...campus.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [worker.stdout, worker.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk));
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  const isTimeOrOver = () => {
    if (worker.exitCode !== null) throw new Error(`The worker ended by itself: ${said}`);
    return isTime();
  };
  try {
    await until("the moment to kill the worker", isTimeOrOver, 30_000);
  } finally {
    worker.kill("SIGKILL");
    await exited;
  }
}

test("a worker that is killed leaves none of the file or all of it, and the next one finishes it", async () => {
  for (const [series, killedAtLines] of [0, 8_000, 20_000].entries()) {
    const before = await count();
    const { body } = await send(register(series + 5), "?mode=good_lines");
    await killWorkerWhen(async () => {
      const [row] = await campus.sql<{ lines: number; status: string }>`
        select lines_read as lines, status from student_imports where id = ${body.id}`;
      return row !== undefined && row.status !== "waiting" && row.lines >= killedAtLines;
    });
    // What the killed worker sent last may still be running on the server.
    await until("its transactions to end", async () => {
      const [row] = await campus.database.query<{ open: number }>(
        "select count(*)::integer as open from pg_stat_activity where datname = current_database() and application_name = 'campus-worker' and state <> 'idle'",
      );
      return row?.open === 0;
    });
    expect([before, before + 19_800]).toContain(await count());
    await campus.sql`update outbox set due_at = now() where done_at is null`;
    await campus.drainOutbox();
    expect(await read(body.id)).toMatchObject({ status: "done", created: 19_800 });
    expect(await count()).toBe(before + 19_800);
  }
}, 90_000);

test("a file of another kind, too large, or to an unknown address is refused", async () => {
  expect(await admin.api("POST", "/admin/students/import", { body: {} })).toMatchObject(refused(415, "UNSUPPORTED_MEDIA_TYPE"));
  expect(await send("x".repeat(8 * 1024 * 1024 + 1))).toMatchObject(refused(413, "PAYLOAD_TOO_LARGE"));
  expect(await send(head, "?mode=some")).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect(await admin.api("GET", "/admin/students/import")).toMatchObject(refused(405, "METHOD_NOT_ALLOWED"));
  const unknown = "/admin/students/imports/0192f0c1-0000-7000-8000-000000000000";
  expect(await admin.api("GET", unknown)).toMatchObject(refused(404, "NOT_FOUND"));
});

test("nobody but an admin imports or looks at imports", async () => {
  const cafe = await campus.cafe();
  for (const { api } of [await campus.staff("owner", cafe), await campus.staff("finance"), await campus.student()]) {
    const headers = { "Content-Type": "text/csv" };
    expect(await api("POST", "/admin/students/import", { body: head, headers })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("GET", "/admin/students/imports/0192f0c1-0000-7000-8000-000000000000")).toMatchObject(
      refused(403, "INSUFFICIENT_ROLE"),
    );
  }
});
