import { describe, expect, it } from 'vitest';
import { action, ROWS, type Focus, type Press } from './keys';

const FREE: Focus = { typing: false, details: null, dialog: false };
const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  code: '',
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  ...more,
});

describe('every key of the list does what the list says', () => {
  it.each([
    ['h', { does: 'halt' }],
    ['H', { does: 'halt' }],
    ['r', { does: 'release' }],
    ['a', { does: 'arm' }],
    ['p', { does: 'feed', feed: 'power' }],
    ['n', { does: 'feed', feed: 'network' }],
    ['PageDown', { does: 'next' }],
    ['PageUp', { does: 'previous' }],
    ['q', { does: 'qr' }],
    ['b', { does: 'blank' }],
    ['.', { does: 'blank' }],
    ['l', { does: 'theme' }],
    ['?', { does: 'keys' }],
    ['F5', { does: 'nothing' }],
  ])('%s', (key, expected) => {
    expect(action(press(key), FREE)).toEqual(expected);
  });

  it('shows every letter that acts', () => {
    const shown = ROWS.flatMap((row) => row.keys.map((key) => key.toLowerCase()));
    for (const letter of ['h', 'r', 'a', 'p', 'n', 'b', '.', 'q', 'l', '?', 'd', 'x', 'f5', 'esc'])
      expect(shown).toContain(letter);
  });
});

describe('digits', () => {
  it('cut, and with Shift restore, whatever Shift makes of them on this keyboard', () => {
    expect(action(press('3', { code: 'Digit3' }), FREE)).toEqual({ does: 'cut', nth: 3 });
    expect(action(press('3', { code: 'Numpad3' }), FREE)).toEqual({ does: 'cut', nth: 3 });
    for (const key of ['#', '§', '3'])
      expect(action(press(key, { code: 'Digit3', shiftKey: true }), FREE)).toEqual({
        does: 'restore',
        nth: 3,
      });
  });

  it('do not cut where the row types something else', () => {
    expect(action(press('é', { code: 'Digit2' }), FREE)).toBeNull();
  });

  it('do nothing at 0', () => {
    expect(action(press('0', { code: 'Digit0' }), FREE)).toBeNull();
  });
});

describe('what a clicker types', () => {
  it('never acts on a machine with F5 and Esc', () => {
    for (const focus of [FREE, { ...FREE, details: 'pod' as const }, { ...FREE, dialog: true }]) {
      expect(action(press('F5'), focus)).toEqual({ does: 'nothing' });
      expect(action(press('Escape'), focus)).toBeNull();
    }
  });

  it('swallows a reload with modifiers too', () => {
    expect(action(press('F5', { ctrlKey: true }), FREE)).toEqual({ does: 'nothing' });
  });
});

describe('keys are left alone', () => {
  it('while typing in a field', () => {
    expect(action(press('h'), { ...FREE, typing: true })).toBeNull();
    expect(action(press('1', { code: 'Digit1' }), { ...FREE, typing: true })).toBeNull();
  });

  it.each(['ctrlKey', 'altKey', 'metaKey'] as const)('with %s held', (modifier) => {
    expect(action(press('h', { [modifier]: true }), FREE)).toBeNull();
  });

  it('when held down: one press is one cut', () => {
    expect(action(press('3', { code: 'Digit3', repeat: true }), FREE)).toEqual({ does: 'nothing' });
  });

  it('while a dialog is in front, but for HALT', () => {
    const dialog = { ...FREE, dialog: true };
    expect(action(press('1', { code: 'Digit1' }), dialog)).toBeNull();
    expect(action(press('a'), dialog)).toBeNull();
    expect(action(press('h'), dialog)).toEqual({ does: 'halt' });
  });
});

describe('keys of the details', () => {
  it('are there only while it is open', () => {
    expect(action(press('d'), FREE)).toBeNull();
    expect(action(press('x'), FREE)).toBeNull();
    expect(action(press('d'), { ...FREE, details: 'other' })).toEqual({ does: 'describe' });
    expect(action(press('x'), { ...FREE, details: 'other' })).toBeNull();
    expect(action(press('x'), { ...FREE, details: 'pod' })).toEqual({ does: 'delete' });
  });

  it('L is the log of a pod, else the theme', () => {
    expect(action(press('l'), { ...FREE, details: 'pod' })).toEqual({ does: 'logs' });
    expect(action(press('l'), { ...FREE, details: 'other' })).toEqual({ does: 'theme' });
  });
});
