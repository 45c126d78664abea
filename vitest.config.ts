import { defineConfig } from "vitest/config";

// "app" tests use a real PostgreSQL and Redis (app/testing/global-setup.ts starts them);
// "platform" tests are those of the stacks and scripts and need neither.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "app",
          include: ["app/**/*.test.ts"],
          globalSetup: ["app/testing/global-setup.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "stacks",
          include: ["stacks/**/*.test.ts", "regions/**/*.test.ts", "dashboards/**/*.test.ts", "scripts/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
    ],
    maxWorkers: 2,
  },
});
