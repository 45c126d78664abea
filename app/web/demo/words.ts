import { type Catalogue, createWords } from "../shared/words/language.ts";

const en = {
  title: "Pay for a coffee, all three sides at once",
  what: "Everything here is real but the money: the same pages, the same API, the same database as on a campus.",
  phone: "The student’s phone",
  till: "The till",
  board: "The kitchen’s board",
  student: (number: number) => `Student ${number}`,
  steps: [
    "On the phone, tap a dish, add it and press Order.",
    "At the till below, tap card 1: the student holds it at the counter.",
    "The till says two digits. Type them on the phone and press Pay.",
    "Paid, once. The till knows, the receipt is signed, the kitchen has the order.",
    "",
  ],
  skip: "Skip the tour",
  again: "Begin again",
  failed: "The demo could not log in. Is this the sandbox?",
  loading: "Logging in the student, the till and the kitchen …",
  own: "Own window",
};

const sv: Catalogue<typeof en> = {
  title: "Betala en kaffe, från alla tre sidor samtidigt",
  what: "Allt här är på riktigt utom pengarna: samma sidor, samma API och samma databas som på ett campus.",
  phone: "Studentens telefon",
  till: "Kassan",
  board: "Kökets tavla",
  student: (number) => `Student ${number}`,
  steps: [
    "Tryck på en rätt i telefonen, lägg till den och tryck Beställ.",
    "Tryck på kort 1 vid kassan: studenten håller fram det.",
    "Kassan säger två siffror. Skriv dem i telefonen och tryck Betala.",
    "Betalt, en gång. Kassan vet, kvittot är signerat och köket har beställningen.",
    "",
  ],
  skip: "Hoppa över rundturen",
  again: "Börja om",
  failed: "Demon kunde inte logga in. Är detta sandlådan?",
  loading: "Loggar in studenten, kassan och köket …",
  own: "Eget fönster",
};

const it: Catalogue<typeof en> = {
  title: "Paga un caffè, da tutti e tre i lati",
  what: "Qui è tutto vero tranne i soldi: le stesse pagine, la stessa API e lo stesso database di un campus.",
  phone: "Il telefono",
  till: "La cassa",
  board: "La lavagna della cucina",
  student: (number) => `Studente ${number}`,
  steps: [
    "Sul telefono tocca un piatto, aggiungilo e premi Ordina.",
    "Alla cassa tocca la tessera 1: lo studente la avvicina.",
    "La cassa dice due cifre. Scrivile sul telefono e premi Paga.",
    "Pagato, una volta sola. La cassa lo sa, lo scontrino è firmato, la cucina ha l'ordine.",
    "",
  ],
  skip: "Salta la visita",
  again: "Ricomincia",
  failed: "La demo non ha potuto accedere. È la sandbox?",
  loading: "Accesso di studente, cassa e cucina …",
  own: "A parte",
};

export const words = createWords<Catalogue<typeof en>>(en, { sv: async () => sv, it: async () => it });
export const useWords = words.use;
