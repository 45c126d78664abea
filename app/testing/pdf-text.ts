import { inflateSync } from "node:zlib";

/** The streams of a page, inflated: what is drawn on it. Each is as long as it says: its last byte may look like the line's end behind it. */
export function drawnOn(pdf: Buffer): string {
  const text = pdf.toString("latin1");
  return [...text.matchAll(/\/Length (\d+)[^>]*>>\s*stream\r?\n/g)]
    .map((head) => {
      const from = head.index + head[0].length;
      return inflateSync(pdf.subarray(from, from + Number(head[1]))).toString("latin1");
    })
    .join("\n");
}

const letters = new TextDecoder("windows-1252");

/** The texts of all pages, each as it was drawn: pdfkit writes them in hexadecimal, in the letters of Windows-1252. */
export const textsOf = (pdf: Buffer): string[] =>
  [...drawnOn(pdf).matchAll(/\[((?:<[0-9a-f]*>|[\s\d.-])*)\] TJ/g)].map(([, parts]) =>
    [...(parts ?? "").matchAll(/<([0-9a-f]*)>/g)].map(([, hex]) => letters.decode(Buffer.from(hex ?? "", "hex"))).join(""),
  );
