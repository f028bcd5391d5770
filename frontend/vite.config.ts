import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Three pages, one entry each. They are built into the Python package, which serves them:
// stage.html at /, console.html at /console, phone.html at /play. The phone's is built separately, as one
// small script that shares nothing with the others: every byte is loaded by a hall full of phones.
export default defineConfig(({ mode }) => ({
  base: './', // a proxy may show the pages below a prefix
  plugins: [svelte()],
  build: {
    outDir: here('../chaosmonkey/api/pages'),
    emptyOutDir: mode !== 'phone',
    assetsInlineLimit: 0, // the server's Content-Security-Policy allows nothing inline
    target: 'es2022',
    modulePreload: { polyfill: false },
    rollupOptions: {
      input:
        mode === 'phone'
          ? { phone: here('phone.html') }
          : { stage: here('stage.html'), console: here('console.html') },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/ws', '/kill', '/restore', '/halt', '/arm', '/disarm', '/bench'].map((path) => [
        path,
        { target: 'http://127.0.0.1:8080', ws: path === '/ws' },
      ]),
    ),
  },
}));
