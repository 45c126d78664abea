import type { Platform } from "../../platform/context.ts";
import type { Language } from "../../platform/languages.ts";
import type { OutboxRow, Topics } from "../../platform/outbox.ts";
import { type Queryable, sql } from "../../platform/postgres.ts";
import { seal, unseal } from "../../platform/seal.ts";
import { writeMail } from "../mail/mime.ts";
import { openMailSender } from "../mail/open-mail-sender.ts";
import { SmsRefused, type SmsSender } from "../sms/sender.ts";

/** How a student was reached until now. */
export interface OldPhone {
  readonly phone: string;
  readonly email: string | null;
  readonly language: Language;
}

const purpose = "old-phone";

/**
 * Whoever loses an account to another phone hears of it on the old one: one statement for all of them, since a register may change
 * thousands. Sealed, because the rows that held number and address have new ones by now.
 */
export async function tellOldPhones(tx: Queryable, sealKey: string, olds: readonly OldPhone[]): Promise<void> {
  const rows = olds.flatMap(({ phone, email, language }) =>
    [
      { topic: "sms.phone_changed", to: phone },
      { topic: "mail.phone_changed", to: email },
    ].flatMap(({ topic, to }) =>
      to === null ? [] : [{ topic, payload: JSON.stringify({ language, sealed: seal(sealKey, purpose, to) }) }],
    ),
  );
  if (rows.length === 0) return;
  await tx.run(sql`
    insert into outbox (topic, payload)
    select topic, payload::jsonb from unnest(${rows.map(({ topic }) => topic)}::text[], ${rows.map(({ payload }) => payload)}::text[]) as r (topic, payload)`);
}

interface Told {
  readonly to: string;
  readonly language: Language;
}

export function oldPhoneTopics(platform: Platform, sms: SmsSender): Topics {
  const mail = openMailSender(platform);
  const read = async ({ payload }: OutboxRow): Promise<Told> => {
    const { language, sealed } = payload as { language: Language; sealed: string };
    return { language, to: unseal(await platform.secrets.get("SEAL_KEY"), purpose, sealed) };
  };
  return {
    "sms.phone_changed": {
      timeoutMs: 10_000,
      maxTries: 8,
      scrub: true,
      deliver: async (row, signal) => {
        const { to, language } = await read(row);
        await sms.send({ to, text: words[language].text }, signal).catch((error: unknown) => {
          // A provider of templates alone (MSG91) sends codes and nothing else: the mail tells it.
          if (!(error instanceof SmsRefused && error.permanent)) throw error;
          platform.log.warn({ err: error, outbox_id: row.id }, "A notice was not sent by SMS");
        });
      },
    },
    "mail.phone_changed": {
      timeoutMs: 10_000,
      maxTries: 8,
      lane: "mails",
      scrub: true,
      deliver: async (row, signal) => {
        if (!mail) return;
        const { to, language } = await read(row);
        const { title: subject, text } = words[language];
        const bytes = writeMail({ eventId: row.id, from: mail.from, to, subject, text: `${text}\n`, sentAt: new Date() });
        await mail.send({ eventId: row.id, to, bytes }, signal);
      },
    },
  };
}

const words: Record<Language, { readonly title: string; readonly text: string }> = {
  sv: {
    title: "Campus Pay: ditt telefonnummer",
    text: "Universitetet har bytt telefonnumret för ditt Campus Pay-konto till ett annat. Var det inte du? Kontakta kortexpeditionen nu.",
  },
  it: {
    title: "Campus Pay: il tuo numero di telefono",
    text: "L'università ha cambiato il numero di telefono del tuo account Campus Pay. Non l'hai chiesto tu? Contatta subito l'ufficio tessere.",
  },
  en: {
    title: "Campus Pay: your phone number",
    text: "The university changed the phone number of your Campus Pay account to another one. Was it not you? Contact the card office now.",
  },
};
