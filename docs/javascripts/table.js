// The tools of the tables to choose by and of gotchas. The tables can be read without this file. What the reader sets is in
// the address, so that it can be sent to somebody else.
"use strict"

const PAIR = ["keras-tf", "pytorch"] // on a phone, for a reader who hasn't chosen yet

function chooser(matrix) {
  const form = matrix.querySelector("form")
  const notice = matrix.querySelector(".matrix__notice")
  const known = matrix.dataset.known.split(" ")
  const rows = [...matrix.querySelectorAll("tr[data-row]")]
  const every = [...matrix.querySelectorAll("tr:has([data-variant])")]
  const heads = Object.fromEntries([...matrix.querySelectorAll("thead th")].map((head) => [head.dataset.variant, head]))
  const label = (id) => heads[id].querySelector("a").getAttribute("aria-label")
  const needs = [...form.querySelectorAll("[name=need]")]
  const pair = [...form.querySelectorAll("[name=pair]")]
  const narrow = matchMedia("(max-width: 44.9375em)")
  let sorted = ""

  for (const row of rows) {
    const name = row.querySelector(".row-name")
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name.textContent, title: "Sort the columns by this row" })
    button.setAttribute("aria-pressed", "false")
    button.addEventListener("click", () => { sorted = sorted === row.dataset.row ? "" : row.dataset.row; changed() })
    name.replaceChildren(button)
  }

  const chosen = () => [...form.elements.show].filter((box) => box.checked).map((box) => box.value)
  const cells = (row) => Object.fromEntries([...row.querySelectorAll("[data-variant]")].map((cell) => [cell.dataset.variant, cell]))

  function shown() { // on a phone two of the chosen columns
    const columns = chosen()
    if (!narrow.matches || columns.length <= 2) return columns
    if (sorted) return order().filter((id) => columns.includes(id)).slice(0, 2)
    return columns.length === known.length && PAIR.every((id) => known.includes(id)) ? PAIR : columns.slice(0, 2)
  }

  function order() {
    const row = rows.find((row) => row.dataset.row === sorted)
    if (!row) return known
    const found = cells(row)
    const value = (id) => found[id].dataset.value
    return [...known].sort((a, b) => {
      if (value(a) === undefined || value(b) === undefined) return (value(a) === undefined) - (value(b) === undefined)
      const difference = Number(value(a)) - Number(value(b))
      return Number.isNaN(difference) ? value(a).localeCompare(value(b)) : difference
    })
  }

  // What the reader needs: a column has it if it is built in. The others say what they lack, or what it takes.
  function need(columns) {
    const wanted = rows.filter((row) => needs.some((box) => box.checked && box.value === row.dataset.row))
    const words = { lacks: "lacks", unknown: "no evidence for", "a few lines": "a few lines:", "add-on": "an add-on:" }
    const found = { has: [], can: [] }
    for (const row of rows) row.classList.toggle("wanted", wanted.includes(row))
    for (const id of known) {
      const told = Object.entries(words).map(([kind, word]) => {
        const names = wanted.filter((row) => cells(row)[id].dataset.lacks === kind).map((row) => row.querySelector("button").textContent)
        return [kind, names.length ? `${word} ${names.join(", ")}` : ""]
      }).filter(([, text]) => text)
      const missing = told.some(([kind]) => kind === "lacks" || kind === "unknown")
      for (const row of every) cells(row)[id]?.classList.toggle("faded", missing)
      heads[id].querySelector(".lacks")?.remove()
      if (told.length) heads[id].append(Object.assign(document.createElement("small"), { className: missing ? "lacks" : "lacks lacks--little", textContent: told.map(([, text]) => text).join("; ") }))
      if (columns.includes(id) && !missing) found[told.length ? "can" : "has"].push(label(id))
    }
    if (!wanted.length) return ""
    return [
      found.has.length ? `Has everything that you need: ${found.has.join(", ")}.` : "No column has everything that you need.",
      found.can.length ? `With a few lines or an add-on: ${found.can.join(", ")}.` : "",
    ].filter(Boolean).join(" ")
  }

  // How many times the best, or the column to compare with, which is 1.0×.
  function compare(columns) {
    const against = form.elements.with?.value
    for (const row of rows) {
      const told = Object.fromEntries([...row.querySelectorAll(".times")].map((one) => [one.closest("td").dataset.variant, one]))
      const base = against ? Number(told[against]?.dataset.ratio) : 1
      for (const one of Object.values(told)) {
        const times = one.dataset.ratio / base
        one.textContent = base > 0 ? (times < 9.95 ? times.toFixed(1) : Math.round(times).toLocaleString("en")) + "×" : ""
      }
    }
    return against && !columns.includes(against) ? `Compared with ${label(against)}, which isn't shown.` : ""
  }

  function draw() {
    const columns = shown()
    const ordered = order()
    for (const row of every) {
      const found = cells(row)
      row.append(...ordered.map((id) => found[id]))
      for (const id of known) found[id].hidden = !columns.includes(id)
    }
    for (const wide of matrix.querySelectorAll("tr.group > [colspan]")) wide.colSpan = columns.length + 1
    const families = cells(matrix.querySelector(".families"))
    let before = ""
    for (const id of ordered.filter((id) => columns.includes(id))) {
      const family = heads[id].dataset.family
      families[id].textContent = family === before ? "" : family
      before = family
    }
    const words = form.elements.filter.value.toLowerCase().split(/\s+/).filter(Boolean)
    for (const row of rows) {
      const found = cells(row)
      const meanings = new Set(columns.map((id) => found[id].dataset.means).filter(Boolean))
      row.hidden = !words.every((word) => row.dataset.text.includes(word)) || (form.elements.differ.checked && meanings.size < 2)
      row.querySelector("button").setAttribute("aria-pressed", String(row.dataset.row === sorted))
    }
    for (const group of matrix.querySelectorAll("tbody")) group.hidden = !group.querySelector("tr[data-row]:not([hidden])")
    pair.forEach((select, i) => { select.value = columns[i] || "" })
    const compared = compare(columns)
    if (rows.every((row) => row.hidden)) notice.textContent = "No row is left. Everything shows them all again."
    else if (!columns.length) notice.textContent = "No column is chosen."
    else notice.textContent = [need(columns), compared].filter(Boolean).join(" ")
    rove()
  }

  function changed() {
    const columns = chosen()
    history.replaceState(null, "", address({
      filter: form.elements.filter.value.trim(),
      differ: form.elements.differ.checked ? "1" : "",
      show: columns.length === known.length ? "" : columns.join(",") || "none",
      sort: sorted,
      with: form.elements.with?.value,
      need: needs.filter((box) => box.checked).map((box) => box.value).join(","),
    }))
    draw()
  }

  function restore() {
    const state = new URLSearchParams(location.search)
    const asked = (state.get("show") || "").split(",").filter(Boolean)
    const unknown = asked.filter((id) => id !== "none" && !known.includes(id))
    const list = asked.filter((id) => known.includes(id))
    form.elements.filter.value = state.get("filter") || ""
    form.elements.differ.checked = state.get("differ") === "1"
    if (form.elements.with) form.elements.with.value = known.includes(state.get("with")) ? state.get("with") : ""
    sorted = rows.some((row) => row.dataset.row === state.get("sort")) ? state.get("sort") : ""
    for (const box of form.elements.show) box.checked = list.length ? list.includes(box.value) : !asked.includes("none")
    const needed = (state.get("need") || "").split(",")
    for (const box of needs) box.checked = needed.includes(box.value)
    draw()
    if (unknown.length) notice.textContent = `There is no column called ${unknown.join(", ")}; the address names it.`
  }

  // ---- one stop for the tab key: arrows go from cell to cell, as in a spreadsheet

  const table = matrix.querySelector("table")
  const inside = (cell) => cell.querySelector("a, button")
  let here = null // the cell that the tab key goes to

  const grid = () => [...table.rows].filter((row) => row.checkVisibility() && !row.classList.contains("families"))
    .map((row) => [...row.cells].filter((cell) => !cell.hidden))

  function rove() {
    if (!here || here.hidden || !here.checkVisibility()) here = rows.find((row) => !row.hidden)?.cells[0] || null
    for (const cell of table.querySelectorAll("th, td")) {
      const target = inside(cell) || cell
      if (cell === here) target.tabIndex = 0
      else if (target === cell) cell.removeAttribute("tabindex")
      else target.tabIndex = -1
    }
  }

  function go(cell) {
    here = cell
    rove()
    ;(inside(cell) || cell).focus()
  }

  table.setAttribute("role", "grid")
  table.setAttribute("aria-label", "Arrow keys go from cell to cell")
  table.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -Infinity], End: [0, Infinity] }
    const step = steps[event.key]
    const cell = event.target.closest("th, td")
    if (!step || !cell || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const lines = grid()
    const line = lines.findIndex((cells) => cells.includes(cell))
    const next = lines[Math.max(0, Math.min(lines.length - 1, line + step[0]))]
    const column = lines[line].indexOf(cell) + step[1]
    go(next[Math.max(0, Math.min(next.length - 1, column))])
  })
  table.addEventListener("focusin", (event) => { here = event.target.closest("th, td") || here })

  form.hidden = false
  form.addEventListener("input", (event) => {
    if (event.target.name === "pair") for (const box of form.elements.show) box.checked = pair.some((select) => select.value === box.value)
    changed()
  })
  form.addEventListener("submit", (event) => event.preventDefault())
  form.addEventListener("reset", () => setTimeout(() => { sorted = ""; changed() }))
  addEventListener("popstate", restore)
  narrow.addEventListener("change", draw)
  restore()
}

// ---- what is behind a cell: a dialogue instead of the page that the link leads to

function dialogue(link, title, parts) {
  document.querySelector(".figures--answer")?.remove()
  const figures = Object.assign(document.createElement("div"), { className: "figures figures--answer", popover: "auto", role: "dialog", tabIndex: -1 })
  figures.setAttribute("aria-label", title)
  const close = Object.assign(document.createElement("button"), { type: "button", className: "figures__close", textContent: "Close" })
  close.addEventListener("click", () => figures.hidePopover())
  figures.append(Object.assign(document.createElement("h2"), { textContent: title }), ...parts, close)
  document.querySelector(".md-content article").append(figures)
  figures.querySelectorAll("pre > code").forEach(copyButton)
  figures.addEventListener("toggle", (change) => { if (change.newState === "closed") link.focus() })
  figures.showPopover()
  figures.focus()
}

function onward(link, text) {
  const last = document.createElement("p")
  last.append(Object.assign(document.createElement("a"), { href: link.href, textContent: text }))
  return last
}

function about(link) { // the row's name and the column's
  const cell = link.closest("td")
  const row = cell.closest("tr").querySelector(".row-name").textContent
  const column = cell.closest("table").querySelector(`thead th[data-variant="${cell.dataset.variant}"] a`).getAttribute("aria-label")
  return { cell, row, column }
}

async function answer(link) {
  const address = new URL(link.href)
  let section
  try {
    const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html")
    section = page.getElementById(address.hash.slice(1)).closest(".answer")
  } catch { // opened from a disk, for instance
    location.href = link.href
    return
  }
  for (const inner of section.querySelectorAll("a[href]")) inner.href = new URL(inner.getAttribute("href"), address)
  for (const named of section.querySelectorAll("[id]")) named.removeAttribute("id")
  section.removeAttribute("id")
  const group = link.closest("tbody").querySelector("tr.group th").textContent
  const { row } = about(link)
  dialogue(link, address.pathname.includes("/gotchas/") ? group : row, [section, onward(link, "All frameworks")])
}

function figures(link) {
  const { cell, row, column } = about(link)
  const text = (name) => cell.querySelector(name)?.textContent || ""
  const value = Object.assign(document.createElement("p"), { textContent: [link.textContent, text(".times")].filter(Boolean).join(", ") })
  const detail = Object.assign(document.createElement("p"), { textContent: text(".detail") })
  const measured = Object.assign(document.createElement("p"), { className: "source", textContent: cell.closest("tr").querySelector("th > small")?.textContent || "" })
  dialogue(link, `${row}: ${column}`, [value, detail, measured, onward(link, "All figures")])
}

document.querySelectorAll(".matrix").forEach((matrix) => {
  matrix.addEventListener("click", (event) => {
    const link = event.target.closest("td a[href]")
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !HTMLElement.prototype.showPopover) return
    const show = link.matches("[href*='features/'], [href*='gotchas/']") ? answer : link.parentElement.querySelector(".detail") ? figures : null
    if (!show) return
    event.preventDefault()
    show(link)
  })
  chooser(matrix)
})

// ---- tabs: without this file all panels stand one below the other

function tabs(container) {
  const panels = [...container.querySelectorAll(":scope > .tabs__panel")]
  if (panels.length < 2) return
  const list = document.createElement("div")
  list.setAttribute("role", "tablist")
  list.setAttribute("aria-label", "Where it was measured")
  const buttons = panels.map((panel, i) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: panel.querySelector("h2").textContent, id: `tab-${i}` })
    button.setAttribute("role", "tab")
    panel.setAttribute("role", "tabpanel")
    panel.setAttribute("aria-labelledby", button.id)
    button.addEventListener("click", () => choose(i))
    return button
  })
  function choose(number) {
    panels.forEach((panel, i) => { panel.hidden = i !== number })
    buttons.forEach((button, i) => {
      button.setAttribute("aria-selected", String(i === number))
      button.tabIndex = i === number ? 0 : -1
    })
  }
  list.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!step) return
    const next = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length
    choose(next)
    buttons[next].focus()
  })
  function linked() { // a link to a panel, or into it, opens it
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
    const number = panels.findIndex((panel) => target && panel.contains(target))
    if (number >= 0) choose(number)
  }
  list.append(...buttons)
  container.prepend(list)
  container.classList.add("tabs--on")
  choose(0)
  linked()
  addEventListener("hashchange", linked)
}

document.querySelectorAll(".tabs").forEach(tabs)
