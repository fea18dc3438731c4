// What the map is made of: ids, names, columns, places (x, y of each), and where photos come from.

import { Served, Sheets } from "./map-drawing.js";

const CELLS = 160; // across the map, to find what is near a pointer

export const at = (id) => document.getElementById(id);

export async function load() {
  const inside = at("map-items");
  const told = inside ? JSON.parse(inside.textContent) : await fetchMap();
  const places = inside ? new Float32Array(bytesOf(at("map-points").textContent).buffer) : told.places;
  return { ...told, places, photos: inside ? (told.sheets ? new Sheets(told.sheets) : null) : new Served(told.ids) };
}

async function fetchMap() {
  for (;;) {
    const state = await fetchOrExplain("/v1/map").then((response) => response.json());
    if (state.ready) {
      const [items, points] = await Promise.all([fetchOrExplain(state.items_url), fetchOrExplain(state.points_url)]);
      return { ...state, ...(await items.json()), places: new Float32Array(await points.arrayBuffer()) };
    }
    at("waiting").textContent = `Drawing the map: ${Math.round(100 * state.done)}% …`;
    await new Promise((done) => setTimeout(done, 1000));
  }
}

async function fetchOrExplain(url) {
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error("The shop cannot be reached. Is the server still running?");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The shop answered with error ${response.status}.`);
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

// The pieces by where they lie, to find those that are near.
export class Cells {
  constructor(places) {
    this.places = places;
    this.starts = new Uint32Array(CELLS * CELLS + 1);
    this.items = new Uint32Array(places.length / 2);
    const cells = this.items.map((_, item) => cellOf(places[2 * item + 1]) * CELLS + cellOf(places[2 * item]));
    for (const cell of cells) this.starts[cell + 1]++;
    for (let cell = 0; cell < CELLS * CELLS; cell++) this.starts[cell + 1] += this.starts[cell];
    const next = this.starts.slice();
    cells.forEach((cell, item) => { this.items[next[cell]++] = item; });
  }
  // The pieces within a rectangle of the map that `allowed` allows, at most so many and one.
  within(left, top, right, bottom, most, allowed) {
    const { places, starts, items } = this;
    const found = [];
    for (let row = cellOf(top); row <= cellOf(bottom); row++) {
      const first = starts[row * CELLS + cellOf(left)];
      const last = starts[row * CELLS + cellOf(right) + 1];
      for (let place = first; place < last; place++) {
        const item = items[place];
        const [x, y] = [places[2 * item], places[2 * item + 1]];
        if (x < left || x > right || y < top || y > bottom || !allowed(item)) continue;
        found.push(item);
        if (found.length > most) return found;
      }
    }
    return found;
  }
}

const cellOf = (value) => Math.max(0, Math.min(CELLS - 1, Math.floor(((value + 1) / 2) * CELLS)));
