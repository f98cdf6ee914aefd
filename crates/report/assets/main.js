// Selection, keys, tooltip, theme: what ties lanes, panel and table together.
let chosen = -1;

function laneOf(row) {
  return picture.lanes.findIndex((l) => l.kind === "M" && l.marks.some((m) => m.row === row && m.own));
}
function scrollLanes(i) {
  const box = view.lanes;
  const x = eventX(i) + LABEL_WIDTH;
  const width = slots.has(i) ? CHIP : view.column;
  if (x - width - LABEL_WIDTH < box.scrollLeft || x + width > box.scrollLeft + box.clientWidth) box.scrollLeft = x - box.clientWidth * 0.6;
  const lane = laneOf(i);
  if (lane < 0) return;
  const { top, height } = places[lane];
  if (top - HEAD < box.scrollTop) box.scrollTop = top - HEAD - 40;
  else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight + 40;
}
function paintChoice() {
  view.lanes.querySelectorAll(".chosen").forEach((n) => n.classList.remove("chosen"));
  (view.events[chosen] || []).forEach((n) => n.classList.add("chosen"));
  if (view.labels[chosen]) view.labels[chosen].classList.add("chosen");
  const column = slots.has(chosen) ? { visibility: "hidden" } : { visibility: "visible", x: columnX(chosen) - view.column / 2, width: view.column };
  view.choices.forEach((c) => attributes(c, column));
}
function choose(i, from) {
  if (i < 0 || i >= rows.length) return;
  if (chosen >= 0) {
    tableRows[chosen].setAttribute("aria-selected", "false");
    const old = byId("event-" + chosen);
    if (old) old.setAttribute("aria-selected", "false");
  }
  chosen = i;
  tableRows[i].setAttribute("aria-selected", "true");
  const mark = byId("event-" + i);
  if (mark) { mark.setAttribute("aria-selected", "true"); view.lanes.setAttribute("aria-activedescendant", mark.id); } else view.lanes.removeAttribute("aria-activedescendant");
  paintChoice();
  showDetail(i);
  scrollLanes(i);
  if (from !== "table") scrollRow(i);
}
function neighbour(i, step) {
  for (let k = i + step; k >= 0 && k < rows.length; k += step) if (!tableRows[k].hidden) return k;
  return i;
}
// The event nearest to the selected one in the next lane that has any.
function otherLane(step) {
  const x = eventX(chosen);
  for (let lane = laneOf(chosen) + step; lane >= 0 && lane < picture.lanes.length; lane += step) {
    const own = picture.lanes[lane].marks.filter((m) => m.own);
    if (own.length) return own.reduce((a, b) => (Math.abs(eventX(b.row) - x) < Math.abs(eventX(a.row) - x) ? b : a)).row;
  }
  return chosen;
}
function zoom(factor) {
  view.column = Math.min(64, Math.max(8, Math.round(view.column * factor)));
  drawLanes();
  filterRows(byId("filter").value);
  choose(chosen);
}
function nextTheme() {
  const root = document.documentElement;
  const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
}
function focusRow(i) {
  tableRows[i].focus({ preventScroll: true });
  tableRows[i].scrollIntoView({ block: "nearest" });
}
function onKey(e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const typing = e.target instanceof HTMLInputElement;
  if (typing) {
    if (e.key === "Escape") { e.target.value = ""; filterRows(""); view.lanes.focus(); e.preventDefault(); }
    return;
  }
  if (byId("keys").open) return;
  const inTable = e.target.closest && e.target.closest("#table");
  const button = e.target instanceof HTMLButtonElement || e.target.tagName === "SUMMARY";
  const act = {
    ArrowLeft: () => choose(neighbour(chosen, -1)),
    ArrowRight: () => choose(neighbour(chosen, 1)),
    ArrowUp: () => choose(inTable ? neighbour(chosen, -1) : otherLane(-1)),
    ArrowDown: () => choose(inTable ? neighbour(chosen, 1) : otherLane(1)),
    Home: () => choose(neighbour(-1, 1)),
    End: () => choose(neighbour(rows.length, -1)),
    Enter: button ? null : () => (inTable ? view.lanes.focus() : focusRow(chosen)),
    Escape: () => view.lanes.focus(),
    f: () => { if (data.refused !== null) choose(data.refused); },
    "/": () => byId("filter").focus(),
    "?": () => byId("keys").showModal(),
    "+": () => zoom(1.25),
    "-": () => zoom(0.8),
    t: nextTheme,
  }[e.key];
  if (!act || !rows.length) { if (e.key === "?" || e.key === "t") act(); return; }
  const moved = e.key.startsWith("Arrow") || e.key === "Home" || e.key === "End";
  act();
  if (moved && inTable) focusRow(chosen);
  e.preventDefault();
}
const tip = el("div", { class: "tip", role: "tooltip", hidden: true });
function showTip(e) {
  const node = e.target.closest ? e.target.closest("[data-row]") : null;
  tip.hidden = !node || !view.lanes.contains(node);
  if (tip.hidden) return;
  const row = rows[node.getAttribute("data-row")];
  const head = (row.index === null ? FATES[row.fate] : "#" + row.index) + " · " + contextText(row);
  tip.replaceChildren(el("b", null, row.name), " " + head, ...tellingArgs(row).flatMap((a) => [el("br"), argText(a)]), ...(row.note ? [el("br"), row.note] : []));
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.min(e.clientX + 14, innerWidth - box.width - 8) + "px";
  tip.style.top = (e.clientY + 18 + box.height > innerHeight ? e.clientY - box.height - 12 : e.clientY + 18) + "px";
}
function pick(e, from) {
  const node = e.target.closest("[data-row]");
  if (node) choose(Number(node.getAttribute("data-row")), from);
}

drawLanes();
legend();
drawTable();
document.body.append(tip);
view.lanes.addEventListener("click", (e) => pick(e, "lanes"));
view.lanes.addEventListener("pointermove", showTip);
view.lanes.addEventListener("pointerleave", () => { tip.hidden = true; });
byId("table").addEventListener("click", (e) => pick(e, "table"));
byId("filter").addEventListener("input", (e) => filterRows(e.target.value));
byId("zoom-in").addEventListener("click", () => zoom(1.25));
byId("zoom-out").addEventListener("click", () => zoom(0.8));
byId("theme-button").addEventListener("click", nextTheme);
byId("help-button").addEventListener("click", () => byId("keys").showModal());
byId("to-refused").hidden = data.refused === null;
byId("to-refused").addEventListener("click", () => { choose(data.refused); view.lanes.focus(); });
document.addEventListener("keydown", onKey);
document.querySelectorAll(".goto").forEach((b) => b.addEventListener("click", () => {
  choose(Number(b.dataset.row));
  view.lanes.scrollIntoView({ block: "nearest" });
}));
document.querySelectorAll(".goto-edit").forEach((b) => b.addEventListener("click", () => {
  const i = rows.findIndex((r) => r.edit === Number(b.dataset.edit));
  if (i >= 0) { choose(i); view.lanes.scrollIntoView({ block: "nearest" }); }
}));
if (byId("copy")) {
  byId("copy").addEventListener("click", () => {
    const range = document.createRange();
    range.selectNodeContents(byId("replay"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    navigator.clipboard?.writeText(byId("replay").textContent).then(() => { byId("copy").textContent = "Copied"; }, () => {});
  });
}
if (rows.length) choose(data.refused ?? data.stops[0]?.row ?? rows.findIndex((r) => r.family !== "sync"));
