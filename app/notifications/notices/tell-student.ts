import type { Platform } from "../../platform/context.ts";
import type { Language } from "../../platform/languages.ts";
import { enqueue, type OutboxRow, type Topics } from "../../platform/outbox.ts";
import { type Queryable, sql } from "../../platform/postgres.ts";
import { writeMail } from "../mail/mime.ts";
import { openMailSender } from "../mail/open-mail-sender.ts";
import { openPushSender } from "../push/open-push-sender.ts";
import { SmsRefused, type SmsSender } from "../sms/sender.ts";

/** What a student is told of, so that a thief's deed is seen by its owner. */
export const noticeKinds = [
  "close_out_requested",
  "close_out_agreed",
  "close_out_paid",
  "close_out_rejected",
  "limits_raised",
  "auto_top_up_set",
  "wallet_thawed",
  "card_thawed",
  "card_issued",
  "confirm_key_added",
  "confirm_key_removed",
  "logged_in",
  "push_moved",
  "outside_refund_borne",
  "push_added",
  "push_replaced",
  "login_disowned",
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

// A log-in has just cost a message of its own; a thaw and a limit move no money.
const onEveryChannel: readonly NoticeKind[] = [
  "close_out_requested",
  "close_out_agreed",
  "close_out_paid",
  "close_out_rejected",
  "confirm_key_added",
  "confirm_key_removed",
  "outside_refund_borne",
  "push_replaced",
  "login_disowned",
];
const byMailToo: readonly NoticeKind[] = ["push_moved", "push_added", "card_issued"];

/** Left in the transaction of the deed. By push always; by SMS and mail too where money leaves or a phone may pay; by mail where the pushes themselves go elsewhere, or the deed is an office's. */
export async function tellStudent(tx: Queryable, studentId: string, kind: NoticeKind): Promise<void> {
  await enqueue(tx, "push.notice", { student_id: studentId, kind });
  const isEverywhere = onEveryChannel.includes(kind);
  if (isEverywhere) await enqueue(tx, "sms.notice", { student_id: studentId, kind });
  if (isEverywhere || byMailToo.includes(kind)) await enqueue(tx, "mail.notice", { student_id: studentId, kind });
}

const lifeMs = 86_400_000;

export function noticeTopics(platform: Platform, sms: SmsSender): Topics {
  const push = openPushSender(platform);
  const mail = openMailSender(platform);
  return {
    "push.notice": {
      timeoutMs: 5_000,
      maxTries: 3,
      deliver: async (row) => {
        const told = await readTold(platform, row);
        if (!told || !push) return;
        const { title, text } = wordsOf(told);
        const data = { type: "notice", kind: told.kind };
        const sent = told.tokens.map((token) => push.send({ token, title, body: text, data, lifeMs, tag: `notice-${row.id}` }));
        for (const outcome of await Promise.all(sent)) platform.metrics.count("push_total", { outcome });
      },
    },
    "sms.notice": {
      timeoutMs: 10_000,
      maxTries: 8,
      deliver: async (row, signal) => {
        const told = await readTold(platform, row);
        if (!told?.phone) return;
        await sms.send({ to: told.phone, text: wordsOf(told).text }, signal).catch((error: unknown) => {
          // A provider of templates alone (MSG91) sends codes and nothing else: push and mail tell it.
          if (error instanceof SmsRefused && error.permanent)
            return platform.log.warn({ err: error, outbox_id: row.id }, "A notice was not sent by SMS");
          throw error;
        });
      },
    },
    "mail.notice": {
      timeoutMs: 10_000,
      maxTries: 8,
      lane: "mails",
      deliver: async (row, signal) => {
        const told = await readTold(platform, row);
        if (!told?.email || !mail) return;
        const { title, text } = wordsOf(told);
        const bytes = writeMail({
          eventId: row.id,
          from: mail.from,
          to: told.email,
          subject: title,
          text: `${text}\n`,
          sentAt: new Date(),
        });
        await mail.send({ eventId: row.id, to: told.email, bytes }, signal);
      },
    },
  };
}

interface Told {
  readonly kind: NoticeKind;
  readonly phone: string | null;
  readonly email: string | null;
  readonly language: Language;
  readonly tokens: readonly string[];
}

async function readTold({ db }: Platform, { payload }: OutboxRow): Promise<Told | undefined> {
  const student = await db.row<Omit<Told, "kind">>(sql`
    select phone, email, language, array(select token from push_tokens where student_id = s.id and is_active) as tokens
    from students s where id = ${String(payload.student_id)} and erased_at is null`);
  return student && { ...student, kind: payload.kind as NoticeKind };
}

const wordsOf = ({ language, kind }: Told): { readonly title: string; readonly text: string } => {
  const { title, endings, ...texts } = words[language];
  return { title, text: `${texts[kind]} ${endings[kind === "close_out_requested" || kind === "close_out_agreed" ? "stop" : "look"]}` };
};

interface Words extends Record<NoticeKind, string> {
  readonly title: string;
  readonly endings: { readonly stop: string; readonly look: string };
}

// No amount and no account: a message shows on lock screens.
const words: Record<Language, Words> = {
  sv: {
    title: "Campus Pay: din plånbok",
    close_out_requested: "Någon bad om att stänga din plånbok och betala ut pengarna.",
    close_out_agreed: "Ekonomikontoret har godkänt utbetalningen från din plånbok; en person till betalar ut den.",
    close_out_paid: "Din plånbok är stängd och pengarna är på väg till ditt konto.",
    close_out_rejected: "Ekonomikontoret sa nej till utbetalningen: orsaken står i appen.",
    limits_raised: "Din dagsgräns höjdes eller togs bort.",
    auto_top_up_set: "Din plånbok fylls på av sig själv från ditt betalkort.",
    wallet_thawed: "Din plånbok kan betala igen.",
    card_thawed: "Ditt kort kan användas igen.",
    card_issued: "Kortexpeditionen gav dig ett nytt kort: det kan betala från din plånbok.",
    confirm_key_added: "En ny telefon får betala från din plånbok.",
    confirm_key_removed: "En av dina telefoner får inte längre betala från din plånbok.",
    logged_in: "Någon loggade in på ditt konto.",
    push_moved: "Aviseringarna på en av dina enheter går nu till ett annat konto.",
    outside_refund_borne: "En återbetalning som banken redan har gjort till dig har dragits från din plånbok.",
    push_added: "En ny enhet får nu dina aviseringar.",
    push_replaced: "En ny enhet får nu dina aviseringar, i stället för en av dina tidigare.",
    login_disowned: "En inloggning anmäldes som främmande: andra enheter loggades ut och din plånbok är fryst.",
    endings: { stop: "Var det inte du? Öppna Campus Pay och stoppa det nu.", look: "Var det inte du? Öppna Campus Pay." },
  },
  it: {
    title: "Campus Pay: il tuo portafoglio",
    close_out_requested: "Qualcuno ha chiesto di chiudere il tuo portafoglio e versare il saldo.",
    close_out_agreed: "L'ufficio finanze ha approvato il versamento dal tuo portafoglio; un'altra persona lo esegue.",
    close_out_paid: "Il tuo portafoglio è chiuso e il saldo è in viaggio verso il tuo conto.",
    close_out_rejected: "L'ufficio finanze ha rifiutato il versamento: il motivo è nell'app.",
    limits_raised: "Il tuo limite giornaliero è stato alzato o tolto.",
    auto_top_up_set: "Il tuo portafoglio si ricarica da solo dalla tua carta.",
    wallet_thawed: "Il tuo portafoglio può pagare di nuovo.",
    card_thawed: "La tua carta si può usare di nuovo.",
    card_issued: "L'ufficio tessere ti ha dato una nuova carta: può pagare dal tuo portafoglio.",
    confirm_key_added: "Un nuovo telefono può pagare dal tuo portafoglio.",
    confirm_key_removed: "Uno dei tuoi telefoni non può più pagare dal tuo portafoglio.",
    logged_in: "Qualcuno è entrato nel tuo account.",
    push_moved: "Le notifiche di uno dei tuoi dispositivi vanno ora a un altro account.",
    outside_refund_borne: "Un rimborso che la banca ti ha già accreditato è stato addebitato al tuo portafoglio.",
    push_added: "Un nuovo dispositivo riceve ora le tue notifiche.",
    push_replaced: "Un nuovo dispositivo riceve ora le tue notifiche al posto di uno dei precedenti.",
    login_disowned: "Un accesso è stato segnalato come estraneo: gli altri dispositivi sono usciti e il tuo portafoglio è bloccato.",
    endings: { stop: "Non sei stato tu? Apri Campus Pay e fermalo ora.", look: "Non sei stato tu? Apri Campus Pay." },
  },
  en: {
    title: "Campus Pay: your wallet",
    close_out_requested: "Somebody asked to close your wallet and pay the money out.",
    close_out_agreed: "The finance office agreed to the pay-out from your wallet; one more person pays it.",
    close_out_paid: "Your wallet is closed and the money is on its way to your account.",
    close_out_rejected: "The finance office said no to the pay-out: the app says why.",
    limits_raised: "Your daily limit was raised or cleared.",
    auto_top_up_set: "Your wallet is filled by itself from your bank card.",
    wallet_thawed: "Your wallet can pay again.",
    card_thawed: "Your card can be used again.",
    card_issued: "The card office gave you a new card: it can pay from your wallet.",
    confirm_key_added: "A new phone may pay from your wallet.",
    confirm_key_removed: "One of your phones may no longer pay from your wallet.",
    logged_in: "Somebody logged in to your account.",
    push_moved: "The notifications of one of your devices now go to another account.",
    outside_refund_borne: "A refund that your bank had already given you was taken from your wallet.",
    push_added: "A new device now gets your notifications.",
    push_replaced: "A new device now gets your notifications, in the place of one that had them.",
    login_disowned: "A log-in was reported as a stranger's: other devices were logged out and your wallet is frozen.",
    endings: { stop: "Was it not you? Open Campus Pay and stop it now.", look: "Was it not you? Open Campus Pay." },
  },
};
