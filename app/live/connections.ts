import type { Platform } from "../platform/context.ts";
import { CodedError, unavailable } from "../platform/errors.ts";
import type { Cursor } from "./cursor.ts";

/** Why the server ends a connection. A client that is told when to come back does so by itself. */
export type Ending =
  | { readonly because: "draining"; readonly retryMs: number }
  | { readonly because: "unauthorized" }
  | { readonly because: "gone" }
  | { readonly because: "final" }
  | { readonly because: "unavailable"; readonly retryMs: number };

export type ConnectionKind = "student_socket" | "order_socket" | "device_stream" | "kitchen_stream";

/** An open WebSocket or event stream, whatever carries it. */
export interface Connection {
  readonly kind: ConnectionKind;
  /** The student, device or member of staff that holds it. */
  readonly ownerId: string;
  /** Throws once its credential holds no longer. */
  check(): unknown;
  beat(position: Cursor | undefined): void;
  end(ending: Ending): void;
}

/** All live connections of one process: their number is limited, their credentials are looked at again, their pulse is kept. */
export interface Connections {
  /** Throws where one more is too many. */
  admit(ownerId: string): void;
  add(connection: Connection): () => void;
  /** Ends all and admits none any more. */
  drain(): void;
  stop(): void;
}

const checkMs = 2_000;
// Spread, so that the clients of a process that ends do not arrive at the next one all at once.
const firstRetryMs = 500;
const retrySpreadMs = 3_000;

export const retryAfterMs = (): number => firstRetryMs + Math.floor(Math.random() * retrySpreadMs);

export function openConnections({ config, metrics, log }: Platform, position: () => Cursor | undefined): Connections {
  const open = new Map<Connection, { isChecking: boolean }>();
  const byOwner = new Map<string, number>();
  const byKind = new Map<ConnectionKind, number>();
  let isDraining = false;

  const count = (connection: Connection, change: 1 | -1) => {
    const ofOwner = (byOwner.get(connection.ownerId) ?? 0) + change;
    if (ofOwner > 0) byOwner.set(connection.ownerId, ofOwner);
    else byOwner.delete(connection.ownerId);
    const ofKind = (byKind.get(connection.kind) ?? 0) + change;
    byKind.set(connection.kind, ofKind);
    metrics.set("live_connections", { kind: connection.kind }, ofKind);
  };

  const check = async (connection: Connection, state: { isChecking: boolean }) => {
    if (state.isChecking) return;
    state.isChecking = true;
    try {
      await connection.check();
    } catch (error) {
      // Whoever cannot be asked at the moment has not said no.
      if (error instanceof CodedError && error.status < 500) connection.end({ because: "unauthorized" });
      else log.warn({ err: error }, "The credential of a live connection could not be checked");
    } finally {
      state.isChecking = false;
    }
  };
  const checks = setInterval(() => {
    for (const [connection, state] of open) void check(connection, state);
  }, checkMs).unref();
  const beats = setInterval(() => {
    for (const connection of open.keys()) connection.beat(position());
    // Said again while nothing changes, so that a quiet minute is no gap in CloudWatch.
    for (const [kind, ofKind] of byKind) metrics.set("live_connections", { kind }, ofKind);
  }, config.LIVE_HEARTBEAT_SECONDS * 1000).unref();

  return {
    admit(ownerId) {
      if (isDraining) throw unavailable("This process is stopping: connect again.", undefined, 1);
      if (open.size >= config.LIVE_CONNECTIONS_PER_PROCESS)
        throw unavailable("Too many clients are connected at the moment.", undefined, 5);
      if ((byOwner.get(ownerId) ?? 0) >= config.LIVE_CONNECTIONS_PER_OWNER) {
        throw new CodedError("RATE_LIMITED", `You have ${config.LIVE_CONNECTIONS_PER_OWNER} live connections already: close one first.`, {
          retryAfterSeconds: 10,
        });
      }
    },
    add(connection) {
      open.set(connection, { isChecking: false });
      count(connection, 1);
      return () => {
        if (open.delete(connection)) count(connection, -1);
      };
    },
    drain() {
      isDraining = true;
      for (const connection of open.keys()) connection.end({ because: "draining", retryMs: retryAfterMs() });
    },
    stop() {
      clearInterval(checks);
      clearInterval(beats);
    },
  };
}
