import { beforeEach, describe, expect, it } from 'vitest';
import { Refused } from '../lib/request';
import type { Ack, Joined, PhoneRefusal } from '../lib/types';
import { Requests, type Press } from './requests';

const YOU: Joined = {
  seat: '0a'.repeat(16),
  tag: '9f2c41',
  name: '',
  round: 'r1',
  ticket: 3,
  voted: 'node2',
  guess: null,
  withdrawn: false,
};
const VOTE = { do: 'vote', round: 'r1', machine: 'node2' } as const;
const PRESS = { do: 'press', round: 'r1', machine: 'node2' } as const;

const ack = (id: number, proof: string | null = null): Ack => ({
  type: 'ack',
  id,
  you: YOU,
  proof,
});
const refused = (id: number | null, more: Partial<PhoneRefusal> = {}): PhoneRefusal => ({
  type: 'refused',
  id,
  status: 409,
  title: 'Round refused',
  detail: 'You voted for node2 in this round.',
  remedy: 'Wait for the next round.',
  rule: null,
  allowed_at: null,
  shown_in_round: false,
  ...more,
});

let sent: { id: number; do: string }[];
let requests: Requests;
const last = () => sent.at(-1)!;
const uncounted = () => false;

/** Connect, and take the seat. */
function sit(isCounted: (press: Press) => boolean = uncounted): void {
  requests.connect();
  void requests.hello({ seat: YOU.seat, proof: 'p' });
  requests.settle(ack(last().id, 'p'));
  requests.resume(YOU, isCounted);
}

const refusal = (request: Promise<unknown>): Promise<Refused> =>
  request.then(
    () => expect.unreachable(),
    (error: unknown) => error as Refused,
  );

beforeEach(() => {
  sent = [];
  requests = new Requests((message) => sent.push(message as (typeof sent)[number]));
});

describe('a hello', () => {
  it('carries the seat, the code and the proof, as far as there are any', async () => {
    requests.connect();
    const hello = requests.hello({ seat: YOU.seat, code: 'KTX4P' });
    expect(sent).toEqual([{ id: 1, do: 'hello', seat: YOU.seat, code: 'KTX4P' }]);
    requests.settle(ack(1, 'p'));
    expect((await hello).proof).toBe('p');
  });

  it('ends with its connection, and without one at once', async () => {
    expect((await refusal(requests.hello({ code: 'KTX4P' }))).status).toBe(0);
    requests.connect();
    const hello = requests.hello({ seat: YOU.seat });
    requests.disconnect();
    expect((await refusal(hello)).status).toBe(0);
    expect(sent).toHaveLength(1);
    requests.settle(ack(1)); // too late: no request has this id any more
  });
});

describe('a request', () => {
  it('is answered by the message with its id', async () => {
    sit();
    const vote = requests.request(VOTE);
    const name = requests.request({ do: 'name', name: 'Ana' });
    const [first, second] = sent.slice(-2);
    requests.settle(ack(second!.id));
    requests.settle(refused(first!.id));
    expect(await name).toEqual(YOU);
    await expect(vote).rejects.toThrow('You voted for node2');
  });

  it('that is refused says all that a refusal by HTTP does', async () => {
    sit();
    const press = requests.request(PRESS);
    requests.settle(
      refused(last().id, { rule: 'cooldown', allowed_at: 160, shown_in_round: true }),
    );
    expect(await refusal(press)).toMatchObject({
      status: 409,
      message: 'You voted for node2 in this round.',
      remedy: 'Wait for the next round.',
      rule: 'cooldown',
      allowedAt: 160,
      shownInRound: true,
    });
  });

  it('waits for the seat, and is sent once', () => {
    requests.connect();
    void requests.request(VOTE);
    expect(sent).toEqual([]);
    sit();
    expect(sent.filter((one) => one.do === 'vote')).toHaveLength(1);
    requests.resume(YOU, uncounted); // a second hello on the same connection, with a code
    expect(sent.filter((one) => one.do === 'vote')).toHaveLength(1);
  });

  it.each([
    VOTE,
    { do: 'guess', round: 'r1', seconds: 12.5 },
    { do: 'enter', round: 'r1' },
    { do: 'leave', round: 'r1' },
    { do: 'here', round: 'r1' },
    { do: 'name', name: 'Ana' },
  ] as const)('without an answer is sent again after the next hello: $do', async (wanted) => {
    sit();
    const request = requests.request(wanted);
    requests.disconnect();
    requests.connect();
    expect(sent.filter((one) => one.do === wanted.do)).toHaveLength(1);
    sit();
    expect(last()).toMatchObject(wanted);
    requests.settle(ack(last().id));
    expect(await request).toEqual(YOU);
    requests.disconnect();
    sit();
    expect(last().do).toBe('hello');
  });

  it('that is made while the connection is lost is kept', () => {
    sit();
    requests.disconnect();
    void requests.request(VOTE);
    expect(last().do).toBe('hello');
    sit();
    expect(last()).toMatchObject(VOTE);
  });

  it('is sent again after every lost connection, until it is answered', () => {
    sit();
    void requests.request(VOTE);
    for (let times = 0; times < 3; times++) {
      requests.disconnect();
      sit();
    }
    expect(sent.filter((one) => one.do === 'vote')).toHaveLength(4);
  });

  it('is not settled by what answers no request', () => {
    sit();
    void requests.request(VOTE);
    requests.settle(refused(null));
    requests.disconnect();
    sit();
    expect(last()).toMatchObject(VOTE);
  });
});

describe('a press', () => {
  const presses = () => sent.filter((one) => one.do === 'press');

  it('is never sent again: the person presses again', async () => {
    sit();
    const press = requests.request(PRESS);
    requests.disconnect();
    sit();
    expect(presses()).toHaveLength(1);
    expect(await refusal(press)).toMatchObject({ status: 0, remedy: 'Press again.' });
  });

  it('that the server counted is done', async () => {
    sit();
    const press = requests.request(PRESS);
    requests.disconnect();
    const looked: Press[] = [];
    sit((one) => looked.push(one) > 0);
    expect(await press).toEqual(YOU);
    expect(looked).toEqual([PRESS]);
    expect(presses()).toHaveLength(1);
  });

  it('without a connection is not sent later', async () => {
    sit();
    requests.disconnect();
    const press = requests.request(PRESS);
    sit();
    expect(presses()).toEqual([]);
    expect((await refusal(press)).status).toBe(0);
  });

  it('on a connection whose hello has no answer yet is sent after it', () => {
    requests.connect();
    void requests.request(PRESS);
    sit();
    expect(presses()).toHaveLength(1);
  });
});
