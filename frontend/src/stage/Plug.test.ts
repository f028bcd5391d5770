import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import Plug from './Plug.svelte';

const reach = vi.fn();
const still = { feed: 'power', machine: 'node1', stand: 'in', byHand: false } as const;

beforeEach(() => {
  reach.mockReset();
  HTMLElement.prototype.setPointerCapture ??= () => {};
});

afterEach(cleanup);

test('a click pulls it, another one puts it back', async () => {
  const { rerender } = render(Plug, { ...still, reach });
  const plug = screen.getByRole('switch', { name: 'power cable of node1' });
  expect(plug).toBeChecked();
  await userEvent.click(plug);
  expect(reach).toHaveBeenLastCalledWith(false);
  await rerender({ ...still, stand: 'out', byHand: true, reach });
  expect(plug).not.toBeChecked();
  await userEvent.click(plug);
  expect(reach).toHaveBeenLastCalledWith(true);
});

test('Enter does the same', async () => {
  render(Plug, { ...still, reach });
  await userEvent.tab();
  await userEvent.keyboard('{Enter}');
  expect(reach).toHaveBeenCalledExactlyOnceWith(false);
});

test('it can be dragged out, once; a short pull lets it snap back', async () => {
  render(Plug, { ...still, reach });
  const plug = screen.getByRole('switch');
  const drag = async (way: number) => {
    await fireEvent.pointerDown(plug, { clientX: 10, clientY: 10 });
    await fireEvent.pointerMove(plug, { clientX: 10, clientY: 10 + way });
    await fireEvent.pointerUp(plug, { clientX: 10, clientY: 10 + way });
  };
  await drag(60);
  await fireEvent.click(plug);
  expect(reach).toHaveBeenCalledOnce();
});

test('where the machines are real there is nothing to press', () => {
  render(Plug, still);
  expect(screen.queryByRole('switch')).toBeNull();
});
