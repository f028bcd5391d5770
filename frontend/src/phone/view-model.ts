// What a phone can show, and what several kinds of rounds show alike: pure.
import { took } from '../lib/took';
import type { Outcome, Play, Round, Turn } from '../lib/types';

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

/** What the large button does. */
export type Act = 'vote' | 'enter' | 'guess' | 'press';

/** What this phone itself knows. */
export interface Own {
  /** The round that what follows is about. */
  round: string | null;
  ticket: number | null;
  voted: string | null;
  guess: number | null;
  withdrawn: boolean;
  /** The machine that is chosen and not yet voted for or pressed. */
  choice: string | null;
  /** What is typed as a guess. */
  typed: string;
  /** What is being sent; '' if nothing. */
  sending: string;
  /** Since when, by the clock of `performance`, in ms. */
  sentAt: number;
  /** It was sent a while ago, and is not answered yet. */
  slow: boolean;
  /** The server wants the code on the stage. */
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
  sending: '',
  sentAt: 0,
  slow: false,
  needsCode: false,
};

export interface View {
  name: Name;
  /** The word on the large button. */
  big: string;
  /** The big word is a number, and this its unit; null if it is a word. */
  unit: string | null;
  /** The same in small, under the word. */
  under: string;
  /** The sentence below; nothing in it counts, so that a screen reader may read every one. */
  text: string;
  /** The seconds that are left, as text to see only; '' if nothing ends by itself. */
  clock: string;
  icon: 'check' | 'bolt' | 'nonetwork' | 'lock' | 'up' | 'dots' | 'phone' | 'hand';
  /** It is this phone's machine, or turn. */
  mine: boolean;
  act: Act | null;
  /** It can be pressed now: everything that it needs was chosen. */
  ready: boolean;
  /** What giving up one's place is called; '' if there is none to give up. */
  leave: string;
}

/** A round, as one phone sees it. */
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

/** Whether it takes nothing any more, though the server may not have said so yet. */
export const isOver = ({ round, now }: Seen): boolean =>
  round.state !== 'open' || (round.closes !== null && now >= round.closes);

/** "Closes in 12 s.", if it closes by itself. */
export const closing = ({ play, round, now }: Seen): string =>
  round.closes === null ? '' : `Closes in ${left(play, round.closes, now)} s.`;

/** Seconds of people until a moment: in a fast demo the server's are shorter. */
export const left = (play: Play, moment: number, now: number): number =>
  Math.max(0, Math.ceil((moment - now) / play.speed));

/** The button over a machine: what it takes, once one is chosen that can be. */
export function button(seen: Seen, name: Name, act: Act, text: string): View {
  const { round, own } = seen;
  const choice = own.choice !== null && !(own.choice in round.barred) ? own.choice : null;
  const power = round.feed === 'power';
  return {
    ...plain(
      name,
      choice ? (power ? 'PULL\nTHE PLUG' : 'CUT THE\nNETWORK') : 'Choose',
      text,
      choice ? (power ? 'bolt' : 'nonetwork') : 'up',
    ),
    under: choice ? `of ${choice}` : 'a machine',
    act,
    ready: choice !== null,
  };
}

/** The turn in which a machine was cut last. */
export const deed = (round: Round): Turn | undefined =>
  [...round.past, ...(round.turn ? [round.turn] : [])]
    .filter((turn) => turn.outage !== null)
    .at(-1);

/** What stands on the button when there is no number to show. */
const ENDINGS: Readonly<Record<Outcome, string>> = {
  recovered: 'Recovered',
  unnoticed: 'Unnoticed',
  incomplete: 'Incomplete',
  aborted: 'No time',
};

/** How far the outage is, in a sentence of the server's. */
export const story = ({ play, round }: Seen): string => play.outage?.text || round.says;

/** A machine was cut: what became of it. */
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
        `${act} — recovered in ${time} s.${ranked(outage.rank, outage.runs)}`,
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
    under: mine ? `${chosen} has no ${round.feed}` : 'was chosen',
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
