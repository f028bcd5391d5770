// The first page: one websocket, a snapshot, then deltas (docs/protocol.md), drawn anew each frame
// in which something changed. Plain on purpose: no build step.
"use strict";

const MARKS = { ready: "✓", starting: "…", pending: "…", unreachable: "!", failed: "!",
  terminating: "✕", finished: "·" };
const PHASES = ["detect", "evict", "reschedule", "ready"];

let state = null;
let connected = false;
let offset = 0;      // server's time minus this browser's, in seconds
let receivedAt = 0;  // this browser's time when the server last told its own
let drawing = false;

const here = () => performance.now() / 1000;
const serverNow = () => offset + receivedAt + (here() - receivedAt) * (state?.cluster?.cluster?.speed ?? 1);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function connect() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket.onmessage = (event) => { takeIn(JSON.parse(event.data)); redraw(); };
  socket.onclose = () => {
    connected = false;
    redraw();
    setTimeout(connect, 500 + Math.random() * 1500);
  };
}

function takeIn(message) {
  connected = true;
  receivedAt = here();
  offset = message.at - receivedAt;
  if (message.type === "snapshot") { state = message.state; return; }
  for (const [section, entities] of Object.entries(message.set)) Object.assign(state[section], entities);
  for (const [section, keys] of Object.entries(message.gone)) for (const key of keys) delete state[section][key];
}

function redraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; draw(); });
}

function draw() {
  drawLive();
  if (!state) return;
  const outages = Object.values(state.outages).sort((a, b) => b.t0 - a.t0);
  document.getElementById("title").textContent = state.cluster.cluster?.title ?? "";
  document.getElementById("sentence").textContent = sentence(outages);
  document.getElementById("machines").replaceChildren(...drawMachines());
  document.getElementById("outages").replaceChildren(...drawOutages(outages));
}

function drawLive() {
  const chip = document.getElementById("live");
  const cluster = state?.cluster.cluster;
  const stale = cluster && cluster.stale_since !== null;
  chip.className = `chip ${connected && !stale ? "live" : "stale"}`;
  if (!connected) chip.textContent = "NOT CONNECTED";
  else if (stale) chip.textContent = `STALE since ${ago(cluster.stale_since)}: ${cluster.why}`;
  else chip.textContent = cluster?.speed > 1 ? `LIVE, time ×${cluster.speed}` : "LIVE";
}

const ago = (moment) => moment > 0 ? `${Math.max(0, serverNow() - moment).toFixed(0)} s` : "the start";

function sentence(outages) {
  const open = outages.find((outage) => outage.open);
  if (open?.story.length) return open.story.at(-1).text;
  const machines = Object.values(state.machines);
  if (!machines.length) return "No machines: none are configured, and the cluster has told of none.";
  return "Everything is running. What happens when a machine is lost?";
}

function drawMachines() {
  const pods = Object.values(state.pods).sort((a, b) => a.name.localeCompare(b.name));
  const drawn = Object.values(state.machines).map((machine) => drawMachine(machine, pods));
  const waiting = pods.filter((pod) => !pod.node);
  if (waiting.length) {
    const nowhere = element("article", "machine");
    nowhere.append(element("h2", "", "No machine yet"), drawPods(waiting));
    drawn.push(nowhere);
  }
  return drawn;
}

function drawMachine(machine, pods) {
  const feeds = [["power", machine.power], ["network", machine.network]].filter(([, feed]) => feed);
  const off = feeds.filter(([, feed]) => feed.state === "off");
  const card = element("article", off.length ? "machine off" : "machine");
  card.append(element("h2", "", machine.name));
  for (const [name] of off) card.append(element("div", "cut", `NO ${name.toUpperCase()}`));
  for (const [name, feed] of feeds)
    if (feed.stage) card.append(element("div", "cut", `${name}: ${feed.stage}${countdown(feed)} ${feed.trouble}`));
  const plugs = feeds.map(([name, feed]) => `${name} ${feed.state}`).join(" · ");
  card.append(element("div", "plugs", plugs || machine.guarded || "no plug"));
  card.append(drawPods(pods.filter((pod) => pod.node === machine.node)));
  const ready = machine.ready === "True";
  const believes = machine.ready === null ? "not in the cluster" : ready ? "Ready" : `NotReady (${machine.reason})`;
  const says = element("div", `believes ${ready ? "yes" : "no"}`, `Kubernetes: ${believes}`);
  if (off.length && ready) says.append(element("div", "", "it does not know yet"));
  card.append(says);
  return card;
}

function countdown(feed) {
  const left = feed.restore_by - serverNow();
  return feed.stage === "cut" && left > 0 ? `, back in ${left.toFixed(0)} s` : "";
}

function drawPods(pods) {
  const box = element("div", "pods");
  for (const pod of pods) {
    const tile = element("span", `pod ${pod.state}`, `${MARKS[pod.state]} ${pod.app || pod.name}`);
    tile.title = `${pod.name}: ${pod.state} ${pod.reason}`;
    box.append(tile);
  }
  return box;
}

function drawOutages(outages) {
  const open = outages.filter((outage) => outage.open).map(drawOutage);
  const done = outages.filter((outage) => !outage.open);
  if (!done.length) return open;
  const table = element("table");
  table.append(row("th", ["Past outages", "", "outcome", "recovery"]));
  for (const outage of done)
    table.append(row("td", [outage.machine, outage.feed ?? "observed", outage.outcome, seconds(outage.recovery_seconds)]));
  return [...open, table];
}

function drawOutage(outage) {
  const card = element("article", "outage");
  const measured = outage.recovery_seconds;
  card.append(element("h2", "", `${outage.machine}: ${outage.feed ?? "fell silent"}`));
  const clock = element("div", "clock", seconds(measured ?? serverNow() - outage.t0));
  card.append(clock, element("div", "", measured === null ? `${outage.phase ?? "over"}…` : "recovered"));
  const phases = element("div", "phases");
  for (const phase of PHASES) {
    const took = outage.phases[phase];
    phases.append(element("span", phase === outage.phase ? "now" : "", `${phase} ${took === undefined ? "–" : seconds(took)}`));
  }
  card.append(phases, waitingFor(outage));
  const story = element("ol");
  for (const line of outage.story) story.append(element("li", "", `${line.at.toFixed(1)} s  ${line.text}`));
  card.append(story);
  return card;
}

function waitingFor(outage) {
  const next = outage.pods.map((pod) => pod.evicts_at).filter((at) => at !== null && at > serverNow());
  const text = next.length ? `Kubernetes waits ${(Math.min(...next) - serverNow()).toFixed(0)} s more before it evicts` : "";
  return element("div", "plugs", text);
}

function row(tag, cells) {
  const made = element("tr");
  for (const cell of cells) made.append(element(tag, "", cell ?? ""));
  return made;
}

const seconds = (value) => value === null || value === undefined ? "–" : `${value.toFixed(1)} s`;

connect();
setInterval(() => {
  const running = state && (Object.values(state.outages).some((outage) => outage.open) || !connected);
  if (running || state?.cluster.cluster?.stale_since !== null) redraw();
}, 100);
