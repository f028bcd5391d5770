import { afterEach, expect, it, vi } from 'vitest';
import { Desk } from './commands.svelte';

afterEach(() => vi.unstubAllGlobals());

it('two keys for the stage both count, although the first is not answered yet', () => {
  const asked: unknown[] = [];
  vi.stubGlobal('fetch', (_: string, request: { body: string }) => {
    asked.push(JSON.parse(request.body));
    return new Promise(() => {});
  });
  const desk = new Desk();
  desk.blank();
  desk.theme();
  desk.theme();
  expect(asked).toEqual([{ blank: true }, { light: true }]);
});
