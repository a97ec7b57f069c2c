import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Where the development server sends what belongs to the gateway. */
const gateway = process.env['PROOFMILL_GATEWAY'] ?? 'http://127.0.0.1:8080';
const forwarded = { target: gateway, changeOrigin: true };

/** The text's fonts are asked for with the page and not after its styles: words do not jump when they come. */
const earlyFonts: Plugin = {
  name: 'early-fonts',
  transformIndexHtml: {
    order: 'post',
    handler: (_, { bundle }) =>
      Object.keys(bundle ?? {})
        .filter((file) => /barlow.*\.woff2$/u.test(file))
        .map((file) => ({
          tag: 'link',
          attrs: { rel: 'preload', as: 'font', type: 'font/woff2', href: `/${file}`, crossorigin: '' },
          injectTo: 'head-prepend' as const,
        })),
  },
};

export default defineConfig({
  plugins: [react(), earlyFonts],
  // One copy of kit, whoever asks for it.
  resolve: { dedupe: ['@solana/kit', '@solana/program-client-core', '@noble/hashes', '@noble/curves'] },
  server: { proxy: { '/v1': forwarded, '/rpc': forwarded, '/healthz': forwarded } },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    // One hash per file: the gateway serves them as immutable.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', environment: 'node', include: ['tests/unit/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'faults',
          environment: 'node',
          include: ['tests/faults/**/*.test.ts', 'tests/measure/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'journeys',
          environment: 'node',
          include: ['tests/journeys/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
