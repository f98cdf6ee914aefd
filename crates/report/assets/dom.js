// Building blocks. Data reaches the page as text nodes and attributes only, never as markup.
const SVG = "http://www.w3.org/2000/svg";
const data = JSON.parse(document.getElementById("data").textContent);
const picture = data.picture;
const rows = picture.rows;

function attributes(node, attrs) {
  for (const [name, value] of Object.entries(attrs || {})) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
  return node;
}
function el(name, attrs, ...children) {
  const node = attributes(document.createElement(name), attrs);
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
function svg(name, attrs, ...children) {
  const node = attributes(document.createElementNS(SVG, name), attrs);
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
const byId = (id) => document.getElementById(id);
const isDelivered = (row) => row.fate === "delivered";
const laneName = (lane) => (lane.id === null ? "no M" : lane.kind + lane.id);
const FATES = { refused: "could not happen", waiting: "waits", undelivered: "not delivered" };

function argText(arg) {
  return arg.name + "=" + arg.value + (arg.text ? " (" + arg.text + ")" : "");
}
// Arguments that say something: the time delta and missing stacks do not.
function tellingArgs(row) {
  return row.args.filter((a) => a.name !== "dt" && !(a.name.endsWith("stack") && a.value === "0"));
}
function contextText(row) {
  if (row.context.every((id) => id === null)) return row.stream === null ? "no M, P or G" : "M" + row.stream + " · not known";
  return ["M", "P", "G"].map((k, i) => (row.context[i] === null ? "no " + k : k + row.context[i])).join(" · ");
}
function describe(row) {
  const args = tellingArgs(row).map(argText).join(", ");
  const where = row.stream !== null ? ", in M" + row.stream : "";
  const which = row.index === null ? FATES[row.fate] : "event " + row.index;
  return which + ": " + row.name + (args ? " " + args : "") + where;
}
