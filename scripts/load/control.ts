import { createServer } from "node:http";
import { listenLocally } from "../../app/local/ports.ts";
import { type FaultName, faults } from "./faults.ts";
import type { Place } from "./place.ts";

/** Where a script asks for its fault and for the end of it, and when that was. */
export interface Control {
  readonly url: string;
  times(): { readonly faultAtMs: number | undefined; readonly mendedAtMs: number | undefined };
  close(): Promise<void>;
}

export async function openControl(place: Place, fault: FaultName | undefined): Promise<Control> {
  let faultAtMs: number | undefined;
  let mendedAtMs: number | undefined;
  let mend: (() => Promise<void>) | undefined;
  const endIt = async () => {
    await mend?.();
    mend = undefined;
  };
  const answer = async (path: string | undefined): Promise<void> => {
    if (path === "/fault" && fault) {
      faultAtMs = Date.now();
      mend = await faults[fault](place);
    } else if (path === "/mended") {
      await endIt();
      mendedAtMs = Date.now();
    } else throw new Error(`there is nothing to do at ${path}`);
  };
  const server = createServer((request, response) => {
    answer(request.url).then(
      () => response.end("done"),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  return {
    url: `http://127.0.0.1:${await listenLocally(server)}`,
    times: () => ({ faultAtMs, mendedAtMs }),
    async close() {
      server.close();
      // A script that died left its fault behind.
      await endIt();
    },
  };
}
