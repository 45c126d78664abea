import { z } from "zod";

/** One recipient, a text and an attachment or none. */
export interface Mail {
  readonly eventId: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly sentAt: Date;
  readonly attachment?: { readonly fileName: string; readonly contentType: "application/pdf"; readonly bytes: Buffer };
}

const address = z.email().max(254);

/** ASCII alone, without spaces, line ends or angle brackets: what it lets through can stand in a header as it is. */
export const isMailAddress = (text: string): boolean => address.safeParse(text).success;

/**
 * The bytes of a mail. Nothing that anybody wrote reaches a header unencoded: addresses are checked, the subject and the
 * file's name become ASCII without line ends, text and attachment are base64.
 */
export function writeMail({ eventId, from, to, subject, text, sentAt, attachment }: Mail): Buffer {
  if (!isMailAddress(from) || !isMailAddress(to)) throw new Error("A mail needs one address to come from and one to go to.");
  // Base64 has no hyphen, so no part can hold it.
  const boundary = `campus-${z.uuid().parse(eventId)}`;
  const lines = [
    `From: Campus Pay <${from}>`,
    `To: ${to}`,
    `Subject: ${encodedWords(subject)}`,
    `Date: ${sentAt.toUTCString().replace("GMT", "+0000")}`,
    `X-Campus-Event-Id: ${eventId}`,
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: multipart/mixed;",
    ` boundary="${boundary}"`,
    "",
    `--${boundary}`,
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    ...base64Lines(Buffer.from(text.replaceAll("\n", "\r\n"))),
    ...(attachment === undefined ? [] : attachmentLines(boundary, attachment)),
    `--${boundary}--`,
    "",
  ];
  return Buffer.from(lines.join("\r\n"));
}

const base64LineLetters = 76;
const base64Lines = (bytes: Buffer): readonly string[] => split(bytes.toString("base64"), base64LineLetters);

/** So that the line of "Subject: =?UTF-8?B?…?=" stays within the 76 letters that RFC 2047 allows. */
const encodedWordBytes = 39;
const maxSubjectLetters = 100;

/** RFC 2047: the text in words of ASCII, whatever it holds. */
function encodedWords(text: string): string {
  const words: string[] = [];
  let word = "";
  for (const letter of [...text].slice(0, maxSubjectLetters)) {
    if (Buffer.byteLength(word + letter) > encodedWordBytes) {
      words.push(word);
      word = "";
    }
    word += letter;
  }
  return [...words, word].map((each) => `=?UTF-8?B?${Buffer.from(each).toString("base64")}?=`).join("\r\n ");
}

const attachmentLines = (boundary: string, { contentType, fileName, bytes }: NonNullable<Mail["attachment"]>): string[] => [
  `--${boundary}`,
  `Content-Type: ${contentType}`,
  "Content-Transfer-Encoding: base64",
  `Content-Disposition: attachment; filename="${plainFileName(fileName)}"`,
  "",
  ...base64Lines(bytes),
];

const maxFileNameLetters = 60;
const plainFileName = (name: string): string => name.replaceAll(/[^\w.-]/g, "_").slice(-maxFileNameLetters);

function split(text: string, letters: number): readonly string[] {
  return text.match(new RegExp(`.{1,${letters}}`, "g")) ?? [];
}
