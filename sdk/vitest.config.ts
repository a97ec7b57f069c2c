import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["tests/unit/**/*.test.ts"],
          typecheck: {
            enabled: true,
            only: false,
            include: ["tests/types/**/*.test-d.ts"],
            tsconfig: "./tsconfig.json",
          },
        },
      },
      {
        // Against the real local network: PROOFMILL_BIN_DIR names the folder of its binaries.
        test: {
          name: "localnet",
          include: ["tests/localnet/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
