// The event table and its filter.
const COLUMNS = [["#", "r"], ["M", "r"], ["P", "r"], ["G", "r"], ["Event", ""], ["Arguments", ""], ["Stack", ""], ["Time, ns", "r"], ["Byte", "r"], ["Bytes", ""]];
const tableRows = [];
let words = [];

function argNodes(row) {
  const nodes = [];
  row.args.forEach((a, i) => {
    if (i) nodes.push("  ");
    nodes.push(el("span", { class: "n" }, a.name + "="), a.value);
    if (a.text) nodes.push(" ", el("span", { class: "s" }, a.text));
  });
  return nodes;
}
function tableRow(row, i) {
  const id = (v) => (v === null ? "–" : v);
  const tags = [];
  if (!isDelivered(row)) tags.push(el("span", { class: "tag " + row.fate }, FATES[row.fate]));
  if (row.edit !== null) tags.push(el("span", { class: "tag edited" }, "edited"));
  const m = isDelivered(row) ? row.context[0] : row.stream;
  const frames = row.stack === null ? [] : picture.stacks[row.stack];
  const name = row.family === "sync" && row.generation !== null ? "Sync, generation " + row.generation : row.name;
  const cells = [
    row.index === null ? "–" : String(row.index), id(m), id(row.context[1]), id(row.context[2]), [name, ...tags], argNodes(row),
    frames[0] || "", id(row.time), row.offset === null ? "–" : String(row.offset), (row.bytes.match(/../g) || []).join(" "),
  ];
  const classes = ["r", "r", "r", "r", "name", "args", "stack", "r", "r", "bytes"];
  const kind = (isDelivered(row) ? "" : row.fate) + (row.edit === null ? "" : " edited") + (row.family === "sync" && row.generation !== null ? " gen" : "");
  const tr = el("tr", { id: "row-" + i, class: kind.trim() || null, tabindex: -1, "data-row": i, "aria-selected": "false" },
    ...cells.map((c, k) => el("td", { class: classes[k], title: k === 6 ? frames.join("\n") || null : null }, ...(Array.isArray(c) ? c : [c]))));
  const names = [["M", m], ["P", row.context[1]], ["G", row.context[2]]].filter((p) => p[1] !== null).map((p) => p[0] + p[1]);
  tr.search = [name, ...names, ...row.args.map(argText), ...frames, row.offset, row.fate, row.edit === null ? "" : "edited"].join(" ").toLowerCase();
  return tr;
}
function drawTable() {
  const body = el("tbody");
  rows.forEach((row, i) => { tableRows[i] = tableRow(row, i); body.append(tableRows[i]); });
  const head = el("thead", null, el("tr", null, ...COLUMNS.map(([t, c]) => el("th", { scope: "col", class: c || (t === "Stack" ? "stack" : null) }, t))));
  byId("table").classList.toggle("no-stacks", !picture.stacks.length);
  byId("table").replaceChildren(el("table", { role: "grid", "aria-label": "Events" }, head, body));
  filterRows("");
}
function matches(text) {
  return words.every((w) => (/^[mpg]-?\d+$/.test(w) ? text.split(" ").includes(w) : text.includes(w)));
}
function filterRows(query) {
  words = query.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  tableRows.forEach((tr, i) => {
    const show = matches(tr.search);
    tr.hidden = !show;
    shown += show ? 1 : 0;
    (view.events[i] || []).forEach((node) => node.classList.toggle("dim", !show));
  });
  byId("count").textContent = words.length ? shown + " of " + rows.length : rows.length + " events" + (rows.length > delivered ? ", " + (rows.length - delivered) + " of them not delivered" : "");
}
function scrollRow(i) {
  const box = byId("table");
  const tr = tableRows[i];
  const head = box.querySelector("thead").offsetHeight;
  if (tr.offsetTop - head < box.scrollTop) box.scrollTop = tr.offsetTop - head - 40;
  else if (tr.offsetTop + tr.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = tr.offsetTop + tr.offsetHeight - box.clientHeight + 40;
}
