import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import { mount } from 'svelte';
import { Board } from '../lib/board.svelte';
import '../lib/base.css';
import App from './App.svelte';
import { Clock } from './clock.svelte';
import { asked, load, replay } from './replay';
import { Scenery } from './flight-state.svelte';
import './stage.css';
import { Table } from './pulled-plugs.svelte';

const target = document.getElementById('app')!;
const board = new Board('stage');
const scenery = new Scenery();
const table = new Table(() => board.now());
const clock = new Clock(board);
const wanted = asked(location);

if (wanted !== null) {
  document.documentElement.dataset['frozen'] = '';
  load(wanted.run, location).then(
    (items) => {
      const frozen = replay(items, wanted.t, board, scenery, table);
      clock.tick();
      mount(App, { target, props: { board, scenery, table, clock, frozen } });
    },
    (error: Error) => (target.textContent = error.message),
  );
} else {
  // A benchmark feeds the page directly, without a server.
  if (new URLSearchParams(location.search).has('bench'))
    Object.assign(window, { chaosmonkey: { board, scenery } });
  else board.listen();
  clock.run();
  mount(App, { target, props: { board, scenery, table, clock } });
}
