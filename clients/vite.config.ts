import { tmpdir } from 'node:os';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The HQ console. The hub serves it under `/hq/` with a policy that allows nothing inline and nothing from elsewhere. */
export default defineConfig({
  root: join(import.meta.dirname, 'hq'),
  base: '/hq/',
  cacheDir: join(tmpdir(), 'green-lines-hub-vite'), // node_modules may be read-only
  plugins: [react()],
  build: {
    assetsInlineLimit: 0, // a data: URI is refused by the content policy
    modulePreload: { polyfill: false },
    target: 'es2023',
    chunkSizeWarningLimit: 1_000,
    reportCompressedSize: false,
  },
});
