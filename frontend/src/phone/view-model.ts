// The model of a phone's view, and parts that several kinds of rounds share. Pure.
import { took } from '../lib/took';
import type { Outcome, Play, Round, Turn } from '../lib/types';
import type { Sending } from './texts';

export type Name =
  | 'connecting'
  | 'code'
  | 'waiting'
  | 'open'
  | 'turn'
  | 'sending'
  | 'sent'
  | 'closed'
  | 'doing'
  | 'result';

/** The action of the large button. */
export type Act = 'vote' | 'enter' | 'guess' | 'press';

/** The state of this phone itself. */
export interface Own {
  /** The round that these fields are about. */
  round: string | null;
  ticket: number | null;
  voted: string | null;
  guess: number | null;
  withdrawn: boolean;
  /** The selected machine, before a vote or press. */
  choice: string | null;
  /** The text typed as a guess. */
  typed: string;
  /** The request under way, in words; null if none. */
  sending: Sending | null;
  /** When it was sent, by `performance`, in ms. */
  sentAt: number;
  /** Whether the answer is taking long. */
  slow: boolean;
  /** Whether the server requires the code on the stage. */
  needsCode: boolean;
}

export const NOTHING: Own = {
  round: null,
  ticket: null,
  voted: null,
  guess: null,
  withdrawn: false,
  choice: null,
  typed: '',
  sending: null,
  sentAt: 0,
  slow: false,
  needsCode: false,
};

export interface View {
  name: Name;
  /** The word on the large button. */
  big: string;
  /** The unit of the big text if it is a number; null if it is a word. */
  unit: string | null;
  /** Small text under the word. */
  under: string;
  /** The sentence below; it has no countdown, so that a screen reader may read every change. */
  text: string;
  /** The remaining seconds, not for screen readers; '' if nothing ends automatically. */
  clock: string;
  icon: 'check' | 'bolt' | 'nonetwork' | 'lock' | 'up' | 'dots' | 'phone' | 'hand';
  /** Whether it is this phone's machine or turn. */
  mine: boolean;
  act: Act | null;
  /** Whether it can be pressed now: everything it needs is chosen. */
  ready: boolean;
  /** The label for giving up one's place; '' if there is none. */
  leave: string;
}

/** A round from one phone's perspective. */
export interface Seen {
  play: Play;
  round: Round;
  own: Own;
  now: number;
}

export const tenths = (seconds: number): string => seconds.toFixed(1);

export function plain(name: Name, big: string, text: string, icon: View['icon']): View {
  return {
    name,
    big,
    unit: null,
    under: '',
    text,
    clock: '',
    icon,
    mine: false,
    act: null,
    ready: false,
    leave: '',
  };
}

/** Whether the round is closed, even if the server has not sent that yet. */
export const isOver = ({ round, now }: Seen): boolean =>
  round.state !== 'open' || (round.closes !== null && now >= round.closes);

/** "Closes in 12 s.", if it closes automatically. */
export const closing = ({ play, round, now }: Seen): string =>
  round.closes === null ? '' : `Closes in ${left(play, round.closes, now)} s.`;

/** Real seconds until a time of the server's clock, which runs faster in a fast demo. */
export const left = (play: Play, moment: number, now: number): number =>
  Math.max(0, Math.ceil((moment - now) / play.speed));

/** The button to vote for a machine or to cut it; it is ready once one that can be cut is chosen. */
export function button(seen: Seen, name: Name, act: Act, text: string): View {
  const { round, own } = seen;
  const choice = own.choice !== null && !(own.choice in round.barred) ? own.choice : null;
  if (choice === null)
    return { ...plain(name, 'Choose', text, 'up'), under: 'a machine', act, ready: false };
  // A vote cuts nothing yet, so its button does not claim to.
  const shown =
    act === 'vote'
      ? { ...plain(name, 'VOTE', text, 'check'), under: `for ${choice}` }
      : round.feed === 'power'
        ? { ...plain(name, 'PULL\nTHE PLUG', text, 'bolt'), under: `of ${choice}` }
        : { ...plain(name, 'CUT THE\nNETWORK', text, 'nonetwork'), under: `of ${choice}` };
  return { ...shown, act, ready: true };
}

/** The turn in which a machine was cut last. */
export const deed = (round: Round): Turn | undefined =>
  [...round.past, ...(round.turn ? [round.turn] : [])]
    .filter((turn) => turn.outage !== null)
    .at(-1);

/** The button's text when there is no number to show. */
const ENDINGS: Readonly<Record<Outcome, string>> = {
  recovered: 'Recovered',
  unnoticed: 'Unnoticed',
  incomplete: 'Incomplete',
  aborted: 'No time',
};

/** The server's sentence about the outage, or else about the round. */
export const story = ({ play, round }: Seen): string => play.outage?.text || round.says;

/** The view after a machine was cut. */
export function afterwards(seen: Seen, mine: boolean): View {
  const { play, round } = seen;
  const outage = play.outage;
  const chosen = round.chosen ?? '';
  const icon = round.feed === 'power' ? 'bolt' : 'nonetwork';
  const act = mine ? `You killed ${chosen}` : `${chosen} was killed`;
  if (outage && outage.recovery_seconds !== null) {
    const time = took(outage, tenths);
    return {
      ...plain(
        'result',
        time,
        `${act}. It took Kubernetes ${time} s to recover.${ranked(outage.rank, outage.runs)}`,
        icon,
      ),
      unit: 's',
      under: mine ? `your ${chosen}` : chosen,
      mine,
    };
  }
  const ending = outage?.outcome ?? (round.past.at(-1)?.stage === 'aborted' ? 'aborted' : null);
  if (ending) {
    return {
      ...plain('result', ENDINGS[ending], `${act}. ${story(seen)}`, icon),
      under: mine ? `your ${chosen}` : chosen,
      mine,
    };
  }
  return {
    ...plain('doing', mine ? 'YOU\nDID IT' : chosen, story(seen), icon),
    under: mine ? `${chosen} lost its ${round.feed}` : 'was chosen',
    mine,
  };
}

/** "Fastest of 11." */
function ranked(rank: number | null, runs: number): string {
  if (rank === null) return '';
  if (runs < 2) return ' The first one so far.';
  if (rank === 1) return ` Fastest of ${runs}.`;
  if (rank === runs) return ` Slowest of ${runs}.`;
  return ` Number ${rank} of ${runs}.`;
}
