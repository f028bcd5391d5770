// Build a phone's view. Pure.
//
// It is based on the server's message, which is the same for all phones; this phone's state (its ticket,
// its vote, a request under way or failed) only adds to it. `rounds.ts` has what differs between kinds of
// rounds.
import type { Mode, Play } from '../lib/types';
import { bet, free, queue, raffle, vote } from './rounds';
import { NO_ANSWER, WAIT } from './texts';
import { closing, isOver, NOTHING, plain, type Own, type Seen, type View } from './view-model';

const MODES: Readonly<Record<Mode, (seen: Seen) => View>> = { vote, raffle, queue, bet, free };

export function view(play: Play | null, own: Own, now: number, connected = true): View {
  if (own.needsCode)
    return plain('code', 'Join', 'Enter the code shown on the big screen.', 'phone');
  if (play === null)
    return plain(
      'connecting',
      'One moment',
      own.slow ? NO_ANSWER : 'Looking for the server…',
      'dots',
    );
  const round = play.round;
  if (round === null || round.state === 'cancelled') {
    const others = play.phones - 1;
    const company = others > 0 ? ` You and ${others} more are here.` : '';
    const before = round === null ? '' : `${round.says} `;
    return plain(
      'waiting',
      'You’re in',
      `${before}Wait for the presenter to open the next round.${company}`,
      'phone',
    );
  }
  if (own.sending && (!connected || play.table_lost_at !== null)) {
    const { big, text } = own.sending.kept;
    return { ...plain('sending', big, text, 'dots'), under: 'waiting for the connection' };
  }
  if (own.sending)
    return own.slow
      ? { ...plain('sending', 'Sent', WAIT, 'dots'), under: 'waiting for the answer' }
      : plain('sending', 'Sending', own.sending.text, 'dots');
  const about = own.round === round.id ? own : { ...NOTHING, choice: own.choice, typed: own.typed };
  const seen: Seen = { play, round, own: about, now };
  const shown = MODES[round.mode](seen);
  const clock = shown.clock || (isOver(seen) ? '' : closing(seen));
  const away = round.away ? ' Waiting for the presenter.' : '';
  return { ...shown, clock, text: shown.text + away };
}
