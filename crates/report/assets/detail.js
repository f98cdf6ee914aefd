// The panel of the selected event: fields and bytes, each lighting up the other.
function pair(name, value) {
  return value === null || value === undefined ? [] : [el("dt", null, name), el("dd", null, value)];
}
function fieldTable(row) {
  const hex = row.bytes.match(/../g) || [];
  const bytes = el("p", { class: "hex" });
  const body = el("tbody");
  let at = 0;
  const light = (nodes) => {
    for (const node of nodes) {
      node.addEventListener("pointerenter", () => nodes.forEach((n) => n.classList.add("lit")));
      node.addEventListener("pointerleave", () => nodes.forEach((n) => n.classList.remove("lit")));
    }
  };
  const names = [{ name: "type", value: String(parseInt(hex[0] || "0", 16)), text: row.name }, ...row.args];
  names.forEach((field, i) => {
    const span = el("span", { title: field.name }, hex.slice(at, at + (row.lens[i] || 0)).join(" "));
    at += row.lens[i] || 0;
    const line = el("tr", null, el("td", null, field.name), el("td", null, field.value), el("td", null, field.text || ""));
    if (row.lens[i]) { bytes.append(span); light([span, line]); }
    body.append(line);
  });
  if (at < hex.length) bytes.append(el("span", { title: "not readable" }, hex.slice(at).join(" ")));
  const head = el("thead", null, el("tr", null, ...["Field", "Value", "Meaning"].map((t) => el("th", { scope: "col" }, t))));
  return [hex.length ? bytes : null, el("table", null, head, body)];
}
function showDetail(i) {
  const row = rows[i];
  const box = byId("detail");
  box.className = "detail " + row.fate;
  const tags = [];
  if (!isDelivered(row)) tags.push(el("span", { class: "tag " + row.fate }, FATES[row.fate]));
  const remarks = [];
  if (row.note) remarks.push(el("p", { class: "remark" + (row.fate === "refused" ? " red" : "") }, row.note));
  if (row.edit !== null) {
    const edit = data.edits[row.edit];
    remarks.push(el("p", { class: "remark edited" }, "Edited (" + edit.operator + "). Before: " + (edit.before || "nothing") + ". Now: " + (edit.after || "taken out") + "."));
  }
  const pairs = el("dl", { class: "pairs" },
    ...pair(row.index === null ? null : "event", row.index === null ? null : String(row.index)),
    ...pair("before it", contextText(row)),
    ...pair("stream of", row.stream === null ? (row.family === "sync" ? "the reader" : "no thread") : "M" + row.stream),
    ...pair("time", row.time === null ? null : row.time + " ns"),
    ...pair("generation", row.generation),
    ...pair("byte", row.offset === null ? null : row.offset + " (0x" + row.offset.toString(16) + ")"));
  const fields = row.family === "sync" ? [] : fieldTable(row);
  const stack = row.stack === null ? [] : [el("h4", { class: "hidden" }, "Stack"), el("ol", null, ...picture.stacks[row.stack].map((f) => el("li", null, f)))];
  box.replaceChildren(...[el("h3", null, (row.fate === "refused" ? "✕ " : "") + row.name), tags.length ? el("p", null, ...tags) : null, ...remarks, pairs, ...fields, ...stack].filter(Boolean));
  byId("live").textContent = describe(row);
}
