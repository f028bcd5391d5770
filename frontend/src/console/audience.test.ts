import { afterEach, expect, it, vi } from 'vitest';
import { round, turn } from '../lib/invented-round';
import type { Round } from '../lib/types';
import { Crowd } from './audience.svelte';
import type { Desk } from './commands.svelte';

const said: string[] = [];
const desk = (shown: Round | undefined): Desk =>
  ({
    board: { round: shown },
    say: (kind: string, text: string) => said.push(`${kind}: ${text}`),
  }) as unknown as Desk;

function server(status: number, answer: unknown): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string, { body }: RequestInit) => {
    const path = new URL(url).pathname;
    asked.push(`${path} ${String(body ?? '')}`.trim());
    const headers = { 'Content-Type': 'application/json' };
    return Promise.resolve(new Response(JSON.stringify(answer), { status, headers }));
  });
  return asked;
}
afterEach(() => {
  said.length = 0;
  vi.unstubAllGlobals();
});

it('opens a round with what that kind needs and nothing else', async () => {
  const asked = server(200, round());
  const crowd = new Crowd(desk(undefined));
  const common = { seconds: null, approve: false, machine: 'node2' };
  await crowd.open({ mode: 'vote', ...common });
  await crowd.open({ mode: 'bet', ...common, seconds: 30 });
  await crowd.open({ mode: 'queue', ...common });
  expect(asked).toEqual([
    '/api/round/open {"mode":"vote"}',
    '/api/round/open {"mode":"bet","seconds":30,"machine":"node2"}',
    '/api/round/open {"mode":"queue","approve":false}',
  ]);
});

it('approves the press that is shown, and none that came after it', async () => {
  const asked = server(200, round('queue'));
  const asking = turn(4, { stage: 'asking', machine: 'node2' });
  const crowd = new Crowd(desk(round('queue', { turn: asking })));
  crowd.answer('approve');
  crowd.answer('approve'); // a double press counts once
  await vi.waitFor(() => expect(said).toEqual(['done: node2 lost its power.']));
  expect(asked).toEqual(['/api/round/approve {"ticket":4,"machine":"node2"}']);
});

it('without a press nothing is asked, and it is said', () => {
  const asked = server(200, round());
  new Crowd(desk(round('queue', { turn: turn(4) }))).answer('veto');
  expect(asked).toEqual([]);
  expect(said).toEqual(['refused: No one has asked to cut a machine.']);
});

it('a refusal is said in the words of the server', async () => {
  server(409, { detail: 'The table is safe.', remedy: 'Arm it.' });
  await new Crowd(desk(round())).close();
  expect(said).toEqual(['refused: The table is safe.']);
});
