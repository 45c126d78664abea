import type { LocalSystem } from "../local-system.ts";
import { median } from "../process.ts";
import type { BenchPlace } from "./bench-place.ts";
import { prepareOrders } from "./campus.ts";
import { at, runDebits } from "./debit-run.ts";
import { oneCall } from "./debit-scripts.ts";
import { type ApiPair, type FlowResult, runFlows, startApiPair } from "./flows.ts";
import type { Payer } from "./pay-load.ts";
import { logInPayers } from "./payers.ts";
import { interleave } from "./rounds.ts";

export interface PaymentMeasures {
  /** Payments a second in a closed loop, and what one costs, by who spends it. */
  readonly capacity: { readonly perSecond: number; readonly nodeMs: number; readonly postgresMs: number; readonly redisMs: number };
  /** T2: the whole of it against the CPU that PostgreSQL needs for a debit alone. */
  readonly cpuToDebit: number;
  readonly debitCpuMs: number;
  /** T3: at half of the capacity. */
  readonly half: { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number; readonly dropped: number };
  readonly memoryMiB: number;
}

const connections = 32;
/** Enough that an arrival finds none free only where the system has stopped keeping up. */
const arrivalConnections = 256;
const warmUpMs = 1_500;
// After 6 s a payment still cost 20 % more: V8 compiles what has run some thousand times.
const firstWarmUpMs = 25_000;
const windowMs = 3_000;
const debitSeconds = 4;

interface Options {
  readonly rounds: number;
  readonly payers: number;
  readonly debits: number;
  readonly cafes: number;
}

/** T2 and T3: scan, look at the phone, confirm, through two API processes. */
export async function measurePayments(system: LocalSystem, place: BenchPlace, options: Options): Promise<PaymentMeasures> {
  const payers = await logInPayers(place.superuser, system.env, { count: options.payers, cafes: options.cafes });
  const api = await startApiPair(system.env);
  try {
    await warmProcesses(system, { place, api, payers, options });
    const rounds = await compareWithDebits(system, { place, api, payers, options });
    const perSecond = median(rounds.map(({ flows }) => flows.perSecond));
    const halves = await measureHalf(system, { place, api, payers, options }, perSecond / 2);
    await place.assertBooks();
    const cpu = (who: keyof FlowResult["cpu"]) => median(rounds.map(({ flows }) => flows.cpu[who]));
    return {
      capacity: { perSecond, nodeMs: cpu("nodeMs"), postgresMs: cpu("postgresMs"), redisMs: cpu("redisMs") },
      cpuToDebit: median(rounds.map(({ flows, debitCpuMs }) => totalMs(flows) / debitCpuMs)),
      debitCpuMs: median(rounds.map(({ debitCpuMs }) => debitCpuMs)),
      half: {
        perSecond: perSecond / 2,
        p50Ms: median(halves.map(({ confirmMs }) => at(confirmMs, 0.5))),
        p99Ms: median(halves.map(({ confirmMs }) => at(confirmMs, 0.99))),
        dropped: halves.reduce((sum, { dropped }) => sum + dropped, 0),
      },
      memoryMiB: Math.max(...rounds.map(({ flows }) => flows.memoryMiB), ...halves.map(({ memoryMiB }) => memoryMiB)),
    };
  } finally {
    await api.stop();
  }
}

/** Before the first round: the processes prepare their statements and their code is compiled, however busy the machine is. */
async function warmProcesses(system: LocalSystem, { place, api, payers, options }: Parts): Promise<void> {
  await prepareOrders(place.superuser, { orders: payers.length, cafes: options.cafes, scanned: false });
  await runFlows(system, api, { ports: api.ports, connections, payers, warmUpMs: firstWarmUpMs, windowMs: 100 });
}

interface Parts {
  readonly place: BenchPlace;
  readonly api: ApiPair;
  readonly payers: readonly Payer[];
  readonly options: Options;
}

const totalMs = ({ cpu }: FlowResult) => cpu.nodeMs + cpu.postgresMs + cpu.redisMs;

async function compareWithDebits(system: LocalSystem, { place, api, payers, options }: Parts) {
  const { cafes } = options;
  const flows = async () => {
    await prepareOrders(place.superuser, { orders: payers.length, cafes, scanned: false });
    return { flows: await runFlows(system, api, { ports: api.ports, connections, payers, warmUpMs, windowMs }) };
  };
  const debits = async () => {
    await prepareOrders(place.superuser, { orders: options.debits, cafes, scanned: true });
    const { cpuMsPerDebit } = await runDebits(place, {
      script: oneCall,
      clients: connections,
      seconds: debitSeconds,
      port: system.cluster.port,
    });
    return { debitCpuMs: cpuMsPerDebit };
  };
  const rounds = await interleave<"flows" | "debits", { flows?: FlowResult; debitCpuMs?: number }>(
    options.rounds,
    { flows, debits },
    (round, results) => {
      const flow = results.flows.flows;
      if (flow) console.error(`payments, round ${round}: ${Math.round(flow.perSecond)}/s, ${totalMs(flow).toFixed(2)} ms CPU each`);
    },
  );
  return rounds.map(({ flows: { flows: found }, debits: { debitCpuMs } }) => {
    if (!found || debitCpuMs === undefined) throw new Error("A round has no result.");
    return { flows: found, debitCpuMs };
  });
}

async function measureHalf(system: LocalSystem, { place, api, payers, options }: Parts, arrivalsPerSecond: number): Promise<FlowResult[]> {
  const results: FlowResult[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    await prepareOrders(place.superuser, { orders: payers.length, cafes: options.cafes, scanned: false });
    const load = { ports: api.ports, connections: arrivalConnections, payers, warmUpMs, windowMs, arrivalsPerSecond };
    const result = await runFlows(system, api, load);
    console.error(
      `half of it, round ${round}: confirm p50 ${at(result.confirmMs, 0.5).toFixed(1)} ms, p99 ${at(result.confirmMs, 0.99).toFixed(1)} ms`,
    );
    results.push(result);
  }
  return results;
}
