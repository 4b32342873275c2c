import { tmpdir } from 'node:os';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { z } from 'zod';
import { PROTOCOL_VERSION } from '../hub/protocol/messages.ts';
import { machines } from '../machines/machines.ts';

/** The forms of the creation dialogs. Written into the bundle, so that it carries neither the machines nor zod. */
const inputs = Object.fromEntries(machines.map(({ type, input }) => [type, z.toJSONSchema(input, { io: 'input' })]));

/**
 * The HQ console, and the page of the inspector beside it. The hub serves them under `/hq/` and `/inspect/` with a policy that allows
 * nothing inline and nothing from elsewhere.
 */
export default defineConfig({
  root: join(import.meta.dirname, 'hq'),
  base: '/hq/',
  cacheDir: join(tmpdir(), 'green-lines-hub-vite'), // node_modules may be read-only
  define: { MACHINE_INPUTS: JSON.stringify(inputs), PROTOCOL: PROTOCOL_VERSION },
  plugins: [react()],
  build: {
    assetsInlineLimit: 0, // a data: URI is refused by the content policy
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [join(import.meta.dirname, 'hq', 'index.html'), join(import.meta.dirname, 'hq', 'inspect.html')] },
    target: 'es2023',
    chunkSizeWarningLimit: 1_000,
    reportCompressedSize: false,
  },
});
