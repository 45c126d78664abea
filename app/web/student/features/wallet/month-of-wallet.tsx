import { day } from "../../../shared/money/dates.ts";
import { money, price } from "../../../shared/money/money.ts";
import { useWords } from "../../words/words.ts";

interface Line {
  readonly at: string;
  readonly kind: string;
  readonly amount_minor: number;
  readonly currency: string;
}

const days = 14;
const dayMs = 86_400_000;

/** Two weeks of spending as bars; the statement below is its table. What a closed wallet paid out was not spent. */
export function MonthOfWallet({ lines }: { readonly lines: readonly Line[] }) {
  const w = useWords();
  const today = new Date();
  const spent = Array.from({ length: days }, (_, index) => {
    const date = new Date(today.getTime() - (days - 1 - index) * dayMs);
    const name = date.toDateString();
    const minor = lines
      .filter(({ at, kind, amount_minor }) => amount_minor < 0 && kind !== "close_out" && new Date(at).toDateString() === name)
      .reduce((sum, { amount_minor }) => sum - amount_minor, 0);
    return { date, minor };
  });
  const most = Math.max(...spent.map(({ minor }) => minor), 1);
  const currency = lines[0]?.currency ?? "SEK";
  return (
    <figure className="month">
      <p className="row-between small soft">
        <span>{w.wallet.spentPerDay}</span>
        {most > 1 && <span>{w.wallet.mostPerDay(price(most, currency))}</span>}
      </p>
      <svg
        viewBox={`0 0 ${days * 20} 84`}
        role="img"
        aria-label={`${w.wallet.spentPerDay}: ${spent
          .filter(({ minor }) => minor > 0)
          .map(({ date, minor }) => `${day(date)} ${money(minor, currency)}`)
          .join(", ")}`}
      >
        {spent.map(({ date, minor }, index) => (
          <rect
            key={date.toDateString()}
            className={minor > 0 ? "month-bar" : "month-none"}
            x={index * 20 + 3}
            width="14"
            rx="5"
            y={minor > 0 ? 76 - (minor / most) * 70 : 74}
            height={minor > 0 ? (minor / most) * 70 + 4 : 4}
          >
            <title>{`${day(date)}: ${money(minor, currency)}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption className="row-between small soft">
        <span>{day(spent[0]?.date ?? today)}</span>
        <span>{day(today)}</span>
      </figcaption>
    </figure>
  );
}
