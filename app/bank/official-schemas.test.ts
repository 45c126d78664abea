import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { findPython, virtualEnvironment } from "../local/aws-world.ts";
import { projectRoot } from "../local/home.ts";
import { readCamt } from "./camt.ts";
import { painOf } from "./pain.ts";

const folder = mkdtempSync(path.join(tmpdir(), "campus-iso20022-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The Python that has the schemas; undefined, said aloud, where it cannot be had. */
const python = ((): string | undefined => {
  const found = findPython();
  if (found === undefined) console.log("skipped: the bank's files against the official schemas need Python 3.10 with venv");
  try {
    return (
      found &&
      path.join(
        virtualEnvironment(found, path.join(import.meta.dirname, "requirements-schemas.txt"), path.join(projectRoot, ".cache")),
        "python",
      )
    );
  } catch (error) {
    console.log(`skipped: the bank's files against the official schemas: ${(error as Error).message}`);
    return undefined;
  }
})();

const validator = `
import importlib.util, json, os, sys, xmlschema
package, name, *texts = sys.argv[1:]
schema = xmlschema.XMLSchema(os.path.join(os.path.dirname(importlib.util.find_spec(package).origin), name))
print(json.dumps([[f"{error.path}: {error.reason}" for error in schema.iter_errors(text)] for text in texts]))
`;
const painSchema = ["sepaxml", "schemas/pain.001.001.09.xsd"] as const;
const camtSchema = (version: string) => ["camt053", `xsd/camt.053.001.${version}.xsd`] as const;

/** What the schema has against each of them; nothing is what is wanted. To read the schema takes a second, so all go at once. */
function complaints([owner, schema]: readonly [string, string], texts: readonly string[]): string[][] {
  const files = texts.map((text) => {
    const file = path.join(folder, `${randomUUID()}.xml`);
    writeFileSync(file, text);
    return file;
  });
  const { status, stdout, stderr } = spawnSync(python ?? "", ["-c", validator, owner, schema, ...files], { encoding: "utf8" });
  if (status !== 0) throw new Error(`The validator ended with ${status}: ${stderr.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout) as string[][];
}

const order = (currency: string, bic?: string) => {
  const transfer = {
    id: randomUUID(),
    amountMinor: 1_234_567,
    holder: "Åsa & Söner <AB>",
    iban: "SE4550000000058398257466",
    text: "Day 2027-01-14",
  };
  const transfers = [transfer, { ...transfer, id: randomUUID(), amountMinor: 1, holder: "Ж".repeat(90), text: "x".repeat(200) }];
  const debtor = { holder: "Università degli Studi & Co", iban: "SE4550000000058398257466", bic };
  return painOf({ id: randomUUID(), executionDay: "2027-01-15", currency, createdAt: new Date(), transfers }, debtor);
};

test.skipIf(python === undefined)(
  "a payment file is what the official pain.001.001.09 says, in euro and in kronor, with a BIC and without",
  () => {
    const files = [order("EUR"), order("EUR", "ESSESESS"), order("SEK"), order("SEK", "ESSESESSXXX")];
    expect(complaints(painSchema, files)).toEqual([[], [], [], []]);
  },
);

test.skipIf(python === undefined)("the schema refuses what is in another order, too long or no account", () => {
  const changes = [
    [/(<PmtMtd>TRF<\/PmtMtd>)(<BtchBookg>false<\/BtchBookg>)/, "$2$1"],
    [/<EndToEndId>/, "<EndToEndId>12345"],
    [/<IBAN>SE/, "<IBAN>55"],
  ] as const;
  const found = complaints(
    painSchema,
    changes.map(([from, to]) => order("EUR").replace(from, to)),
  );
  for (const each of found) expect(each).not.toEqual([]);
  expect(found).toHaveLength(changes.length);
});

const camt = (version: string) => `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}"><BkToCstmrStmt>
  <GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-29T06:00:00Z</CreDtTm></GrpHdr>
  <Stmt><Id>S-1</Id><CreDtTm>2026-11-29T06:00:00Z</CreDtTm><Acct><Id><IBAN>SE4550000000058398257466</IBAN></Id></Acct>
    <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="SEK">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-28</Dt></Dt></Bal>
    <Ntry><NtryRef>1</NtryRef><Amt Ccy="SEK">30.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>${statusOf(version)}</Sts>
      <BookgDt><Dt>2026-11-28</Dt></BookgDt><AcctSvcrRef>BANK-1</AcctSvcrRef><BkTxCd/>
      <NtryDtls>
        <TxDtls><Refs><EndToEndId>${"a".repeat(32)}</EndToEndId></Refs>${amount(version, "10.00")}</TxDtls>
        <TxDtls><Refs><EndToEndId>${"b".repeat(32)}</EndToEndId></Refs>${amount(version, "20.00")}</TxDtls>
      </NtryDtls></Ntry>
    <Ntry><NtryRef>2</NtryRef><Amt Ccy="SEK">5</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>1</RvslInd><Sts>${statusOf(version)}</Sts>
      <BookgDt><DtTm>2026-11-28T12:00:00+01:00</DtTm></BookgDt><BkTxCd/></Ntry>
  </Stmt></BkToCstmrStmt></Document>`;
const statusOf = (version: string) => (Number(version) < 7 ? "BOOK" : "<Cd>BOOK</Cd>");
/** A part says its amount in one place before version 3, and in its own since. */
const amount = (version: string, text: string) =>
  version === "02"
    ? `<AmtDtls><TxAmt><Amt Ccy="SEK">${text}</Amt></TxAmt></AmtDtls>`
    : `<Amt Ccy="SEK">${text}</Amt><CdtDbtInd>DBIT</CdtDbtInd>`;

test.skipIf(python === undefined).each(["02", "04", "08", "13"])(
  "a statement that the official camt.053.001.%s accepts is read whole",
  async (version) => {
    expect(complaints(camtSchema(version), [camt(version)])).toEqual([[]]);
    expect(await readCamt(camt(version))).toMatchObject([
      {
        account: "SE4550000000058398257466",
        statementId: "S-1",
        entries: [
          { entryRef: "BANK-1:out/1", reference: "a".repeat(32), direction: "out", amountMinor: 1_000, bookedOn: "2026-11-28" },
          { entryRef: "BANK-1:out/2", reference: "b".repeat(32), direction: "out", amountMinor: 2_000, bookedOn: "2026-11-28" },
          { entryRef: "2:in", direction: "in", amountMinor: 500, bookedOn: "2026-11-28", returnReason: "reversal" },
        ],
      },
    ]);
  },
);
