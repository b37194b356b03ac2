// A window steps over a map of whole numbers: what pooling keeps of each, and where the gradient goes.
"use strict"

touch.start((place, { map }) => {
  const { make, data, words, clamp, panel } = touch
  const height = map.length, width = map[0].length
  let row = 0, column = 0

  const [kindLabel, kind] = touch.choice("Keep", [["max", "the largest"], ["average", "the average"]], draw)
  const [sizeLabel, size] = touch.slider("Window", { min: 1, max: 4, value: 2 }, draw)
  const [strideLabel, stride] = touch.slider("Stride", { min: 1, max: 3, value: 2 }, draw)
  const grid = make("table", { className: "touch__grid" }), kept = make("table", { className: "touch__grid" }), back = make("table", { className: "touch__grid" })
  const field = touch.field("A map of four rows and four columns", (rows, columns) => { row += rows; column += columns; draw() }, grid)
  const gradient = panel("gradient goes to", back)
  const says = make("output", { className: "touch__says" })
  const whole = map.flat().reduce((all, value) => all + value) / (height * width)
  touch.pointing(field, (y, x) => {
    row = Math.floor(Math.floor(y * height) / stride.value)
    column = Math.floor(Math.floor(x * width) / stride.value)
    draw()
  })
  place.append(make("div", { className: "touch__controls" }, kindLabel, sizeLabel, strideLabel),
    make("div", { className: "touch__panels" }, panel("a map", field), panel("what is kept", kept), gradient), says,
    make("p", { className: "touch__says" }, "Global average pooling keeps one number of the whole map: ", data("global", whole), "."))

  function draw() {
    const k = Number(size.value), step = Number(stride.value)
    const rows = Math.floor((height - k) / step) + 1, columns = Math.floor((width - k) / step) + 1
    row = clamp(row, 0, rows - 1)
    column = clamp(column, 0, columns - 1)
    const all = (make) => Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => make(i, j)))
    const window = (i, j) => Array.from({ length: k * k }, (_, n) => [i * step + Math.floor(n / k), j * step + n % k])
    const values = (i, j) => window(i, j).map(([a, b]) => map[a][b])
    const found = all((i, j) => kind.value === "max" ? Math.max(...values(i, j)) : values(i, j).reduce((sum, value) => sum + value) / (k * k))
    const inside = window(row, column).map(String), here = values(row, column)
    const largest = window(row, column)[here.indexOf(Math.max(...here))]
    const arrived = map.map((line) => line.map(() => 0))
    all((i, j) => { // 1, 2, 3 … comes back to each window, and all of it goes to the first of its largest
      const [a, b] = window(i, j)[values(i, j).indexOf(Math.max(...values(i, j)))]
      arrived[a][b] += i * columns + j + 1
    })
    const table = (numbers, name, mark) => make("tbody", {}, ...numbers.map((line, i) => make("tr", {}, ...line.map((value, j) =>
      make("td", { className: mark(i, j) }, data(name, value))))))
    const one = (i, j) => i === row && j === column ? "on" : ""
    grid.replaceChildren(table(map, "pixel", (i, j) => (inside.includes(`${i},${j}`) ? "on" : "") + (kind.value === "max" && String(largest) === `${i},${j}` ? " most" : "")))
    kept.replaceChildren(table(found, "kept", one))
    back.replaceChildren(table(arrived, "gradient", (i, j) => arrived[i][j] ? "on" : ""))
    gradient.hidden = kind.value !== "max"
    says.replaceChildren(`Window ${row * columns + column + 1} of ${rows * columns}: the ${kind.value === "max" ? "largest" : "average"} of ${here.map(words).join(", ")} is `, data("value", found[row][column]), ".")
    Object.assign(place.dataset, { row, column })
  }

  draw()
})
