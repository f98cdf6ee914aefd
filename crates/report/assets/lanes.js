// The lanes: everything over order, drawn once per zoom.
const LANE = { M: 46, P: 32, G: 32 };
const GROUP_GAP = 18;
const LABEL_WIDTH = 92;
const HEAD = 150; // flag, names and numbers
const CHIP = 176;
const MESSAGE = 96; // room for the last names, which lean over the edge
const view = { column: 30, events: [], labels: [], lanes: byId("lanes") };
const BAR = { running: 18, syscall: 18, runnable: 12, waiting: 3, idle: 10, scheduling: 10 };
const STATES = {
  running: "running", syscall: "in a syscall", runnable: "runnable", waiting: "waiting", idle: "idle P", scheduling: "holds a P, no G",
};
const ARROWS = { create: "creates", unblock: "unblocks", switch: "switches to", steal: "P stolen", needs: "waits for" };

const delivered = picture.delivered;
const edge = () => 14 + delivered * view.column + 10;
const columnX = (row) => 14 + row * view.column + view.column / 2;

// Where undelivered events stand: behind the edge, one place after the other in each thread.
const slots = new Map();
const heads = [];
{
  const next = new Map();
  rows.forEach((row, i) => {
    if (isDelivered(row)) return;
    const slot = next.get(row.stream) || 0;
    next.set(row.stream, slot + 1);
    slots.set(i, slot);
  });
  picture.arrows.forEach((a) => { if (a.kind === "needs") heads.push(a.row); });
}
const chipX = (row) => edge() + 16 + heads.length * 9 + slots.get(row) * CHIP;
const eventX = (row) => (slots.has(row) ? chipX(row) + 12 : columnX(row));

function layLanes() {
  let y = HEAD;
  let kind = null;
  return picture.lanes.map((lane) => {
    if (kind !== lane.kind) { y += GROUP_GAP; kind = lane.kind; }
    const place = { top: y, mid: y + LANE[lane.kind] / 2 + (lane.kind === "M" ? 6 : 0), height: LANE[lane.kind], first: false };
    y += LANE[lane.kind];
    return place;
  });
}
const places = layLanes();
const bottom = places.length ? places[places.length - 1].top + places[places.length - 1].height + 10 : HEAD + 40;
const failedStream = data.refused === null ? undefined : rows[data.refused].stream;

function patterns() {
  return svg("defs", null,
    svg("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { class: "hatch-ground", width: 7, height: 7 }), svg("line", { class: "hatch-line", y1: 0, y2: 7, x1: 0, x2: 0 })),
    svg("pattern", { id: "dots", width: 6, height: 6, patternUnits: "userSpaceOnUse" },
      svg("rect", { class: "dots-ground", width: 6, height: 6 }), svg("circle", { class: "dots-dot", cx: 3, cy: 3, r: 0.9 })));
}
function barAt(state, x, y, width) {
  const h = BAR[state];
  return svg("rect", { class: "bar-" + state, x, y: y - h / 2, width: Math.max(width, 1), height: h, rx: state === "waiting" ? 1 : 3 });
}
function drawLabels() {
  const box = svg("svg", { class: "labels", width: LABEL_WIDTH, height: bottom - HEAD, viewBox: `0 ${HEAD} ${LABEL_WIDTH} ${bottom - HEAD}`, "aria-hidden": "true" });
  const titles = { M: "THREADS", P: "PROCS", G: "GOROUTINES" };
  picture.lanes.forEach((lane, i) => {
    const place = places[i];
    if (i === 0 || picture.lanes[i - 1].kind !== lane.kind) {
      box.append(svg("text", { class: "lane-kind", x: 6, y: place.top - 4 }, titles[lane.kind]));
    }
    const failed = lane.kind === "M" && lane.id === failedStream && data.refused !== null;
    const name = laneName(lane);
    box.append(svg("text", { class: "lane-name" + (failed ? " failed" : ""), x: 10, y: place.mid + 4, textLength: name.length > 9 ? 72 : null, lengthAdjust: "spacingAndGlyphs" }, name));
  });
  return box;
}
function drawGround(box, width) {
  if (data.stopped && slots.size + (data.refused === null ? 1 : 0)) {
    box.append(svg("rect", { class: "beyond", x: edge(), y: HEAD, width: width - edge(), height: bottom - HEAD }));
  }
  picture.lanes.forEach((lane, i) => {
    const { top, height, mid } = places[i];
    if (lane.kind === "M" && data.refused !== null && lane.id === failedStream) {
      box.append(svg("rect", { class: "lane-failed", x: 0, y: top, width, height }));
    }
    box.append(svg("line", { class: "lane-line", x1: 0, x2: width, y1: mid, y2: mid }));
  });
  rows.slice(0, delivered).forEach((row, i) => {
    if (row.family === "sync") box.append(svg("line", { class: "generation", x1: columnX(i), x2: columnX(i), y1: HEAD, y2: bottom }));
  });
  for (const stop of data.stops) {
    const x = columnX(stop.row) - view.column / 2;
    box.append(svg("line", { class: "stop other", x1: x, x2: x, y1: HEAD, y2: bottom }));
  }
  if (data.stopped) box.append(svg("line", { class: "stop", x1: edge(), x2: edge(), y1: HEAD, y2: bottom }));
}
function drawHead(box, width) {
  const digits = String(picture.first + delivered).length;
  const every = [1, 2, 5, 10, 20].find((n) => n * view.column > digits * 6.2 + 6) || 50;
  rows.slice(0, delivered).forEach((row, i) => {
    const x = columnX(i);
    const sync = row.family === "sync";
    if (view.column >= 14) {
      const name = sync ? (row.generation === null ? "Sync" : "generation " + row.generation) : row.name;
      const text = svg("text", { class: "column" + (sync ? " sync" : "") + (row.edit === null ? "" : " edited") + (data.causes.includes(i) ? " cause" : ""), transform: `translate(${x + 3} ${HEAD - 18}) rotate(-52)` }, name);
      box.append(text);
      view.labels[i] = text;
    }
    if (i % every === 0) box.append(svg("text", { class: "column index", x, y: HEAD - 4 }, String(row.index)));
  });
  for (const stop of data.stops) {
    const at = columnX(stop.row) - view.column / 2;
    box.append(svg("line", { class: "stop other", x1: at, x2: at, y1: 2, y2: HEAD }), ...flag(at, width, "✕ " + stop.text, " other"));
  }
  if (!data.stopped) return;
  const x = edge();
  if (slots.size) box.prepend(svg("rect", { class: "beyond", x, y: 26, width: width - x, height: HEAD - 26 }));
  box.append(svg("line", { class: "stop", x1: x, x2: x, y1: 2, y2: HEAD }));
  box.append(...flag(x, width, "✕ the reader stops here: " + data.stopped, ""));
  wrap(data.message, 44, 5).forEach((line, i) => box.append(svg("text", { class: "beyond-text why", x: x + MESSAGE, y: 46 + i * 16 }, line)));
  if (slots.size) box.append(svg("text", { class: "beyond-text", x: x + MESSAGE, y: HEAD - 12 }, "What each thread has left, never delivered:"));
}
function flag(x, width, label, extra) {
  const size = label.length * 7 + 20;
  const left = x + size > width ? Math.max(0, x - size) : x;
  return [svg("rect", { class: "flag" + extra, x: left, y: 2, width: size, height: 22, rx: 3 }), svg("text", { class: "flag-text", x: left + 9, y: 17 }, label)];
}
function wrap(text, width, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    if (lines[last] && lines[last].length + word.length >= width) lines.push(word);
    else lines[last] += (lines[last] ? " " : "") + word;
  }
  return lines.length > most ? [...lines.slice(0, most - 1), lines[most - 1] + " …"] : lines;
}
function drawBars(bars, labels) {
  const end = data.stopped ? edge() : 14 + delivered * view.column;
  picture.lanes.forEach((lane, i) => {
    for (const bar of lane.bars) {
      const from = bar.from === null ? 0 : columnX(bar.from);
      const to = bar.to === null ? end : columnX(bar.to);
      const { mid } = places[i];
      const node = barAt(bar.state, from, mid, to - from);
      node.append(svg("title", null, laneName(lane) + ": " + STATES[bar.state] + (bar.label ? ", " + bar.label : "")));
      bars.append(node);
      const own = lane.kind === "M";
      const text = bar.label || (own || bar.state === "running" || bar.state === "syscall" ? "" : bar.state);
      if (!text || text.length * 6.7 > to - from - (own || bar.from === null ? 2 : 14)) continue;
      const above = own ? mid - 14 : mid - 5;
      const y = own || bar.state === "waiting" || bar.state === "idle" ? above : mid + 4;
      labels.append(svg("text", { class: "bar-label " + (own ? "on-surface" : "on-" + bar.state), x: from + (own ? 2 : bar.from === null ? 5 : 8), y }, text));
    }
  });
}
function arrowParts(kind, x, y1, y2, extra) {
  const down = y2 > y1 ? 1 : -1;
  const tip = y2 - down * 3;
  return [
    svg("path", { class: "arrow " + kind + extra, d: `M${x} ${y1 + down * 8}V${tip - down * 6}` }),
    svg("path", { class: "head " + kind + extra, d: `M${x - 4.5} ${tip - down * 8}L${x + 4.5} ${tip - down * 8}L${x} ${tip}Z` }),
  ];
}
function drawArrows(box) {
  let nth = 0;
  for (const a of picture.arrows) {
    const needs = a.kind === "needs";
    const x = needs ? edge() + 12 + nth++ * 9 : columnX(a.row);
    const extra = needs && a.row === data.refused ? " of-refused" : "";
    const group = svg("g", { class: "arrow-group" }, ...arrowParts(a.kind, x, places[a.from].mid + (needs ? 4 : 0), places[a.to].mid, extra));
    if (needs) group.append(svg("path", { class: "arrow needs" + extra, d: `M${chipX(a.row)} ${places[a.from].mid}H${x}V${places[a.from].mid + 12}` }));
    box.append(group);
    if (view.events[a.row]) view.events[a.row].push(group);
  }
}
function glyph(family, x, y) {
  switch (family) {
    case "proc": return svg("rect", { class: "glyph", x: x - 5.5, y: y - 5.5, width: 11, height: 11, rx: 1.5 });
    case "syscall": return svg("path", { class: "glyph", d: `M${x} ${y - 7.5}L${x + 7.5} ${y}L${x} ${y + 7.5}L${x - 7.5} ${y}Z` });
    case "go": return svg("circle", { class: "glyph", cx: x, cy: y, r: 6 });
    case "status": return svg("circle", { class: "glyph", cx: x, cy: y, r: 3.6 });
    default: return svg("circle", { class: "glyph small", cx: x, cy: y, r: 3.2 });
  }
}
function drawMarks(box) {
  picture.lanes.forEach((lane, i) => {
    const { top, mid, height } = places[i];
    for (const mark of lane.marks) {
      const row = rows[mark.row];
      const group = slots.has(mark.row) ? chip(mark.row, row, mid) : svg("g", { class: "event" });
      if (!slots.has(mark.row)) {
        const x = columnX(mark.row);
        group.append(svg("rect", { class: "hit", x: x - view.column / 2, y: top, width: view.column, height }));
        group.append(mark.own ? glyph(row.family, x, mid) : svg("line", { class: "touch", x1: x, x2: x, y1: mid - 9, y2: mid + 9 }));
        if (row.edit !== null && mark.own) group.append(svg("circle", { class: "edit-ring", cx: x, cy: mid, r: 11 }));
      }
      attributes(group, { "data-row": mark.row });
      if (mark.own) attributes(group, { id: "event-" + mark.row, role: "option", "aria-selected": "false", "aria-label": describe(row) });
      view.events[mark.row] = view.events[mark.row] || [];
      view.events[mark.row].push(group);
      box.append(group);
    }
  });
}
function chip(i, row, mid) {
  const label = (row.fate === "refused" ? "✕ " : "") + row.name;
  return svg("g", { class: "chip " + row.fate + (row.edit === null ? "" : " edited") },
    svg("rect", { x: chipX(i), y: mid - 12, width: Math.min(CHIP - 10, label.length * 6.8 + 18), height: 24, rx: 5 }),
    svg("text", { x: chipX(i) + 9, y: mid + 4 }, label));
}
function drawMore(box) {
  for (const [lane, n] of picture.more) {
    const shown = picture.lanes[lane].marks.filter((m) => slots.has(m.row));
    const last = shown.length ? chipX(shown[shown.length - 1].row) + CHIP : chipX(data.refused ?? rows.length - 1);
    box.append(svg("text", { class: "beyond-text", x: last, y: places[lane].mid + 4 }, "and " + n + " more"));
  }
}
function drawLanes() {
  view.events = [];
  view.labels = [];
  const slotCount = slots.size ? Math.max(...slots.values()) + 1 : 0;
  const beyond = data.stopped ? Math.max(MESSAGE + 430, 40 + heads.length * 9 + slotCount * CHIP + (picture.more.length ? 100 : 0)) : 110;
  const width = Math.max(edge() + beyond, view.lanes.clientWidth - LABEL_WIDTH);
  const head = svg("svg", { class: "head-row", width, height: HEAD, "aria-hidden": "true" });
  const box = svg("svg", { class: "plot", width, height: bottom - HEAD, viewBox: `0 ${HEAD} ${width} ${bottom - HEAD}` });
  view.choices = [[28, HEAD - 28], [HEAD, bottom - HEAD - 2]].map(([y, height]) => svg("rect", { class: "choice", y, height, width: 0, visibility: "hidden" }));
  head.append(view.choices[0]);
  drawHead(head, width);
  const [bars, arrows, labels] = [svg("g"), svg("g"), svg("g")];
  box.append(patterns());
  drawGround(box, width);
  box.append(view.choices[1]);
  drawBars(bars, labels);
  box.append(bars, arrows, labels);
  drawMarks(box);
  drawArrows(arrows);
  drawMore(box);
  view.lanes.replaceChildren(el("div", { class: "corner" }), head, drawLabels(), box);
}
function legend() {
  const entry = (node, text) => el("li", null, node, text);
  const swatch = (...nodes) => svg("svg", { width: 26, height: 20, "aria-hidden": "true" }, ...nodes);
  const used = new Set(picture.lanes.flatMap((l) => l.bars.map((b) => b.state)));
  const arrows = new Set(picture.arrows.map((a) => a.kind));
  const list = byId("legend");
  for (const [state, text] of Object.entries(STATES)) if (used.has(state)) list.append(entry(swatch(barAt(state, 1, 10, 24)), text));
  for (const [kind, text] of Object.entries(ARROWS)) if (arrows.has(kind)) list.append(entry(swatch(...arrowParts(kind, 13, -6, 21, "")), text));
}
