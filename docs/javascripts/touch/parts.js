// What the figures to touch are made of. A page that has such a figure loads this and the figure's own script.
"use strict"

const touch = {
  // An element: its name, its properties (those with a dash are attributes), what is in it.
  make(name, properties = {}, ...inside) {
    const made = document.createElement(name)
    for (const [key, value] of Object.entries(properties)) {
      if (key.includes("-") || key === "role" || key === "for") made.setAttribute(key, value)
      else made[key] = value
    }
    made.append(...inside)
    return made
  },

  // A number as a reader wants it: whole as it is, else five digits.
  words(value) {
    if (Number.isNaN(value)) return "NaN"
    if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞"
    return String(Number.isInteger(value) && Math.abs(value) < 1e15 ? value : Number(value.toPrecision(5))).replaceAll("-", "−")
  },

  // The same, with the exact value at hand for whoever checks it.
  data(name, value) {
    const made = touch.make("data", { value: String(value) }, touch.words(value))
    made.dataset.name = name
    return made
  },

  choice(label, options, changed) {
    const select = touch.make("select", {}, ...options.map(([value, text]) => touch.make("option", { value, textContent: text })))
    select.addEventListener("change", changed)
    return [touch.make("label", {}, label + " ", select), select]
  },

  // With `names` it moves over these, and not over numbers.
  slider(label, { min, max, step = 1, value, names }, changed) {
    const shown = touch.make("span", { className: "touch__value" })
    const input = touch.make("input", { type: "range", min, max, step, value })
    const tell = () => {
      shown.textContent = names ? names[input.value] : touch.words(Number(input.value))
      if (names) input.setAttribute("aria-valuetext", names[input.value])
    }
    input.addEventListener("input", () => { tell(); changed() })
    input.tell = tell
    tell()
    return [touch.make("label", {}, touch.make("span", {}, label + " ", shown), input), input]
  },

  // A field in which the arrow keys move something: `moved(rows, columns)` is told by how much.
  field(label, moved, ...inside) {
    const made = touch.make("div", { className: "touch__field", tabIndex: 0, role: "application", "aria-label": label + ": the arrow keys move the window" }, ...inside)
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1e9], End: [0, 1e9] }
    made.addEventListener("keydown", (event) => {
      if (!steps[event.key] || event.ctrlKey || event.altKey || event.metaKey) return
      event.preventDefault()
      moved(...steps[event.key])
    })
    return made
  },

  // Pressing or drawing over a field: `at(y, x)` is told where, from 0 to 1.
  pointing(field, at) {
    const tell = (event) => {
      if (!(event.buttons & 1)) return
      const box = field.getBoundingClientRect()
      at((event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width)
    }
    field.addEventListener("pointerdown", tell)
    field.addEventListener("pointermove", tell)
  },

  panel(title, ...inside) {
    return touch.make("div", { className: "touch__panel" }, touch.make("p", { className: "touch__title", textContent: title }), ...inside)
  },

  clamp(value, least, most) {
    return Math.min(Math.max(value, least), most)
  },

  // The figure of this page: `draw(place, values)` builds it from the values that stand in the page.
  start(draw) {
    const place = document.getElementById("touch-figure")
    draw(place, JSON.parse(document.getElementById("touch-values").textContent))
  },
}
