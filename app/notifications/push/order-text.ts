import type { Language } from "../../platform/languages.ts";
import { moneyText } from "../../platform/money-text.ts";

/** What a student is told of an order, and what the café's staff is. */
export const orderNews = ["received", "preparing", "ready", "out_for_delivery", "new"] as const;
export type OrderNews = (typeof orderNews)[number];

export interface OrderWords {
  readonly number: string;
  readonly itemCount: number;
  readonly totalMinor: number;
  readonly currency: string;
  readonly orderType: "pickup" | "delivery" | "table";
}

interface Text {
  readonly title: string;
  readonly body: string;
}

/** Of an order, as a line: how many portions, and what they cost. */
type Line = (items: number, total: string) => string;

const lines: Record<Language, Line> = {
  sv: (items, total) => `${items} ${items === 1 ? "vara" : "varor"} — ${total}`,
  it: (items, total) => `${items} ${items === 1 ? "articolo" : "articoli"} — ${total}`,
  en: (items, total) => `${items} ${items === 1 ? "item" : "items"} — ${total}`,
};

type Words = Record<OrderNews, (order: { number: string; line: string; isPickup: boolean }) => Text>;

const words: Record<Language, Words> = {
  sv: {
    received: ({ number, line }) => ({ title: "Beställningen är mottagen!", body: `Din beställning #${number} har tagits emot: ${line}` }),
    preparing: ({ number, line }) => ({ title: "Tillagas nu 🍳", body: `Din beställning #${number} tillagas nu: ${line}` }),
    ready: ({ number, line, isPickup }) => ({
      title: "Beställningen är klar! 🎉",
      body: `Din beställning #${number} är klar${isPickup ? " att hämta" : ""}: ${line}`,
    }),
    out_for_delivery: ({ number, line }) => ({ title: "På väg! 🚚", body: `Din beställning #${number} är på väg till dig: ${line}` }),
    new: ({ number, line }) => ({ title: "Ny beställning! 🔔", body: `Beställning #${number} — ${line}` }),
  },
  it: {
    received: ({ number, line }) => ({ title: "Ordine confermato!", body: `Il tuo ordine #${number} è stato ricevuto: ${line}` }),
    preparing: ({ number, line }) => ({ title: "In preparazione 🍳", body: `Il tuo ordine #${number} è in preparazione: ${line}` }),
    ready: ({ number, line, isPickup }) => ({
      title: "Ordine pronto! 🎉",
      body: `Il tuo ordine #${number} è pronto${isPickup ? " per il ritiro" : ""}: ${line}`,
    }),
    out_for_delivery: ({ number, line }) => ({ title: "In arrivo! 🚚", body: `Il tuo ordine #${number} è in consegna: ${line}` }),
    new: ({ number, line }) => ({ title: "Nuovo ordine! 🔔", body: `Ordine #${number} — ${line}` }),
  },
  en: {
    received: ({ number, line }) => ({ title: "Order Confirmed!", body: `Your order #${number} has been received: ${line}` }),
    preparing: ({ number, line }) => ({ title: "Being Prepared 🍳", body: `Your order #${number} is now being prepared: ${line}` }),
    ready: ({ number, line, isPickup }) => ({
      title: "Order Ready! 🎉",
      body: `Your order #${number} is ready${isPickup ? " for pickup" : ""}: ${line}`,
    }),
    out_for_delivery: ({ number, line }) => ({ title: "On the Way! 🚚", body: `Your order #${number} is out for delivery: ${line}` }),
    new: ({ number, line }) => ({ title: "New Order! 🔔", body: `Order #${number} — ${line}` }),
  },
};

export function orderText(language: Language, news: OrderNews, order: OrderWords): Text {
  const total = moneyText(language, order.totalMinor, order.currency);
  const line = lines[language](order.itemCount, total);
  return words[language][news]({ number: order.number, line, isPickup: order.orderType === "pickup" });
}
