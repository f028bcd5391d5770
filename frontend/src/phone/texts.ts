// What a phone says about its requests and its connection, apart from what the server says.
import type { Mode } from '../lib/types';

/** A request under way, in words. */
export interface Sending {
  /** While the answer is awaited. */
  text: string;
  /** While the connection is lost: the word on the large button, and the sentence below it. */
  kept: { big: string; text: string };
}

const BACK = 'as soon as the connection is back.';

export const sendingVote = (machine: string): Sending => ({
  text: `Sending your vote for ${machine}.`,
  kept: { big: 'Kept', text: `Your vote for ${machine} is kept and sent ${BACK}` },
});

export const sendingGuess = (seconds: number): Sending => ({
  text: `Sending your guess of ${seconds} s.`,
  kept: { big: 'Kept', text: `Your guess of ${seconds} s is kept and sent ${BACK}` },
});

export const ENTERING: Sending = {
  text: 'Taking a ticket.',
  kept: { big: 'Waiting', text: `You get a ticket ${BACK}` },
};

export const LEAVING: Sending = {
  text: 'Giving up your place.',
  kept: { big: 'Waiting', text: `Your place is given up ${BACK}` },
};

/** A press is never sent again: it cuts a machine. */
export const sendingPress = (machine: string): Sending => ({
  text: `Sending your press for ${machine}.`,
  kept: {
    big: 'No answer',
    text: `The connection was lost before your press was confirmed. You will see whether it counted ${BACK}`,
  },
});

/** A press without an answer that the server did not count: what happened, and what to do. */
export const UNCONFIRMED = ['Your press was not confirmed.', 'Press again.'] as const;

/** A code that was typed while there is no connection. */
export const OFFLINE = [
  'There is no connection.',
  'The code is sent as soon as it is back.',
] as const;

export const SEAT_IS_BACK = 'You lost your seat and have it back. Press again.';

/** While many phones send at once. */
export const WAIT = 'Many phones at once take a while. Do not press again.';

/** While the server does not answer a phone that has just opened the page. */
export const NO_ANSWER = 'No answer yet. Stay here: it resumes by itself.';

/** On an edge without a link to the table's server: what is kept for this phone, which entered a round
 *  of this kind, if it entered one; else whether the person can do something already, or is. */
export function tableLost(entered: Mode | null, canAct: boolean, sending: boolean): string {
  const lost = 'The link to the table is down';
  if (sending) return `${lost}.`;
  if (entered !== null) return `${lost}; your ${HAS[entered]} is kept.`;
  if (canAct) return `${lost}. What you do now is kept and counted when it is back.`;
  return `${lost}. Stay here: it resumes by itself.`;
}

const HAS: Readonly<Record<Mode, string>> = {
  vote: 'vote',
  raffle: 'ticket',
  queue: 'place',
  bet: 'guess',
  free: 'ticket',
};

/** While the connection is lost: what the server keeps for this phone, which entered a round of this
 *  kind, if it entered one; else whether the person can do something already. */
export function reconnecting(entered: Mode | null, canAct: boolean): string {
  if (entered !== null) return `Reconnecting. Your ${HAS[entered]} is kept.`;
  if (canAct) return `Reconnecting. What you do now is sent ${BACK}`;
  return 'Reconnecting. Stay here: it resumes by itself.';
}
