// The stage's keys: they send requests to the server, so that every page follows. A clicker's PageUp and
// PageDown change the scene; its F5 and Esc are left to the browser.
import type { Show } from '../lib/types';

export type Change =
  { blank: boolean } | { light: boolean } | { scene: Show['scene'] } | { turn: 1 | -1 };

export function changeFor(key: string, show: Show | undefined): Change | null {
  // Caps Lock and Shift do not change the meaning of a letter.
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case 'b':
    case '.':
      return { blank: !show?.blank };
    case 'l':
      return { light: !show?.light };
    case 'q':
      return { scene: show?.scene === 'qr' ? 'board' : 'qr' };
    case 'PageDown':
      return { turn: 1 };
    case 'PageUp':
      return { turn: -1 };
    default:
      return null;
  }
}
