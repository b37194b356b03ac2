// Three scores, what softmax makes of them, and what the loss is if one of the classes is the right one.
"use strict"

touch.start((place, { logits, label: right }) => {
  const { make, data, words } = touch
  const scores = logits.map((value, i) => touch.slider(`Score of class ${i}`, { min: -10, max: 10, step: 0.5, value }, draw))
  const [factorLabel, factor] = touch.choice("All scores", [["1", "as they are"], ["10", "times 10"], ["100", "times 100"]], draw)
  const [labelLabel, label] = touch.choice("Right is", logits.map((_, i) => [String(i), `class ${i}`]), draw)
  const rows = make("tbody")
  const table = make("table", { className: "touch__table" }, make("thead", {}, make("tr", {}, ...["class", "score", "exp", "softmax", "gradient"].map((text) => make("th", { scope: "col", textContent: text })))), rows)
  const says = make("output", { className: "touch__says" }), naive = make("p", { className: "touch__says" })
  label.value = String(right)
  place.append(make("div", { className: "touch__controls" }, ...scores.map(([one]) => one)), make("div", { className: "touch__controls" }, labelLabel, factorLabel),
    make("div", { className: "table-wrap", tabIndex: 0, role: "region", "aria-label": "Softmax of the scores" }, table), says, naive)

  function draw() {
    const values = scores.map(([, input]) => Number(input.value) * Number(factor.value)), truth = Number(label.value)
    const exponentials = values.map(Math.exp)
    const plain = exponentials[truth] / exponentials.reduce((all, value) => all + value)
    const most = Math.max(...values)
    const logarithm = Math.log(values.reduce((all, value) => all + Math.exp(value - most), 0))
    const logs = values.map((value) => value - most - logarithm), probabilities = logs.map(Math.exp)
    rows.replaceChildren(...values.map((value, i) => make("tr", { className: i === truth ? "on" : "" },
      make("th", { scope: "row", textContent: `${i}${i === truth ? " (right)" : ""}` }), make("td", {}, data("logit", value)), make("td", {}, data("exp", exponentials[i])),
      make("td", {}, data("probability", probabilities[i]), make("span", { className: "touch__bar", style: `width: ${4 * probabilities[i]}rem` })),
      make("td", {}, data("gradient", probabilities[i] - (i === truth))))))
    says.replaceChildren("The loss is −log of the right class's softmax: ", data("stable", -logs[truth]), ".")
    const loss = -Math.log(plain)
    naive.replaceChildren("As the formula says it, with exp of the scores: ", data("naive", loss), Number.isFinite(loss) ? "." : `. That is no loss to learn from: ${Number.isNaN(loss) ? "∞ / ∞ or 0 / 0" : "the logarithm of 0"}.`)
  }

  draw()
})
