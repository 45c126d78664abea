import { capacityOf, measured } from "../capacity/model.ts";

const sizes = [1_000, 5_000, 20_000, 50_000, 100_000, 300_000, 1_000_000];

export const renderScalingPage = (): string =>
  [
    "# From a thousand students to a million",
    "",
    "<!-- Written by `npm run generate` from scripts/capacity/model.ts. Do not edit. -->",
    "",
    `Half of all order within half an hour, and the peak is four times the mean. A payment was measured to take ${measured.nodeMs} ms of an API process, ${measured.postgresMs} ms of PostgreSQL and ${measured.redisMs} ms of Redis ([performance](performance.md)); the order itself, workers, menus and boards take two and a half times as much beside it, as was seen on the way to the knee ([load](load.md)). A core of Graviton is taken to be 0.8 of the one that was measured, and no processor is planned fuller than half. These two, and how people come, are assumptions until a month has been measured; \`npm run capacity -- --students N\` says the same for any number, \`--measured FILE\` by your own bench.`,
    "",
    "| students | scans a second | machines (c7g.large) | database | GiB a year | USD a month | what is full first after that, and what is done then |",
    "|--:|--:|--:|---|--:|--:|---|",
    ...sizes.map((students) => {
      const one = capacityOf(students);
      return `| ${students.toLocaleString("en")} | ${one.scansASecond.toFixed(1)} | ${one.machines} | ${one.databases} × ${one.database} | ${one.databaseGibAYear.toFixed(1)} | ${(Math.round(one.monthlyUsd / 10) * 10).toLocaleString("en")} | ${one.first} |`;
    }),
    "",
    "The serving region alone: machines, database in two zones, cache, load balancer and way out. The second region, logs and the edge stand in [cost](platform/cost.md); eight years of orders are kept, half of them counted as the disk's average.",
    "",
    "What was not tried: any of these machines. The model says what a rate costs where nothing waits; a knee is found by `npm run load -- knee` on the place itself, and `npm run capacity -- --knee` says how far the model is from it.",
    "",
  ].join("\n");
