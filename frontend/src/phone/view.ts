// What a phone shows, from all that it knows: pure.
//
//   waiting ─► open ─► sending ─► sent ─► doing ─► result
//                 └────────────────────► closed ──► doing ─► result
//
// The server's message decides; what this phone did (its vote, a request under way, one that failed)
// only adds to it.
import type { Play } from '../lib/types';

export type Name =
  'connecting' | 'waiting' | 'open' | 'sending' | 'sent' | 'closed' | 'doing' | 'result';

/** What this phone itself knows. */
export interface Own {
  /** The round that the vote below was for. */
  round: string | null;
  voted: string | null;
  /** The machine that is chosen and not yet voted for. */
  choice: string | null;
  sending: boolean;
  /** What the server answered to a vote that it did not take. */
  trouble: string;
}

export interface View {
  name: Name;
  /** The word on the large button. */
  big: string;
  /** The same in small, under the word. */
  under: string;
  /** The sentence below. */
  text: string;
  icon: 'check' | 'bolt' | 'nonetwork' | 'lock' | 'up' | 'dots' | 'phone';
  /** It was this phone's machine that was chosen. */
  mine: boolean;
}

export const tenths = (seconds: number): string => seconds.toFixed(1);
const votes = (number: number): string => `${number} ${number === 1 ? 'vote' : 'votes'}`;

/** The vote of this phone in the round that is shown. */
export function votedIn(play: Play | null, own: Own): string | null {
  return play?.round && own.round === play.round.id ? own.voted : null;
}

export function view(play: Play | null, own: Own, now: number): View {
  if (play === null) return plain('connecting', 'One moment', 'Looking for the server…', 'dots');
  const round = play.round;
  if (round === null) {
    const others = play.phones - 1;
    const company = others > 0 ? ` You and ${others} more are here.` : '';
    return plain('waiting', 'You’re in', `The presenter opens the next round.${company}`, 'phone');
  }
  const voted = votedIn(play, own);
  if (round.chosen !== null) return afterwards(play, round.chosen, voted);
  const over = round.state !== 'open' || (round.closes !== null && now >= round.closes);
  if (over) {
    const what = voted ? `You chose ${voted}. ` : 'You did not vote this time. ';
    return plain('closed', 'Closed', `${what}${standings(play)} The presenter decides.`, 'lock');
  }
  const closes = round.closes === null ? '' : ` Closes in ${Math.ceil(round.closes - now)} s.`;
  if (voted)
    return {
      ...plain('sent', 'Vote in', `${standings(play, voted)}${closes}`, 'check'),
      under: voted,
    };
  if (own.sending) {
    const text = `Sending your vote for ${own.choice}.`;
    return { ...plain('sending', 'Sending', text, 'dots'), under: own.choice ?? '' };
  }
  const choice = own.choice !== null && play.up.includes(own.choice) ? own.choice : null;
  return {
    ...plain(
      'open',
      choice ? (play.feed === 'power' ? 'PULL\nTHE PLUG' : 'CUT THE\nNETWORK') : 'Choose',
      `${standings(play)}${closes}`,
      choice ? (play.feed === 'power' ? 'bolt' : 'nonetwork') : 'up',
    ),
    under: choice ? `of ${choice}` : 'a machine above',
  };
}

function plain(name: Name, big: string, text: string, icon: View['icon']): View {
  return { name, big, under: '', text, icon, mine: false };
}

/** Who leads, as seen by somebody who voted for `mine`, or for nothing yet. */
export function standings(play: Play, mine: string | null = null): string {
  const round = play.round;
  const [first, ...others] = round?.leaders ?? [];
  if (!round || first === undefined) return 'Nobody has voted yet.';
  const most = round.tally[first] ?? 0;
  if (others.length > 0) return `A tie at ${votes(most)}: ${[first, ...others].join(', ')}.`;
  const lead = `${first} leads with ${most} of ${votes(round.ballots)}.`;
  return mine && mine !== first ? `${lead} Yours has ${round.tally[mine] ?? 0}.` : lead;
}

/** How the phases are called in a hall. */
const PHASES: Readonly<Record<string, string>> = {
  detect: 'Kubernetes has not noticed yet.',
  evict: 'Kubernetes has noticed. It waits a little before it gives up the pods.',
  reschedule: 'Its pods are looking for another machine.',
  ready: 'The new pods are starting.',
};

function afterwards(play: Play, chosen: string, voted: string | null): View {
  const mine = voted === chosen;
  const outage = play.outage;
  const what = (outage?.feed ?? play.feed) === 'network' ? 'network' : 'power';
  const icon = what === 'power' ? 'bolt' : 'nonetwork';
  const deed = mine ? `You killed ${chosen}` : `${chosen} was killed`;
  if (outage && outage.recovery_seconds !== null)
    return {
      name: 'result',
      big: tenths(outage.recovery_seconds),
      under: mine ? `your ${chosen}` : chosen,
      text: `${deed} — recovered in ${tenths(outage.recovery_seconds)} s.${ranked(outage.rank, outage.runs)}`,
      icon,
      mine,
    };
  if (outage?.outcome)
    return {
      name: 'result',
      big: ENDINGS[outage.outcome]?.[0] ?? outage.outcome,
      under: mine ? `your ${chosen}` : chosen,
      text: `${deed}. ${ENDINGS[outage.outcome]?.[1] ?? outage.text}`,
      icon,
      mine,
    };
  const how = PHASES[outage?.phase ?? ''] ?? outage?.text ?? '';
  return {
    name: 'doing',
    big: mine ? 'YOU\nDID IT' : chosen,
    under: mine ? `${chosen} has no ${what}` : 'was chosen',
    text: `${chosen} has lost its ${what}. ${how}`.trim(),
    icon,
    mine,
  };
}

const ENDINGS: Readonly<Record<string, readonly [string, string]>> = {
  unnoticed: ['Unnoticed', 'It was back before Kubernetes noticed.'],
  incomplete: ['Incomplete', 'Not every pod found another machine.'],
  aborted: ['No time', 'It could not be measured to its end.'],
};

/** "Fastest of 11." */
function ranked(rank: number | null, runs: number): string {
  if (rank === null) return '';
  if (runs < 2) return ' The first one so far.';
  if (rank === 1) return ` Fastest of ${runs}.`;
  if (rank === runs) return ` Slowest of ${runs}.`;
  return ` Number ${rank} of ${runs}.`;
}
