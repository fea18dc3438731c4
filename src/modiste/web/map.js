// The map of a catalogue: every piece a point, what looks alike together. The same script serves the shop's page,
// where everything comes from /v1/map, and the file that `modiste map` writes, where everything is in the page.
// Everything that comes from elsewhere is set as text or as an attribute, never as markup.

import { DARK, LIGHT, OTHERS, endsOf, rgb, scaleColours, stepsOf, tellingColumn } from "./map-colours.js";
import { FIRST, PHOTOS_AT_ONCE, STEPS, make, painterOf } from "./map-drawing.js";
import { Cells, at, load } from "./map-items.js";

// How a point is drawn is one number: which entry of the palette, in the order of drawing. Colours begin at FIRST.
const FAINT = 0; // does not fit the search
const OTHER = 1; // no colour of its own
const HIDDEN = 255;

const LISTED = 60; // pieces in a list, and as many again with each "Show more"
const LEGEND = 40; // labels in the legend before "more"
const CLOSEST = 6000; // times the whole map

const number = (value) => value.toLocaleString("en");
const pieces = (count) => `${number(count)} ${count === 1 ? "piece" : "pieces"}`;

// The page.

async function open() {
  const map = await load();
  const { ids, names, places, photos } = map;
  const columns = map.columns.map((column) => ({ ...column, codes: Int32Array.from(column.codes) }));
  const total = ids.length;

  const stage = at("stage");
  const over = at("over");
  const pen = over.getContext("2d");
  let painter = painterOf(at("points"), places, (other) => {
    painter = other;
    at("atlas").dataset.painter = painter.kind;
    fit();
    recolour();
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const slots = new Uint8Array(total).fill(OTHER); // how each piece is drawn
  const view = { x: 0, y: 0, scale: 1 }; // what is in the middle, and CSS pixels per unit
  let width = 1;
  let height = 1;
  let column = null; // what colours say, an entry of `columns`
  let hidden = new Set(); // codes that are not shown
  let colourOf = new Map(); // code → entry of the palette, for the labels that have one
  let fits = null; // for a search, whether each piece fits
  let tool = "move";
  let outline = null; // what is being drawn: points in CSS pixels
  let held = null; // the piece whose card stays
  let shown = null; // the piece whose card is open
  let chosen = []; // the pieces in the list
  let still = 0; // a timer that ends when the view has not moved for a moment
  let moving = false;

  // What is near

  const cells = new Cells(places);
  const isShown = (item) => slots[item] !== HIDDEN;
  const within = (left, top, right, bottom, most = Infinity) => cells.within(left, top, right, bottom, most, isShown);

  const toMap = (x, y) => [(x - width / 2) / view.scale + view.x, (y - height / 2) / view.scale + view.y];
  const toScreen = (item) => [
    (places[2 * item] - view.x) * view.scale + width / 2,
    (places[2 * item + 1] - view.y) * view.scale + height / 2,
  ];
  const inView = (most) => within(...toMap(0, 0), ...toMap(width, height), most);

  // The visible piece nearest to a place on the screen, among those that `allowed` allows.
  function nearest(x, y, reach, allowed = () => true) {
    const [mapX, mapY] = toMap(x, y);
    const far = reach / view.scale;
    let best = null;
    let least = far * far;
    for (const item of within(mapX - far, mapY - far, mapX + far, mapY + far)) {
      const away = (places[2 * item] - mapX) ** 2 + (places[2 * item + 1] - mapY) ** 2;
      if (away <= least && allowed(item)) [best, least] = [item, away];
    }
    return best;
  }

  // Colours

  function recolour() {
    const codes = column?.codes;
    const listed = column?.kind === "list";
    const toStep = column && !listed ? stepsOf(column) : null;
    for (let item = 0; item < total; item++) {
      const code = codes ? codes[item] : -1;
      if (hidden.has(listed ? code : Math.min(code, 0))) slots[item] = HIDDEN;
      else if (fits && !fits[item]) slots[item] = FAINT;
      else if (code < 0) slots[item] = OTHER;
      else slots[item] = listed ? (colourOf.get(code) ?? OTHER) : FIRST + toStep[code];
    }
    const counts = new Uint32Array(257);
    for (const slot of slots) counts[slot + 1]++;
    for (let slot = 0; slot < 256; slot++) counts[slot + 1] += counts[slot];
    const order = new Uint32Array(total - slots.reduce((sum, slot) => sum + (slot === HIDDEN), 0));
    for (let item = 0; item < total; item++) if (slots[item] !== HIDDEN) order[counts[slots[item]]++] = item;
    painter.colour(slots, order, palette());
    redraw();
  }

  function palette() {
    const others = OTHERS[dark.matches ? "dark" : "light"];
    const own = column?.kind === "scale" ? scaleColours() : hues();
    const colours = [[...rgb(others), 0.25], [...rgb(others), column ? 0.7 : 0.9], ...own.map((each) => [...rgb(each), 0.9])];
    while (colours.length < FIRST + STEPS) colours.push([0, 0, 0, 0]);
    return colours;
  }

  const hues = () => (dark.matches ? DARK : LIGHT);

  // Colours go to the most frequent labels shown; one that has a colour keeps it as long as it is shown.
  function giveColours() {
    if (column?.kind !== "list") return;
    const kept = new Map([...colourOf].filter(([code]) => !hidden.has(code)));
    const free = hues().map((_, place) => FIRST + place).filter((slot) => ![...kept.values()].includes(slot));
    for (let code = 0; code < column.values.length && free.length; code++) {
      if (!hidden.has(code) && !kept.has(code)) kept.set(code, free.shift());
    }
    colourOf = kept;
  }

  // Legend

  function chooseColumn(name) {
    column = columns.find((each) => each.name === name) ?? null;
    hidden = new Set();
    colourOf = new Map();
    giveColours();
    showLegend();
    recolour();
  }

  function showLegend(most = LEGEND) {
    const legend = at("legend");
    legend.replaceChildren();
    if (!column) return;
    const counts = new Map();
    for (const code of column.codes) counts.set(code, (counts.get(code) ?? 0) + 1);
    const missing = counts.get(-1) ?? 0;
    if (column.kind === "scale") {
      const [low, high] = endsOf(column);
      const ramp = make("div", { className: "ramp" });
      ramp.style.background = `linear-gradient(to right, ${scaleColours().join(", ")})`;
      legend.append(ramp, make("p", { className: "ramp-ends" }, make("span", {}, `≤ ${low}`), make("span", {}, `≥ ${high}`)));
      const rows = [tick(0, `${column.name} known`, total - missing)];
      if (missing) rows.push(tick(-1, "not known", missing));
      legend.append(make("ul", {}, ...rows));
      return;
    }
    const all = column.values.map((value, code) => [code, value, counts.get(code) ?? 0]);
    if (missing) all.push([-1, "not known", missing]);
    const list = make("ul", {}, ...all.slice(0, most).map((entry) => tick(...entry)));
    const act = (text, set) => make("button", {
      type: "button",
      className: "quiet",
      textContent: text,
      onclick: () => {
        hidden = new Set(set ? [] : all.map(([code]) => code));
        if (!set) colourOf = new Map();
        toggled();
        list.querySelectorAll("input").forEach((input) => { input.checked = set; });
      },
    });
    legend.append(make("div", { className: "legend-acts" }, act("Show all", true), act("Show none", false)), list);
    if (all.length > most) {
      const rest = make("button", { type: "button", className: "quiet", textContent: `${number(all.length - most)} more` });
      rest.onclick = () => showLegend(all.length);
      list.append(make("li", {}, rest));
    }
    paintSwatches();
  }

  function tick(code, label, count) {
    const input = make("input", { type: "checkbox", checked: !hidden.has(code) });
    input.onchange = () => {
      if (input.checked) hidden.delete(code);
      else hidden.add(code);
      toggled();
    };
    const swatch = make("span", { className: "swatch" });
    swatch.dataset.code = code;
    const what = make("span", { className: "what", textContent: label });
    const entry = make("label", {}, input, swatch, what, make("span", { className: "how-many", textContent: number(count) }));
    return make("li", {}, entry);
  }

  function toggled() {
    giveColours();
    paintSwatches();
    recolour();
    say(`${pieces(total - slots.reduce((sum, slot) => sum + (slot === HIDDEN), 0))} shown.`);
  }

  function paintSwatches() {
    if (column?.kind !== "list") return;
    for (const swatch of at("legend").querySelectorAll(".swatch")) {
      const slot = colourOf.get(Number(swatch.dataset.code));
      swatch.style.background = slot ? hues()[slot - FIRST] : OTHERS[dark.matches ? "dark" : "light"];
    }
  }

  // View

  const whole = () => 0.44 * Math.min(width, height);

  function reset() {
    Object.assign(view, { x: 0, y: 0, scale: whole() });
    moved();
  }

  function zoom(factor, x = width / 2, y = height / 2) {
    const [mapX, mapY] = toMap(x, y);
    view.scale = Math.max(0.5 * whole(), Math.min(CLOSEST * whole(), view.scale * factor));
    view.x = mapX - (x - width / 2) / view.scale;
    view.y = mapY - (y - height / 2) / view.scale;
    moved();
  }

  function pan(x, y) {
    view.x = Math.max(-1.2, Math.min(1.2, view.x - x / view.scale));
    view.y = Math.max(-1.2, Math.min(1.2, view.y - y / view.scale));
    moved();
  }

  function moved() {
    moving = true;
    clearTimeout(still);
    still = setTimeout(() => { moving = false; redraw(); }, 180);
    redraw();
  }

  function fit() {
    const first = width === 1;
    const zoomed = view.scale / whole();
    [width, height] = [Math.max(1, stage.clientWidth), Math.max(1, stage.clientHeight)];
    for (const canvas of [at("points"), over]) {
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
    if (first) reset();
    else view.scale = zoomed * whole();
    redraw();
  }

  // Painting, at most once a frame

  let asked = false;
  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
    });
  }

  // Points grow with the zoom, slower than the map does, and are larger where there are few.
  function diameter() {
    const base = Math.max(2.2, Math.min(9, 460 / Math.sqrt(total)));
    return Math.min(14, base * (view.scale / whole()) ** 0.35);
  }

  function paint() {
    const ratio = devicePixelRatio;
    painter.paint({ ...view, scale: view.scale * ratio }, diameter() * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const ink = getComputedStyle(stage).color;
    if (photos && !moving) paintPhotos();
    if (shown !== null) {
      const [x, y] = toScreen(shown);
      pen.strokeStyle = ink;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(x, y, diameter() / 2 + 4, 0, 7);
      pen.stroke();
      setCard(x, y);
    }
    if (outline) {
      pen.beginPath();
      for (const [x, y] of outline) pen.lineTo(x, y);
      pen.closePath();
      pen.strokeStyle = ink;
      pen.lineWidth = 1.5;
      pen.setLineDash([5, 4]);
      pen.stroke();
      pen.setLineDash([]);
      pen.globalAlpha = 0.08;
      pen.fillStyle = ink;
      pen.fill();
      pen.globalAlpha = 1;
    }
  }

  // Seen from close by, points are photos.
  function paintPhotos() {
    const close = inView(PHOTOS_AT_ONCE);
    if (close.length > PHOTOS_AT_ONCE) return;
    const tall = Math.max(34, Math.min(84, Math.sqrt((width * height) / (close.length + 1)) / 2.2));
    for (const item of close) {
      const part = photos.part(item, redraw);
      if (!part) continue;
      const [x, y] = toScreen(item);
      const wide = (tall * part[3]) / part[4];
      pen.globalAlpha = slots[item] === FAINT ? 0.25 : 1;
      pen.fillStyle = "#fff";
      pen.fillRect(x - wide / 2 - 2, y - tall / 2 - 2, wide + 4, tall + 4);
      pen.drawImage(...part, x - wide / 2, y - tall / 2, wide, tall);
      pen.strokeStyle = cssOf(slots[item]);
      pen.lineWidth = 2;
      pen.strokeRect(x - wide / 2 - 2, y - tall / 2 - 2, wide + 4, tall + 4);
    }
    pen.globalAlpha = 1;
  }

  function cssOf(slot) {
    const [r, g, b] = palette()[slot];
    return `rgb(${255 * r} ${255 * g} ${255 * b})`;
  }

  // The card of one piece

  function show(item) {
    if (item === shown) return;
    shown = item;
    const card = at("card");
    card.hidden = item === null;
    if (item !== null) {
      const labels = make("dl");
      for (const [what, label] of labelsOf(item)) labels.append(make("dt", { textContent: what }), make("dd", { textContent: label }));
      const picture = photos ? [make("div", { className: "mat" }, photos.picture(item))] : [];
      const name = make("p", { className: "name", textContent: names[item] || ids[item] });
      card.replaceChildren(...picture, name, labels);
    }
    redraw();
  }

  function labelsOf(item) {
    const known = columns.filter(({ codes }) => codes[item] >= 0);
    return [["id", ids[item]], ...known.map(({ name, values, codes }) => [name, String(values[codes[item]])])];
  }

  function setCard(x, y) {
    const card = at("card");
    const [wide, tall] = [card.offsetWidth, card.offsetHeight];
    const left = x + 16 + wide < width ? x + 16 : x - 16 - wide;
    card.style.left = `${Math.max(4, Math.min(width - wide - 4, left))}px`;
    card.style.top = `${Math.max(4, Math.min(height - tall - 4, y - tall / 2))}px`;
  }

  function hold(item, aloud = false) {
    held = item;
    show(item);
    if (aloud) say(item === null ? "No piece here." : labelsOf(item).reduce((text, pair) => `${text}, ${pair.join(" ")}`, names[item]));
  }

  // Choosing

  function choose(items, what) {
    chosen = items;
    at("list").hidden = false;
    at("list-title").textContent = what === undefined ? pieces(items.length) : `${pieces(items.length)} ${what}`;
    at("chosen").replaceChildren();
    at("copy").disabled = at("csv").disabled = !items.length;
    lengthen();
    say(at("list-title").textContent);
    at("list-title").focus({ preventScroll: true });
  }

  function lengthen() {
    const list = at("chosen");
    const from = list.children.length;
    list.append(...chosen.slice(from, from + LISTED).map((item) => {
      const picture = photos ? [make("span", { className: "mat" }, photos.picture(item))] : [];
      const name = make("span", { className: "name", textContent: names[item] || ids[item] });
      const button = make("button", { type: "button", onclick: () => find(item) }, ...picture, name);
      button.dataset.id = ids[item];
      return make("li", {}, button);
    }));
    const left = chosen.length - list.children.length;
    at("more").hidden = left <= 0;
    at("more").textContent = `Show more (${number(left)} left)`;
  }

  function find(item) {
    Object.assign(view, { x: places[2 * item], y: places[2 * item + 1], scale: Math.max(view.scale, 6 * whole()) });
    moved();
    hold(item);
  }

  function inside(corners) {
    const around = corners.map(([x, y]) => toMap(x, y));
    const [xs, ys] = [around.map(([x]) => x), around.map(([, y]) => y)];
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    return within(...box).filter((item) => {
      const [x, y] = [places[2 * item], places[2 * item + 1]];
      let odd = false;
      for (let i = 0, j = around.length - 1; i < around.length; j = i++) {
        const crosses = ys[i] > y !== ys[j] > y;
        if (crosses && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) odd = !odd;
      }
      return odd;
    }).filter((item) => slots[item] !== FAINT);
  }

  const listView = () => choose(inView().filter((item) => slots[item] !== FAINT), "in view");

  // Hands: a mouse, a pen, one finger or two

  const fingers = new Map();
  let began = null;
  let drags = false; // more than the tremor of a click

  const placeOf = (event) => {
    const box = over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  over.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    over.setPointerCapture(event.pointerId);
    const place = placeOf(event);
    fingers.set(event.pointerId, place);
    drags = fingers.size > 1;
    began = place;
    const draws = fingers.size === 1 && (tool !== "move" || event.shiftKey);
    outline = draws ? [place] : null;
  });

  over.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse" && held === null) show(nearest(...place, 10));
      return;
    }
    if (!drags && Math.hypot(place[0] - began[0], place[1] - began[1]) < 5) return;
    drags = true;
    fingers.set(event.pointerId, place);
    if (fingers.size === 2) {
      const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, where]) => where);
      const apart = (where) => Math.max(1, Math.hypot(where[0] - other[0], where[1] - other[1]));
      pan((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
      zoom(apart(place) / apart(before), (place[0] + other[0]) / 2, (place[1] + other[1]) / 2);
    } else if (!outline) {
      pan(place[0] - before[0], place[1] - before[1]);
    } else if (tool === "box") {
      outline = [began, [place[0], began[1]], place, [began[0], place[1]]];
      redraw();
    } else {
      outline.push(place);
      redraw();
    }
  });

  const letGo = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (outline && drags && outline.length > 2 && event.type === "pointerup") choose(inside(outline));
    else if (!drags && event.type === "pointerup") hold(nearest(...placeOf(event), event.pointerType === "mouse" ? 10 : 22));
    outline = null;
    redraw();
  };
  over.addEventListener("pointerup", letGo);
  over.addEventListener("pointercancel", letGo);
  over.addEventListener("pointerleave", () => { if (held === null) show(null); });
  over.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), ...placeOf(event));
  }, { passive: false });

  // Keys

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function step([right, down]) {
    if (shown === null) return hold(nearest(width / 2, height / 2, Math.max(width, height)), true);
    const from = shown;
    const ahead = (item) => {
      const [x, y] = [places[2 * item] - places[2 * from], places[2 * item + 1] - places[2 * from + 1]];
      const along = x * right + y * down;
      return along > 0 && along >= Math.abs(x * down) + Math.abs(y * right);
    };
    const next = nearest(...toScreen(from), Math.max(width, height), ahead);
    if (next === null) return;
    const [x, y] = toScreen(next);
    if (x < 20 || y < 20 || x > width - 20 || y > height - 20) pan(width / 2 - x, height / 2 - y);
    hold(next, true);
  }

  over.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) step(arrow);
    else if (arrow) pan(-60 * arrow[0], -60 * arrow[1]);
    else if (event.key === "+" || event.key === "=") zoom(1.4);
    else if (event.key === "-") zoom(1 / 1.4);
    else if (event.key === "0") reset();
    else if (event.key === "Enter") hold(nearest(width / 2, height / 2, Math.max(width, height)), true);
    else if (event.key === "Escape") hold(null);
    else if (event.key === "l" || event.key === "L") listView();
    else return;
    event.preventDefault();
  });

  // Search

  function search() {
    const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    fits = null;
    let count = 0;
    if (words.length) {
      fits = new Uint8Array(total);
      for (let item = 0; item < total; item++) {
        const text = haystack[item];
        if (words.every((word) => text.includes(word))) fits[item] = 1;
        count += fits[item];
      }
    }
    at("found").textContent = words.length ? `${number(count)} found` : "";
    at("list-found").hidden = !count;
    recolour();
  }
  const haystack = names.map((name, item) => `${name} ${ids[item]}`.toLowerCase());
  const listFound = () => {
    if (fits) choose([...fits.keys()].filter((item) => fits[item] && slots[item] !== HIDDEN), "found");
  };

  // Taking ids along

  const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

  function csv() {
    const head = ["id", "name", ...columns.map(({ name }) => name)];
    const rows = chosen.map((item) => [
      ids[item], names[item], ...columns.map(({ values, codes }) => (codes[item] < 0 ? "" : String(values[codes[item]]))),
    ]);
    return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
  }

  async function copy() {
    const text = chosen.map((item) => ids[item]).join("\n");
    try {
      await navigator.clipboard.writeText(text);
    } catch { // not allowed, or not there: pages from another computer without https
      const area = make("textarea", { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say(`${number(chosen.length)} ids copied.`);
    at("copy").textContent = "Copied";
    setTimeout(() => { at("copy").textContent = "Copy ids"; }, 1500);
  }

  function download() {
    const url = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    make("a", { href: url, download: "pieces.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  // Everything connected

  at("colour-by").append(make("option", { value: "", textContent: "nothing" }), ...columns.map(({ name }) => make("option", { value: name, textContent: name })));
  at("colour-by").onchange = () => chooseColumn(at("colour-by").value);
  let typing = 0;
  at("search").oninput = () => { clearTimeout(typing); typing = setTimeout(search, 120); };
  at("search").onkeydown = (event) => {
    if (event.key !== "Enter") return;
    clearTimeout(typing);
    search();
    listFound();
  };
  at("list-found").onclick = listFound;
  for (const button of stage.querySelectorAll("[data-tool]")) {
    button.onclick = () => {
      tool = stage.dataset.tool = button.dataset.tool;
      for (const other of stage.querySelectorAll("button[data-tool]")) other.setAttribute("aria-pressed", other === button);
    };
  }
  at("closer").onclick = () => zoom(1.6);
  at("farther").onclick = () => zoom(1 / 1.6);
  at("reset").onclick = () => { hold(null); reset(); };
  at("list-view").onclick = listView;
  at("close-list").onclick = () => { at("list").hidden = true; over.focus(); };
  at("more").onclick = lengthen;
  at("copy").onclick = copy;
  at("csv").onclick = download;
  dark.addEventListener("change", () => { paintSwatches(); recolour(); });

  at("count").textContent = pieces(total);
  at("about").textContent = about(map);
  new ResizeObserver(fit).observe(stage);
  fit();
  at("colour-by").value = tellingColumn(columns)?.name ?? "";
  chooseColumn(at("colour-by").value);
  at("atlas").dataset.painter = painter.kind;
  at("atlas").dataset.state = "ready";
}

function about({ method, kept }) {
  const how = method === "pca" ? "Drawn by the two first principal components" : "Drawn by t-SNE";
  if (kept === null) return `${how}.`;
  return `${how}: of a piece's 10 most similar ones, ${(10 * kept).toFixed(1)} are among its 10 nearest here. ` +
    "What lies together looks alike; how far apart groups lie says little.";
}

const say = (text) => { at("status").textContent = text; };

open().catch((error) => {
  at("atlas").dataset.state = "failed";
  at("waiting").textContent = error.message;
});
