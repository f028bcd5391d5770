// The layout of the board, in pixels of a stage of at least 1920 × 1080. Pure, so that flights can be
// computed without measuring the page.

export interface Size {
  /** Screen pixels to one pixel of the stage. */
  unit: number;
  width: number;
  height: number;
}

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** The detail shown of each pod: its name, its state, or only the count. */
export type Density = 'labels' | 'icons' | 'counts';

export interface Grid {
  density: Density;
  columns: number;
  tileW: number;
  tileH: number;
  gap: number;
  font: number;
}

export interface Card {
  name: string;
  box: Box;
  /** The box of its pods, from the stage's corner. */
  pods: Box;
}

export interface Layout {
  size: Size;
  machines: Box;
  strip: Box;
  side: Box;
  availability: Box;
  history: Box;
  cards: Map<string, Card>;
  grid: Grid;
  parts: Parts;
}

/** The heights of a card's parts, and of the plugs below it. */
export interface Parts {
  name: number;
  status: number;
  belief: number;
  /** The sockets, and below them the line of text about them. */
  sockets: number;
  news: number;
  compact: boolean;
}

const WIDTH = 1920;
const HEIGHT = 1080;
const MARGIN = 24;
const HEADER = 132;
const SIDE = 492;
const BOTTOM = 194;
const STRIP = 46;
const GAP = 12;
const APART = 8; // above and below the strip

const TALL: Parts = { name: 56, status: 44, belief: 76, sockets: 82, news: 30, compact: false };
const COMPACT: Parts = { name: 42, status: 28, belief: 44, sockets: 52, news: 23, compact: true };
const PADDING = 10; // inside a card, border included

const MAX_LABELS = 40;
const MAX_ICONS = 150;
const SMALLEST_LABEL = 11;
const LARGEST_LABEL = 34;
const LONGEST_LABEL = 6; // ems: longer names are shortened
const CUT_LABEL = 2.8; // ems that are left of a shortened name, if that makes it larger by …
const WORTH_CUTTING = 1.5; // … this factor
const SIGN = 2.05; // ems of a tile beside its name: icon, gap, padding and border
const TALLEST = 54; // px: a tile

/** The stage's size: it fills the window, with the largest unit at which 1920 × 1080 fits. */
export function sizeOf(innerWidth: number, innerHeight: number): Size {
  const unit = Math.min(innerWidth / WIDTH, innerHeight / HEIGHT) || 1;
  return { unit, width: innerWidth / unit, height: innerHeight / unit };
}

export interface Occupant {
  name: string;
  /** Whether a narrow card is enough: it has no pods and no plug. */
  slim: boolean;
}

/** What each machine has to show. */
export interface Wanted {
  /** Slots. */
  capacity: number;
  /** Whether only the number of pods by workload is shown. */
  counts: boolean;
  /** Width of the longest name, in ems. */
  label: number;
}

export function arrange(size: Size, machines: readonly Occupant[], wanted: Wanted): Layout {
  const { width, height } = size;
  const area: Box = {
    x: MARGIN,
    y: HEADER,
    w: width - 2 * MARGIN - 28 - SIDE,
    h: height - HEADER - STRIP - BOTTOM - 2 * APART,
  };
  const right = area.x + area.w + 28;
  const rows = machines.length <= 7 ? 1 : machines.length <= 16 ? 2 : 3;
  const parts = rows === 1 ? TALL : COMPACT;
  const cards = new Map<string, Card>();
  const perRow = Math.ceil(machines.length / rows);
  const rowH = (area.h - (rows - 1) * GAP) / rows;
  for (let row = 0; row < rows; row++) {
    const here = machines.slice(row * perRow, (row + 1) * perRow);
    const weights = here.map((one) => (one.slim && rows === 1 ? 0.72 : 1));
    const free = area.w - (perRow - 1) * GAP;
    const whole = weights.reduce((sum, weight) => sum + weight, 0) + (perRow - here.length);
    const widest = machines.length < 3 ? 440 : Infinity;
    let x = area.x;
    here.forEach((one, at) => {
      const w = Math.min(widest, (free * weights[at]!) / whole);
      const y = area.y + row * (rowH + GAP);
      const box = { x, y, w, h: rowH - parts.sockets - parts.news };
      const pods = {
        x: x + PADDING,
        y: y + parts.name,
        w: w - 2 * PADDING,
        h: box.h - parts.name - parts.status - parts.belief - 4,
      };
      cards.set(one.name, { name: one.name, box, pods });
      x += w + GAP;
    });
  }
  const bottom = height - BOTTOM;
  const narrowest = smallest([...cards.values()].filter((_, at) => !machines[at]?.slim));
  return {
    size,
    machines: area,
    strip: { x: area.x, y: area.y + area.h + APART, w: area.w, h: STRIP },
    side: { x: right, y: HEADER - 8, w: SIDE, h: height - HEADER - BOTTOM },
    availability: { x: MARGIN, y: bottom, w: area.w, h: BOTTOM - 14 },
    history: { x: right, y: bottom, w: SIDE, h: BOTTOM - 14 },
    cards,
    grid: gridFor(narrowest?.pods ?? { x: 0, y: 0, w: 200, h: 300 }, wanted),
    parts,
  };
}

function smallest(cards: Card[]): Card | undefined {
  return cards.reduce<Card | undefined>(
    (least, card) => (least === undefined || card.pods.w < least.pods.w ? card : least),
    undefined,
  );
}

/** The grid that shows a number of pods with as much detail as fits. */
export function gridFor(room: Box, { capacity, counts, label }: Wanted): Grid {
  if (counts) return { density: 'counts', columns: 1, tileW: room.w, tileH: 40, gap: 4, font: 26 };
  if (capacity <= MAX_LABELS * 1.5) {
    const grid = labels(room, capacity, label);
    if (grid.font >= SMALLEST_LABEL) return grid;
  }
  return icons(room, capacity);
}

/** Whether to show only counts, by the number of pods on the fullest machine. With hysteresis: a board
 *  that changes its style during an outage is hard to follow. */
export function countsOnly(most: number, before: boolean | null): boolean {
  if (before === null) return most > MAX_ICONS;
  return before ? most > MAX_ICONS * 0.66 : most > MAX_ICONS * 1.5;
}

function labels(room: Box, capacity: number, label: number): Grid {
  const name = Math.max(2.4, Math.min(LONGEST_LABEL, label));
  const whole = labelled(room, capacity, [1, 2, 3, 4], name);
  const cut = labelled(room, capacity, [3, 4], Math.min(CUT_LABEL, name));
  const isTooSmall = whole.font < Math.max(SMALLEST_LABEL, cut.font / WORTH_CUTTING);
  return isTooSmall ? cut : whole;
}

/** The grid, of some numbers of columns, in which names of a width are largest. */
function labelled(room: Box, capacity: number, some: readonly number[], name: number): Grid {
  const grids = some.map<Grid>((columns) => {
    const rows = Math.ceil(capacity / columns);
    const gap = rows > 12 ? 2 : rows > 8 ? 4 : 6;
    const tileW = (room.w - (columns - 1) * gap) / columns;
    const tileH = Math.min(TALLEST, (room.h - (rows - 1) * gap) / rows);
    const font = Math.min(LARGEST_LABEL, tileH * 0.78, tileW / (SIGN + name));
    return { density: 'labels', columns, tileW, tileH, gap, font };
  });
  return grids.reduce((best, grid) => (grid.font > best.font + 0.5 ? grid : best));
}

function icons(room: Box, capacity: number): Grid {
  let best: Grid | undefined;
  for (let columns = 3; columns <= 30; columns++) {
    const rows = Math.ceil(capacity / columns);
    const gap = columns > 10 ? 3 : 4;
    const side = Math.min(
      44,
      (room.w - (columns - 1) * gap) / columns,
      (room.h - (rows - 1) * gap) / rows,
    );
    if (best === undefined || side > best.tileW)
      best = { density: 'icons', columns, tileW: side, tileH: side, gap, font: side * 0.6 };
  }
  return best!;
}

/** The position of a slot, from the corner of its machine's pods. */
export function slotAt(grid: Grid, index: number): { x: number; y: number } {
  return {
    x: (index % grid.columns) * (grid.tileW + grid.gap),
    y: Math.floor(index / grid.columns) * (grid.tileH + grid.gap),
  };
}

/** The box of a machine's slot, from the stage's corner. */
export function spot(layout: Layout, machine: string, index: number): Box | undefined {
  const card = layout.cards.get(machine);
  if (card === undefined) return undefined;
  const at = slotAt(layout.grid, index);
  return {
    x: card.pods.x + at.x,
    y: card.pods.y + at.y,
    w: layout.grid.tileW,
    h: layout.grid.tileH,
  };
}
