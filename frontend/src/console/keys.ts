// All keys of the console, in one table: the page handles them and lists them.
//
// A presenter's clicker types PageUp, PageDown and ".", and has one button that types F5 and Esc in
// turn. So neither of these two may do anything to a machine: F5 is ignored, because a reload does
// not help in the middle of a talk, and Esc only closes what is open in front.

export type Action =
  | { does: 'halt' | 'release' | 'arm' | 'next' | 'previous' | 'blank' | 'qr' | 'theme' | 'keys' }
  | { does: 'feed'; feed: 'power' | 'network' }
  | { does: 'cut' | 'restore'; nth: number }
  | { does: 'approve' | 'veto' }
  | { does: 'logs' | 'describe' | 'delete' }
  | { does: 'nothing' };

/** Where a key is pressed. */
export interface Focus {
  /** Whether a text field has the focus: letters are typed into it. */
  typing: boolean;
  /** What details are shown of, if they are. */
  details: 'pod' | 'other' | null;
  /** Whether a dialog in front takes every key. */
  dialog: boolean;
}

export type Press = Pick<
  KeyboardEvent,
  'key' | 'code' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey' | 'repeat'
>;

/** A row of the list that `?` shows. */
export interface Row {
  keys: readonly string[];
  text: string;
  /** Only while details are shown, of anything or of a pod. */
  within?: 'details' | 'pod';
}

export const ROWS: readonly Row[] = [
  { keys: ['H'], text: 'HALT: restore power and network everywhere, and block all cuts' },
  { keys: ['R'], text: 'Release HALT' },
  { keys: ['A'], text: 'Arm or disarm' },
  { keys: ['1', '…', '9'], text: 'Cut that machine, while armed' },
  { keys: ['Shift', '1', '…', '9'], text: 'Restore that machine' },
  { keys: ['P'], text: 'Select power as what to cut' },
  { keys: ['N'], text: 'Select network as what to cut' },
  { keys: ['Y'], text: 'Yes: approve a press from the room' },
  { keys: ['V'], text: 'Veto it' },
  { keys: ['PgDn'], text: 'Next scene on the stage' },
  { keys: ['PgUp'], text: 'Previous scene' },
  { keys: ['Q'], text: 'Show or hide the QR code on the stage' },
  { keys: ['B', '.'], text: 'Blank or unblank the stage' },
  { keys: ['L'], text: 'Switch the bright-room theme on or off' },
  { keys: ['?'], text: 'This list' },
  { keys: ['D'], text: 'Show the description as plain text, or formatted', within: 'details' },
  { keys: ['L'], text: 'Show or hide the log of the pod', within: 'pod' },
  { keys: ['X'], text: 'Delete the pod, after a confirmation', within: 'pod' },
  { keys: ['Esc'], text: 'Close the details, or the dialog in front' },
  { keys: ['F5'], text: 'Ignored: presentation remotes send it by themselves' },
];

const LETTERS: Readonly<Record<string, Action>> = {
  h: { does: 'halt' },
  r: { does: 'release' },
  a: { does: 'arm' },
  p: { does: 'feed', feed: 'power' },
  n: { does: 'feed', feed: 'network' },
  y: { does: 'approve' },
  v: { does: 'veto' },
  b: { does: 'blank' },
  '.': { does: 'blank' },
  q: { does: 'qr' },
  l: { does: 'theme' },
  '?': { does: 'keys' },
  pagedown: { does: 'next' },
  pageup: { does: 'previous' },
};

const IN_DETAILS: Readonly<Record<string, Action>> = { d: { does: 'describe' } };
const ON_POD: Readonly<Record<string, Action>> = {
  ...IN_DETAILS,
  l: { does: 'logs' },
  x: { does: 'delete' },
};

/** The action of a key; null if it is left to the browser. */
export function action(press: Press, focus: Focus): Action | null {
  // Ignored with a modifier too: Ctrl+F5 also reloads.
  if (press.key === 'F5') return { does: 'nothing' };
  if (press.ctrlKey || press.altKey || press.metaKey || focus.typing) return null;
  const found = meaning(press, focus);
  if (found === null) return null;
  // A held key repeats, and still counts as one press.
  if (press.repeat) return { does: 'nothing' };
  if (focus.dialog && found.does !== 'halt') return null;
  return found;
}

function meaning(press: Press, focus: Focus): Action | null {
  // The digit row by position: Shift+1 is "!" on one keyboard and something else on another.
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(press.code)?.[1];
  if (digit && (press.shiftKey || press.key === digit)) {
    return { does: press.shiftKey ? 'restore' : 'cut', nth: Number(digit) };
  }
  const key = press.key.toLowerCase();
  const here = focus.details === 'pod' ? ON_POD : focus.details === 'other' ? IN_DETAILS : {};
  return here[key] ?? LETTERS[key] ?? null;
}
