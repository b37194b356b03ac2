// A row of pixels, a window that steps over it, zeros around: how many places there are, and what each sum sees.
"use strict"

touch.start((place, values) => {
  const { make, data, words, panel } = touch
  const [pixelsLabel, pixels] = touch.slider("Pixels", { min: 5, max: 12, value: values.size }, draw)
  const [sizeLabel, size] = touch.slider("Kernel", { min: 1, max: 5, value: values.kernel_size }, draw)
  const [strideLabel, stride] = touch.slider("Stride", { min: 1, max: 4, value: values.stride }, draw)
  const [paddingLabel, padding] = touch.choice("Padding", [["valid", "none (valid)"], ["same", "same"], ["1", "1"], ["2", "2"]], draw)
  const [weightsLabel, weights] = touch.choice("Weights", [["ones", "1, 1, 1 …"], ["counted", "1, 2, 3 …"]], draw)
  const flip = make("input", { type: "checkbox" })
  const [windowLabel, at] = touch.slider("Window", { min: 1, max: 1, value: 1 }, draw)
  const row = make("div", { className: "touch__row" }), map = make("div", { className: "touch__row" })
  const sum = make("output", { className: "touch__says" }), formula = make("p", { className: "touch__says" })
  flip.addEventListener("change", draw)
  padding.value = String(values.padding)
  place.append(make("div", { className: "touch__controls" }, pixelsLabel, sizeLabel, strideLabel, paddingLabel, weightsLabel,
    make("label", {}, flip, " Flip the kernel")), panel("the row, and the zeros around it", row), panel("the map", map),
  make("div", { className: "touch__controls" }, windowLabel), sum, formula)

  function extent(n, k, step, kind) { // the map's size, and the zeros before and after
    let before = 0, after = 0
    if (kind === "same") {
      const zeros = Math.max((Math.ceil(n / step) - 1) * step + k - n, 0)
      before = Math.floor(zeros / 2)
      after = zeros - before
    } else if (kind !== "valid") before = after = Number(kind)
    return [Math.floor((n + before + after - k) / step) + 1, before, after]
  }

  function draw() {
    const n = Number(pixels.value), k = Number(size.value), step = Number(stride.value)
    const [count, before, after] = extent(n, k, step, padding.value)
    const kernel = Array.from({ length: k }, (_, i) => weights.value === "ones" ? 1 : i + 1)
    if (flip.checked) kernel.reverse()
    at.max = count
    at.value = Math.min(at.value, count)
    at.tell()
    const framed = Array.from({ length: before + n + after }, (_, i) => i < before || i >= before + n ? 0 : i - before + 1)
    const begin = (Number(at.value) - 1) * step
    const sums = Array.from({ length: count }, (_, i) => kernel.reduce((all, weight, j) => all + weight * framed[i * step + j], 0))
    const seen = (i) => sums.some((_, number) => i >= number * step && i < number * step + k)
    const unseen = framed.filter((value, i) => value && !seen(i))
    row.replaceChildren(...framed.map((value, i) => {
      const inside = i >= begin && i < begin + k
      const kind = (value ? "" : " touch__cell--zero") + (inside ? " touch__cell--on" : seen(i) ? "" : " touch__cell--unseen")
      return make("span", { className: "touch__cell" + kind }, words(value), make("small", { textContent: inside ? "×" + kernel[i - begin] : " " }))
    }))
    map.replaceChildren(...sums.map((value, i) => make("span", { className: "touch__cell" + (i === at.value - 1 ? " touch__cell--on" : "") }, data("map", value))))
    const products = kernel.map((weight, j) => `${words(framed[begin + j])}·${weight}`).join(" + ")
    at.setAttribute("aria-valuetext", `window ${at.value} of ${count}: ${words(sums[at.value - 1])}`)
    sum.replaceChildren(`Window ${at.value} of ${count}: ${products} = `, data("sum", sums[at.value - 1]),
      flip.checked && weights.value === "ones" ? ". This kernel reads the same from both ends: flipping it changes nothing." : ".")
    formula.replaceChildren(`⌊(${n} + ${before + after} − ${k}) / ${step}⌋ + 1 = `, data("count", count), " places, with ", data("before", before), " zeros before and ", data("after", after), " after.",
      unseen.length ? ` No window sees pixel ${unseen.join(" and ")}.` : "")
  }

  draw()
})
