// Gives the texts and pairs of colours whose contrast is below 4.5.
(() => {
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => { pixel.clearRect(0, 0, 1, 1); pixel.fillStyle = color; pixel.fillRect(0, 0, 1, 1); return [...pixel.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 200) return c; } return rgba(getComputedStyle(document.body).backgroundColor); };
  const low = new Map();
  const note = (what, a, b) => { const r = ratio(a, b); if (r < 4.5) low.set(what, r.toFixed(2)); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement;
    if (!n.textContent.trim() || e.closest("svg, script, .hidden, noscript") || !e.checkVisibility()) continue;
    note(e.tagName + "." + e.className + " " + n.textContent.slice(0, 30), rgba(getComputedStyle(e).color), behind(e));
  }
  const style = document.createElement("i");
  document.body.append(style);
  const of = (v) => { style.style.color = v.startsWith("#") ? v : "var(--" + v + ")"; return rgba(getComputedStyle(style).color); };
  for (const [text, ground] of [["ink", "surface"], ["soft", "surface"], ["soft", "sunken"], ["red", "sunken"], ["red", "red-wash"], ["soft", "red-wash"],
    ["ink", "running"], ["ink", "syscall"], ["#ffffff", "red-fill"], ["accent", "surface"], ["violet", "surface"], ["ink", "red-wash"]]) note(text + " on " + ground, of(text), of(ground));
  style.remove();
  return [...low].map((l) => l.join(": "));
})()
