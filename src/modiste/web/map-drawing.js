// How the map's points and photos get onto a canvas; map.js says which, where and when.

export const FIRST = 2; // the first entry of the palette that is a colour
export const STEPS = 32; // how many colours there may be
export const PHOTOS_AT_ONCE = 120; // so few pieces in view are shown as photos
const SHEETS_KEPT = PHOTOS_AT_ONCE + 10; // held decoded, 2 MB each; never fewer than are drawn at once

export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// Photos one by one, from the shop.
export class Served {
  constructor(ids) {
    this.url = (item) => `/v1/catalogue/${encodeURIComponent(ids[item])}/photo`;
    this.seen = new Map();
  }
  picture(item) {
    return make("img", { src: this.url(item), alt: "", loading: "lazy" });
  }
  // For drawing on the map: an image and the part of it, or undefined until it is there; then `ready` is called.
  part(item, ready) {
    let image = this.seen.get(item);
    if (!image) {
      if (this.seen.size > 4 * PHOTOS_AT_ONCE) this.seen.clear();
      image = make("img", { src: this.url(item) });
      image.addEventListener("load", ready);
      this.seen.set(item, image);
    }
    if (image.complete && image.naturalWidth) return [image, 0, 0, image.naturalWidth, image.naturalHeight];
  }
}

// Photos in sheets of equal cells, row by row, in the order of the items.
export class Sheets {
  constructor({ type, width, height, across, down }) {
    Object.assign(this, { type, width, height, across, down });
    this.texts = document.getElementsByClassName("map-sheet");
    this.images = new Map();
  }
  sheet(index) {
    let image = this.images.get(index);
    if (!image) image = make("img", { src: `data:${this.type};base64,${this.texts[index].textContent}` });
    this.images.delete(index); // the one used last goes to the end
    this.images.set(index, image);
    if (this.images.size > SHEETS_KEPT) this.images.delete(this.images.keys().next().value);
    return image;
  }
  // The item's sheet, and its cell in it as soon as that is there; then `ready` is called with it.
  cell(item, ready) {
    const image = this.sheet(Math.floor(item / (this.across * this.down)));
    const place = item % (this.across * this.down);
    const [x, y] = [(place % this.across) * this.width, Math.floor(place / this.across) * this.height];
    const part = [image, x, y, this.width, this.height];
    if (image.complete) return part;
    image.addEventListener("load", () => ready(part), { once: true });
    return undefined;
  }
  part(item, ready) {
    return this.cell(item, () => ready());
  }
  picture(item) {
    const canvas = make("canvas", { width: this.width, height: this.height });
    const draw = (part) => canvas.getContext("2d").drawImage(...part, 0, 0, this.width, this.height);
    const part = this.cell(item, draw);
    if (part) draw(part);
    return canvas;
  }
}

// Drawing points: WebGL 2, or a 2-D canvas where there is none (44,000 points are few enough for either). When the
// browser takes the graphics memory away, the points move to a fresh canvas, as one that had WebGL can have nothing
// else; `lost` is called with it.

export function painterOf(canvas, places, lost) {
  const painter = webglPainter(canvas, places);
  if (!painter) return canvasPainter(canvas, places);
  canvas.addEventListener("webglcontextlost", () => {
    const fresh = canvas.cloneNode();
    canvas.replaceWith(fresh);
    lost(canvasPainter(fresh, places));
  });
  return painter;
}

const VERTEX = `#version 300 es
in vec2 place;
in float slot;
uniform vec3 view;
uniform vec2 size;
uniform float diameter;
uniform vec4 palette[${FIRST + STEPS}];
out vec4 colour;
void main() {
  vec2 at = (place - view.xy) * view.z * 2.0 / size;
  gl_Position = vec4(at.x, -at.y, 0, 1);
  gl_PointSize = diameter;
  colour = palette[int(slot)];
}`;
const FRAGMENT = `#version 300 es
precision highp float; // as in the other shader: they share a uniform
in vec4 colour;
uniform float diameter;
out vec4 painted;
void main() {
  float away = length(gl_PointCoord - 0.5) * diameter;
  float covered = clamp(diameter * 0.5 - away, 0.0, 1.0) * colour.a;
  if (covered <= 0.0) discard;
  painted = vec4(colour.rgb * covered, covered);
}`;

function webglPainter(canvas, places) {
  const gl = canvas.getContext("webgl2", { antialias: false, depth: false, alpha: true });
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  const attribute = (name, data, size, type) => {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    const place = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, type, false, 0, 0);
    return buffer;
  };
  attribute("place", places, 2, gl.FLOAT);
  const slotBuffer = attribute("slot", new Uint8Array(places.length / 2), 1, gl.UNSIGNED_BYTE);
  const orderBuffer = gl.createBuffer();
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, orderBuffer);
  const uniform = (name) => gl.getUniformLocation(program, name);
  const [view, size, diameter, palette] = ["view", "size", "diameter", "palette"].map(uniform);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  let count = 0;
  return {
    kind: "WebGL",
    colour(slots, order, colours) {
      gl.bindBuffer(gl.ARRAY_BUFFER, slotBuffer);
      gl.bufferData(gl.ARRAY_BUFFER, slots, gl.DYNAMIC_DRAW);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.DYNAMIC_DRAW);
      gl.uniform4fv(palette, colours.flat());
      count = order.length;
    },
    paint({ x, y, scale }, points) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.uniform3f(view, x, y, scale);
      gl.uniform2f(size, canvas.width, canvas.height);
      gl.uniform1f(diameter, points);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.drawElements(gl.POINTS, count, gl.UNSIGNED_INT, 0);
    },
  };
}

function canvasPainter(canvas, places) {
  const context = canvas.getContext("2d");
  let slots, order, styles;
  return {
    kind: "2-D canvas",
    colour(newSlots, newOrder, colours) {
      [slots, order] = [newSlots, newOrder];
      styles = colours.map(([r, g, b, a]) => `rgb(${255 * r} ${255 * g} ${255 * b} / ${a})`);
    },
    paint({ x, y, scale }, diameter) {
      const { width, height } = canvas;
      context.clearRect(0, 0, width, height);
      let slot = -1;
      for (const item of order) {
        const left = (places[2 * item] - x) * scale + width / 2 - diameter / 2;
        const top = (places[2 * item + 1] - y) * scale + height / 2 - diameter / 2;
        if (left < -diameter || top < -diameter || left > width || top > height) continue;
        if (slots[item] !== slot) context.fillStyle = styles[(slot = slots[item])];
        context.fillRect(left, top, diameter, diameter);
      }
    },
  };
}
