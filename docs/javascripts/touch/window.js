// A window moves over an image: its nine products, their sum, and the map that the sums make.
"use strict"

touch.start((place, { image, kernels }) => {
  const { make, data, words, clamp, panel } = touch
  const height = image.length, width = image[0].length
  let row = 10, column = 10, size = 3

  const [label, select] = touch.choice("Kernel", Object.keys(kernels).map((name) => [name, name]), draw)
  const outline = make("div", { className: "touch__window" })
  const pixel = make("div", { className: "touch__window" })
  const field = touch.field("The digit", move, picture(image, (value) => `rgb(${value} ${value} ${value})`), outline)
  const products = make("table", { className: "touch__grid" })
  const map = make("div", { className: "touch__field" })
  const sum = make("output", { className: "touch__says" })
  touch.pointing(field, (y, x) => go(Math.floor(y * height) - 1, Math.floor(x * width) - 1))
  touch.pointing(map, (y, x) => go(Math.floor(y * (height - size + 1)), Math.floor(x * (width - size + 1))))
  place.append(make("div", { className: "touch__controls" }, label),
    make("div", { className: "touch__panels" }, panel(`image, ${height} × ${width}`, field), panel("pixel × weight", products), panel("map", map)), sum)

  function picture(values, colour) { // one canvas pixel for each value; CSS makes it large
    const canvas = make("canvas", { width: values[0].length, height: values.length })
    const context = canvas.getContext("2d")
    values.forEach((line, i) => line.forEach((value, j) => {
      context.fillStyle = colour(value)
      context.fillRect(j, i, 1, 1)
    }))
    return canvas
  }

  function under(i, j) { // [pixel, weight, product] of each place of the window
    return kernels[select.value].map((weights, a) => weights.map((weight, b) => [image[i + a][j + b], weight, image[i + a][j + b] * weight]))
  }

  const total = (found) => found.flat().reduce((all, [, , product]) => all + product, 0)

  function move(rows, columns) { go(row + rows, column + columns) }

  function go(i, j) {
    row = clamp(i, 0, height - size)
    column = clamp(j, 0, width - size)
    show()
  }

  function box(element, i, j, extent, rows, columns) {
    Object.assign(element.style, { top: `${100 * i / rows}%`, left: `${100 * j / columns}%`, height: `${100 * extent / rows}%`, width: `${100 * extent / columns}%` })
  }

  function show() {
    const found = under(row, column)
    products.replaceChildren(make("tbody", {}, ...found.map((line) => make("tr", {}, ...line.map(([value, weight, product]) =>
      make("td", {}, data("product", product), make("small", { textContent: `${words(value)} × ${words(weight)}` })))))))
    box(outline, row, column, size, height, width)
    box(pixel, row, column, 1, height - size + 1, width - size + 1)
    sum.replaceChildren(`Row ${row}, column ${column}: the nine products sum to `, data("sum", total(found)), ".")
    Object.assign(place.dataset, { row, column })
  }

  function draw() { // the whole map of this kernel: red is positive, blue negative, nothing is 0
    const sums = Array.from({ length: height - size + 1 }, (_, i) => Array.from({ length: width - size + 1 }, (_, j) => total(under(i, j))))
    const largest = Math.max(...sums.flat().map(Math.abs), 1)
    const colour = (value) => `rgb(${value < 0 ? "60 125 225" : "220 70 55"} / ${Math.abs(value) / largest})`
    map.replaceChildren(picture(sums, colour), pixel)
    show()
  }

  draw()
})
