// A phone's view of each kind of round. Pure.
import type { Bet, Turn } from '../lib/types';
import {
  afterwards,
  button,
  deed,
  isOver,
  left,
  plain,
  story,
  tenths,
  type Seen,
  type View,
} from './view-model';

const isNumber = (typed: string): boolean => {
  const seconds = Number(typed.replace(',', '.'));
  return typed.trim() !== '' && seconds > 0 && seconds < 10000;
};

export function vote(seen: Seen): View {
  const { round, own } = seen;
  if (round.chosen !== null) return afterwards(seen, own.voted === round.chosen);
  if (isOver(seen)) {
    const what = own.voted ? `You chose ${own.voted}.` : 'You did not vote this time.';
    return plain('closed', 'Closed', `${what} ${round.says}`, 'lock');
  }
  if (own.voted)
    return { ...plain('sent', 'Voted', round.says, 'check'), under: `for ${own.voted}` };
  return button(seen, 'open', 'vote', round.says);
}

export function raffle(seen: Seen): View {
  const { round, own } = seen;
  const called = turn(seen);
  if (called) return called;
  if (round.chosen !== null) return afterwards(seen, deed(round)?.ticket === own.ticket);
  const over = isOver(seen);
  if (own.ticket === null && !over) return enter('I’M IN', 'for the button', round.says);
  if (own.ticket === null)
    return plain('closed', 'Closed', `You are not in this round. ${round.says}`, 'lock');
  const had = ended(seen);
  if (had) return had;
  if (own.withdrawn)
    return plain('closed', 'Not in it', `You gave up your place. ${round.says}`, 'lock');
  const shown = { ...number(own.ticket, '', 'is your ticket'), mine: false };
  if (over) {
    const other = round.turn ? ` Yours is ${own.ticket}.` : '';
    return { ...shown, name: 'closed', text: round.says + other };
  }
  return { ...shown, text: round.says, leave: 'Give up my ticket' };
}

export function queue(seen: Seen): View {
  const { round, own } = seen;
  const called = turn(seen);
  if (called) return called;
  const over = isOver(seen);
  if (own.ticket === null && !over) return enter('LINE UP', 'for the button', round.says);
  if (own.ticket === null)
    return plain('closed', 'Closed', `You did not line up. ${round.says}`, 'lock');
  if (own.ticket > round.called && !own.withdrawn && round.state !== 'over') {
    const before = ahead(seen, own.ticket);
    const shown =
      before === 0
        ? { ...plain('sent', 'NEXT', '', 'up'), under: `ticket ${own.ticket}` }
        : number(before, '', before === 1 ? 'person ahead of you' : 'people ahead of you');
    return { ...shown, text: round.says, leave: 'Give up my place' };
  }
  const had = ended(seen);
  if (had) return had;
  if (own.withdrawn)
    return plain('closed', 'Not in it', `You gave up your place. ${round.says}`, 'lock');
  if (round.outage !== null && deed(round)?.ticket === own.ticket) return afterwards(seen, true);
  return plain('closed', 'Done', `You have had your turn. ${round.says}`, 'check');
}

export function bet(seen: Seen): View {
  const { round, own } = seen;
  const machine = round.machine ?? '';
  if (round.state === 'revealed') return revealed(seen);
  const guessed = own.guess === null ? null : number(tenths(own.guess), 's', 'is your guess');
  if (round.state === 'executed') {
    const text = story(seen);
    const shown = guessed ?? { ...plain('doing', machine, '', 'bolt'), under: 'was cut' };
    return { ...shown, name: 'doing', text };
  }
  if (isOver(seen))
    return guessed
      ? { ...guessed, name: 'closed', text: round.says }
      : plain('closed', 'Closed', `You did not guess. ${round.says}`, 'lock');
  const text = round.says;
  if (guessed) return { ...guessed, text };
  const ready = isNumber(own.typed);
  return {
    ...plain('open', ready ? 'BET' : 'Guess', text, ready ? 'check' : 'up'),
    under: ready ? `${own.typed.trim()} s` : 'the seconds',
    act: 'guess',
    ready,
  };
}

export function free(seen: Seen): View {
  const { round, own } = seen;
  const called = turn(seen);
  if (called) return called;
  if (isOver(seen)) return plain('closed', 'Closed', round.says, 'lock');
  const last = deed(round);
  const mine = last !== undefined && last.ticket === own.ticket && last.machine !== null;
  const text = mine ? `You did it: ${last.machine} lost its ${round.feed}.` : round.says;
  return button(seen, 'open', 'press', text);
}

/** The view of the person with the button; null if it is not their turn. */
function turn(seen: Seen): View | null {
  const { round, own, now } = seen;
  const turn = round.turn;
  if (turn === null || turn.ticket === 0 || turn.ticket !== own.ticket) return null;
  switch (turn.stage) {
    case 'choosing': {
      const clock = turn.until === null ? '' : `${left(seen.play, turn.until, now)} s left.`;
      const text = 'You have the button! Choose a machine and press.';
      return { ...button(seen, 'turn', 'press', text), clock, mine: true, leave: 'Pass it on' };
    }
    case 'asking':
      return {
        ...plain('sending', 'Pressed', 'The presenter decides.', 'dots'),
        under: turn.machine ?? '',
        mine: true,
      };
    case 'cutting':
      return { ...plain('sending', 'Now', `${turn.machine} is being cut.`, 'bolt'), mine: true };
    default:
      return afterwards(seen, true);
  }
}

const ENDED: Readonly<Partial<Record<Turn['stage'], readonly [string, string]>>> = {
  vetoed: ['No', 'The presenter said no this time.'],
  refused: ['Refused', ''],
  unanswered: ['Too late', 'The presenter did not answer in time.'],
  late: ['Too late', 'You did not press in time.'],
  absent: ['Too late', 'Your phone did not answer in time.'],
  left: ['Passed on', 'You gave the button back.'],
  skipped: ['Passed on', 'The presenter skipped you.'],
  aborted: ['Cut off', 'The server stopped in the meantime.'],
};

/** How this phone's turn ended, if it did so without a cut. */
function ended({ round, own }: Seen): View | null {
  const had = round.past.filter((one) => one.ticket === own.ticket).at(-1);
  const words = had && ENDED[had.stage];
  if (!words) return null;
  const since = round.past.at(-1) === had && !round.turn ? '' : ` ${round.says}`;
  return plain('closed', words[0], (words[1] || had.why) + since, 'lock');
}

/** How many tickets are served before one, including the one that has the button. */
function ahead({ round }: Seen, ticket: number): number {
  const gone = round.gone.filter((one) => one < ticket).length;
  return ticket - round.called - 1 - gone + (round.turn ? 1 : 0);
}

function revealed(seen: Seen): View {
  const { round, own } = seen;
  const guess = own.guess;
  const seconds = round.seconds;
  if (seconds === null) return plain('result', 'No time', round.says, 'dots');
  const first = round.bet?.best[0];
  const won = first !== undefined && first.ticket === own.ticket;
  const off = guess === null ? null : Math.abs(guess - Number(tenths(seconds)));
  const place =
    off === null ? '' : ` You were ${tenths(off)} s off: ${rank(off, round.bet, round.entered)}.`;
  return {
    ...number(tenths(seconds), 's', guess === null ? 'it took' : `you said ${tenths(guess)} s`),
    name: 'result',
    text: (won ? 'YOU WIN. ' : '') + round.says + place,
    mine: won,
  };
}

/** The rank of a guess's error, or the share of the others that it beats. */
export function rank(off: number, bet: Bet | null, entered: number): string {
  const offs = bet?.offs ?? [];
  const closer = offs.filter((one) => one < off - 0.05).length;
  if (offs.length === entered) return `number ${closer + 1} of ${entered}`;
  return `closer than ${Math.round(100 * (1 - closer / offs.length))} % of ${entered}`;
}

function enter(big: string, under: string, text: string): View {
  return { ...plain('open', big, text, 'hand'), under, act: 'enter', ready: true };
}

function number(value: number | string, unit: string, under: string): View {
  return { ...plain('sent', String(value), '', 'check'), unit, under };
}
