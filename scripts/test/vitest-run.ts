// Runs all of vitest and writes the tally to the file that its only argument names: the built-in JSON report has no reasons for skips.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Reporter, startVitest, type TestCase, type TestModule } from "vitest/node";
import { projectRoot } from "../../app/local/home.ts";
import { add, nothing, oneFailed, onePassed, type Tally } from "./tally.ts";

function tallyReporter(file: string): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const tally = modules.map(tallyModule).reduce(add, nothing);
      writeFileSync(
        file,
        JSON.stringify(unhandledErrors.length === 0 ? tally : add(tally, { ...nothing, failed: unhandledErrors.length })),
      );
    },
  };
}

/** A file that could not even be loaded, or whose hooks failed, has no failed test: it counts as one. */
function tallyModule(module: TestModule): Tally {
  const tally = [...module.children.allTests()].map(tallyTest).reduce(add, nothing);
  return module.state() === "failed" && tally.failed === 0 ? add(tally, oneFailed) : tally;
}

function tallyTest(test: TestCase): Tally {
  const result = test.result();
  if (result.state === "passed") return onePassed;
  if (result.state === "failed") return oneFailed;
  const note = result.state === "skipped" ? result.note : undefined;
  const what = `${path.relative(projectRoot, test.module.moduleId)}: ${test.fullName}`;
  return { ...nothing, skipped: [{ what, why: note ?? `marked ${test.options.mode} in the file` }] };
}

const [file] = process.argv.slice(2);
if (!file) throw new Error("Give the file that the tally goes to.");
const vitest = await startVitest([], { watch: false, run: true, reporters: ["default", tallyReporter(file)] });
await vitest.close();
