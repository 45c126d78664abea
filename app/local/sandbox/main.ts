import { startSandbox } from "./server.ts";
import { readSandboxSettings } from "./settings.ts";

// Stand-ins for SMS, FCM and the payment gateway, for `npm start` and tests only.
try {
  const sandbox = await startSandbox(readSandboxSettings(process.env));
  console.log(`sandbox at ${sandbox.url}`);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void sandbox.close());
} catch (error) {
  console.error(`The sandbox cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
