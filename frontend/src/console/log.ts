// The log, newest first: the stories of the outages, and the console's messages.
import type { Outage } from '../lib/types';

export interface Entry {
  id: string;
  at: number;
  text: string;
  remedy: string;
  kind: 'story' | 'done' | 'refused';
}

const LONGEST = 60;

export function entries(outages: readonly Outage[], said: readonly Entry[]): Entry[] {
  const stories = outages.flatMap((outage) =>
    outage.story.map((line): Entry => ({
      id: `${outage.id} ${line.about}`,
      at: outage.t0 + line.at,
      text: line.text,
      remedy: '',
      kind: 'story',
    })),
  );
  // Reversed first: of lines with the same moment, the later one comes first too.
  return [...stories, ...said]
    .reverse()
    .sort((a, b) => b.at - a.at)
    .slice(0, LONGEST);
}
