import type { Platform } from "../platform/context.ts";
import { type Connections, openConnections } from "./connections.ts";
import { type EventReader, openEventReader } from "./event-reader.ts";
import { openPresence, type Presence } from "./presence.ts";

/** What one process needs to reach phones and counters that are connected to it. */
export interface Live {
  readonly reader: EventReader;
  readonly connections: Connections;
  readonly presence: Presence;
  /** Tells every client to come back in a moment and ends its connection. */
  drain(): void;
  end(): void;
}

export function openLive(platform: Platform): Live {
  const reader = openEventReader(platform);
  const connections = openConnections(platform, reader.position);
  const presence = openPresence(platform);
  return {
    reader,
    connections,
    presence,
    drain: connections.drain,
    end() {
      connections.stop();
      presence.stop();
      reader.stop();
    },
  };
}
