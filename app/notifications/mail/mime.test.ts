import { expect, test } from "vitest";
import { readMail } from "../../testing/mails.ts";
import { isMailAddress, type Mail, writeMail } from "./mime.ts";

const mail = {
  eventId: "01990000-0000-7000-8000-000000000001",
  from: "receipts@pay.campus.example",
  to: "astrid@student.example",
  subject: "Kvitto K1-17",
  text: "Hej\nåäö\n",
  sentAt: new Date("2026-11-21T10:00:00Z"),
  attachment: { fileName: "receipt-K1-17.pdf", contentType: "application/pdf", bytes: Buffer.alloc(10_000, 7) },
} satisfies Mail;
const evil = 'K1\r\nBcc: all@evil.example\r\n\r\n"; x="';

test("a mail is read as it was written: text, attachment, subject, time", () => {
  const read = readMail(writeMail(mail).toString("latin1"));
  expect(read.header("subject")).toBe(mail.subject);
  expect(read.header("date")).toBe("Sat, 21 Nov 2026 10:00:00 +0000");
  expect(read.parts.map(({ bytes }) => bytes)).toEqual([Buffer.from("Hej\r\nåäö\r\n"), mail.attachment.bytes]);
});

test("line ends in the subject, the text and the file's name stay inside them", () => {
  const raw = writeMail({ ...mail, subject: evil, text: evil, attachment: { ...mail.attachment, fileName: evil } }).toString("latin1");
  expect(raw).not.toMatch(/^bcc:/im);
  const read = readMail(raw);
  expect(read.headers.map(([name]) => name)).toEqual(readMail(writeMail(mail).toString("latin1")).headers.map(([name]) => name));
  expect(read.parts).toHaveLength(2);
  expect(read.parts[1]?.head.split("\r\n")).toHaveLength(3);
});

test("every line is ASCII and short enough for any relay, also with a subject of many letters", () => {
  const lines = writeMail({ ...mail, subject: "Å🎉".repeat(80) })
    .toString("latin1")
    .split("\r\n");
  expect(lines.filter((line) => line.length > 76 || /[^\x20-\x7e]/.test(line))).toEqual([]);
});

test.each([
  "a@b.example\r\nBcc: c@d.example",
  "a@b.example\n",
  "a@b.example,c@d.example",
  "A <a@b.example>",
  "a b@c.example",
  "å@b.example",
  "a@b",
  "",
])("%j is no address for a header", (text) => {
  expect(isMailAddress(text)).toBe(false);
  expect(() => writeMail({ ...mail, to: text })).toThrow("one address");
});
