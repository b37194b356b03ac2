// One setting after the other: the recorded curves of all, and the chosen one in front with what it ends at.
"use strict"

touch.start((place, { label, settings, curves }) => {
  const { make, data, panel } = touch
  const names = settings.map(([name]) => name), recorded = new Map(settings), width = 320, height = 170
  const [chosenLabel, chosen] = touch.slider(label, { min: 0, max: names.length - 1, value: names.length >> 1, names }, draw)
  const charts = curves.map(({ name, says, first, largest }) => [name, says, largest, make("div", { className: "touch__chart" }), first])
  const says = make("output", { className: "touch__says" })
  place.append(make("div", { className: "touch__controls" }, chosenLabel),
    make("div", { className: "touch__panels" }, ...charts.map(([, title, , chart]) => panel(title, chart))), says)

  function element(name, properties, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name)
    for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value)
    made.textContent = text
    return made
  }

  function draw() {
    const name = names[chosen.value]
    for (const [curve, title, largest, chart, first] of charts) {
      const last = Math.max(...names.map((one) => recorded.get(one)[curve].length - 1 + first))
      const at = (value, epoch) => [30 + epoch / last * (width - 40), height - 20 - Math.min(value, largest) / largest * (height - 30)]
      const line = (one) => element("polyline", { class: one === name ? "on" : "", points: recorded.get(one)[curve].map((value, i) => at(value, i + first).join()).join(" ") })
      const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}, ${label} ${name}: ${recorded.get(name)[curve].map(touch.words).join(", ")}` })
      svg.append(element("path", { d: `M${at(largest, 0)}L${at(0, 0)}L${at(0, last)}` }),
        ...[[0, at(0, 0)], [largest, at(largest, 0)]].map(([value, [x, y]]) => element("text", { x: x - 4, y: y + 4, "text-anchor": "end" }, touch.words(value))),
        ...[...Array(last + 1).keys()].map((epoch) => element("text", { x: at(0, epoch)[0], y: height - 6, "text-anchor": "middle" }, String(epoch))),
        ...names.filter((one) => one !== name).map(line), line(name))
      chart.replaceChildren(svg)
    }
    says.replaceChildren(`${label} ${name} ends at `, ...charts.flatMap(([curve, title], i) => [i ? " and " : "", `${title} `, data(curve, recorded.get(name)[curve].at(-1))]), ".")
    place.dataset.setting = name
  }

  draw()
})
