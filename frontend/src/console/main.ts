import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import { mount } from 'svelte';
import '../lib/base.css';
import './controls.css';
import App from './App.svelte';

mount(App, { target: document.getElementById('app')! });
