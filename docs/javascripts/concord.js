// Everything on the site can be read without this file. It adds the choice of columns and the copy buttons; table.js
// adds the tools of the tables. Nothing is loaded and nothing is sent.
"use strict"

function remember(name, value) {
  try { localStorage.setItem(name, value) } catch { /* a private window: then it isn't remembered */ }
}

function address(changes) {
  const url = new URL(location.href)
  for (const [name, value] of Object.entries(changes)) {
    if (value) url.searchParams.set(name, value)
    else url.searchParams.delete(name)
  }
  url.search = url.search.replaceAll("%2C", ",")
  return url
}

// The theme's search is a dialogue without a name.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search")

// ---- copy buttons: the text of a code element is exactly the text of the file

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
  } catch { // no clipboard outside of https and localhost
    const area = Object.assign(document.createElement("textarea"), { value: text })
    document.body.append(area)
    area.select()
    document.execCommand("copy")
    area.remove()
  }
}

function copies(button, text) { // what `text` gives, when the button is pressed
  const words = button.textContent
  button.addEventListener("click", async () => {
    await copy(await text())
    button.textContent = "Copied"
    setTimeout(() => { button.textContent = words }, 1500)
  })
}

function copyButton(code) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" })
  const what = code.parentElement.getAttribute("aria-label")
  if (what) button.setAttribute("aria-label", "Copy: " + what)
  copies(button, () => code.textContent)
  const head = code.closest(".cell, .live section, .acting section")?.querySelector(":scope > :is(h3, h4)")
  if (head) head.after(button)
  else {
    const frame = Object.assign(document.createElement("div"), { className: "code-frame" })
    code.parentElement.replaceWith(frame)
    frame.append(code.parentElement, button)
  }
}

document.querySelectorAll(".md-content pre:not(.printed) > code").forEach(copyButton)

// ---- long lines: wrapped, or cut off with a sign where they are, and then columns scroll together

function edges() { // the sign
  for (const code of document.querySelectorAll(".md-content pre > code")) {
    code.parentElement.classList.toggle("cut", code.scrollLeft + code.clientWidth < code.scrollWidth - 1)
  }
}

function reachable() { // what scrolls sideways can be reached by keyboard; the theme puts tables into such frames
  for (const frame of document.querySelectorAll(".md-typeset__scrollwrap, .compare__tabs, .shown__frame"))
    frame.scrollWidth > frame.clientWidth ? frame.tabIndex = 0 : frame.removeAttribute("tabindex")
}

function wrapping(box) {
  const root = document.documentElement
  box.checked = !root.classList.contains("no-wrap")
  box.addEventListener("change", () => {
    root.classList.toggle("no-wrap", !box.checked)
    remember("concord.wrap", box.checked ? "" : "no")
    dispatchEvent(new Event("resize"))
  })
}

try { document.documentElement.classList.toggle("no-wrap", localStorage.getItem("concord.wrap") === "no") } catch { /* wrapped, then */ }
document.querySelectorAll(".compare__tools").forEach((tools) => { tools.hidden = false })
document.querySelectorAll("input.wrap").forEach(wrapping)
addEventListener("resize", edges)
document.addEventListener("toggle", edges, true) // what was folded had no size
const followed = new WeakMap() // where a column was put because another one scrolled: that isn't followed in turn
document.addEventListener("scroll", ({ target }) => {
  if (!(target instanceof HTMLElement) || !target.matches("pre > code")) return
  if (followed.get(target) !== target.scrollLeft) {
    for (const other of target.closest(".cells")?.querySelectorAll("pre:not(.commands, .printed) > code") ?? []) {
      if (other === target) continue
      other.scrollLeft = target.scrollLeft
      followed.set(other, other.scrollLeft)
    }
    followed.delete(target)
  }
  edges()
}, true)

// ---- side by side

const FEWEST = 2, MOST = 4 // columns
const MOST_EMPTY = 10 // lines

function sideBySide(compare) {
  const known = compare.dataset.known.split(" ")
  const first = compare.dataset.first.split(" ")
  const picker = compare.querySelector(".compare__picker")
  const notice = compare.querySelector(".compare__notice")
  const boxes = [...picker.querySelectorAll("input[value]")].filter((box) => known.includes(box.value))
  const differences = compare.querySelector(".compare__differences")
  const wide = matchMedia("(min-width: 45em)")
  const label = (id) => boxes.find((box) => box.value === id).nextElementSibling.textContent
  const family = (id) => id.split("_")[0]
  let chosen = []

  function room() { return !wide.matches ? 1 : innerWidth < 960 ? 2 : innerWidth < 1400 ? 3 : MOST }

  function wanted() { // the address first, then what was chosen before, then the page's own choice
    const asked = (new URLSearchParams(location.search).get("show") || "").split(",").filter(Boolean)
    const unknown = asked.filter((id) => !known.includes(id))
    let list = [...new Set(asked)].filter((id) => known.includes(id)).slice(0, MOST)
    if (!list.length) {
      let stored = ""
      try { stored = localStorage.getItem("concord.show") || "" } catch { /* nothing is remembered then */ }
      list = stored.split(",").filter((id) => known.includes(id)).slice(0, MOST)
    }
    for (const id of first) if (list.length < FEWEST && !list.includes(id)) list.push(id)
    return { list, unknown }
  }

  function draw(messages = []) {
    const shown = known.filter((id) => chosen.slice(0, room()).includes(id))
    if (wide.matches) {
      compare.dataset.mode = "columns"
      compare.dataset.show = shown.join(" ")
    } else {
      delete compare.dataset.mode
      delete compare.dataset.show
    }
    for (const box of boxes) box.checked = chosen.includes(box.value)
    const hidden = wide.matches ? chosen.slice(room()) : []
    if (hidden.length) messages.push(`This window has room for ${room()} columns. Not shown: ${hidden.map(label).join(", ")}.`)
    notice.textContent = messages.join(" ")
    notice.hidden = !messages.length
    const alike = shown.length === 2 && family(shown[0]) === family(shown[1])
    differences.hidden = !alike
    mark(alike && differences.firstElementChild.checked ? shown : [])
    align(shown)
    edges()
  }

  // Functions of one name begin at one height: the other columns leave room for that, as far as it is a few lines.
  function align(shown) {
    for (const line of compare.querySelectorAll(".l[style*=margin-top]")) line.style.removeProperty("margin-top")
    for (const cells of shown.length > 1 ? compare.querySelectorAll(".step .cells") : []) {
      const columns = shown.map((id) => [...cells.querySelector(`[data-framework="${id}"]`).querySelectorAll(".l")]).map(starts)
      const names = columns.reduce((most, column) => column.size > most.size ? column : most).keys()
      const reached = columns.map(() => -1)
      for (const name of names) {
        const places = columns.map((column) => [...column.keys()].indexOf(name))
        const which = columns.map((_, i) => i).filter((i) => places[i] >= 0)
        if (which.length < 2 || which.some((i) => places[i] <= reached[i])) continue // in another order there
        const lines = which.map((i) => columns[i].get(name)), tops = lines.map((line) => line.getBoundingClientRect().top)
        const lowest = Math.max(...tops)
        if (lowest - Math.min(...tops) > (MOST_EMPTY + 0.5) * parseFloat(getComputedStyle(lines[0]).lineHeight)) continue
        lines.forEach((line, n) => { if (tops[n] < lowest - 0.5) line.style.marginTop = `${lowest - tops[n]}px` })
        for (const i of which) reached[i] = places[i]
      }
    }
  }

  function starts(lines) { // by name, the first line of a function: what is written right above it goes with it
    const found = new Map()
    lines.forEach((line, number) => {
      const name = /^(?:def|class) (\w+)/.exec(line.textContent)?.[1]
      if (!name) return
      while (number > 0 && /^[@#]/.test(lines[number - 1].textContent)) number -= 1
      found.set(name, lines[number])
    })
    return found
  }

  function mark(pair) {
    compare.classList.toggle("differences", pair.length === 2)
    for (const line of compare.querySelectorAll(".l.differs")) line.classList.remove("differs")
    pair.forEach((id, i) => {
      for (const code of compare.querySelectorAll(`.cell[data-framework="${id}"] code`)) {
        const numbers = (code.getAttribute("data-differs-" + pair[1 - i]) || "").split(" ").filter(Boolean)
        const lines = code.querySelectorAll(":scope > .l")
        for (const number of numbers) lines[number - 1]?.classList.add("differs")
      }
    })
  }

  function restore() {
    const { list, unknown } = wanted()
    chosen = list
    draw(unknown.length ? [`There is no framework called ${unknown.join(", ")}; the address names it.`] : [])
  }

  function choose(list, messages = []) {
    chosen = list
    remember("concord.show", list.join(","))
    history.pushState(null, "", address({ show: list.join(",") }))
    draw(messages)
  }

  function add(id) { // nothing is refused: the one that was chosen first makes room
    const most = room(), list = [...chosen, id]
    const gone = list.splice(0, Math.max(list.length - most, 0))
    choose(list, gone.length ? [`There is room for ${most} columns: ${gone.map(label).join(", ")} made room for ${label(id)}.`] : [])
  }

  function remove(id) {
    if (chosen.length > FEWEST) choose(chosen.filter((other) => other !== id))
    else draw([`Two columns stay. Choose another one, then ${label(id)} can go.`])
  }

  function reveal() { // a link to a step of one framework shows that framework
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))
    const id = target && target.closest(".cell[data-framework]")?.dataset.framework
    if (!id) return
    document.getElementById("tab-" + id).checked = true
    const visible = chosen.slice(0, room())
    if (wide.matches && !visible.includes(id)) {
      chosen = [...visible.slice(0, Math.min(visible.length, room() - 1)), id]
      draw()
    }
    target.scrollIntoView()
  }

  picker.hidden = false
  picker.addEventListener("change", (event) => {
    if (event.target.checked) add(event.target.value)
    else remove(event.target.value)
  })
  differences.addEventListener("change", () => draw())
  for (const button of compare.querySelectorAll(".copy--file")) {
    const file = button.previousElementSibling.querySelector("a").href
    button.hidden = false
    copies(button, async () => {
      try { return await (await fetch(file)).text() } catch { location.href = file; return "" } // opened from a disk
    })
  }
  compare.addEventListener("change", (event) => { // a tab
    if (!event.target.matches(".compare__radio")) return
    const list = [event.target.value, ...chosen.filter((id) => id !== event.target.value)].slice(0, Math.max(chosen.length, FEWEST))
    if (location.hash) history.replaceState(null, "", address({}).href.split("#")[0])
    choose(list)
    tab()
  })
  addEventListener("popstate", () => { restore(); reveal(); if (!wide.matches) tab() })
  addEventListener("hashchange", reveal)
  addEventListener("resize", () => draw())
  function tab() {
    document.getElementById("tab-" + chosen[0]).checked = true
    const tabs = compare.querySelector(".compare__tabs"), name = tabs.querySelector(`[for=tab-${chosen[0]}]`)
    tabs.scrollLeft = name.offsetLeft - (tabs.clientWidth - name.offsetWidth) / 2 // in sight
  }
  restore()
  tab()
  reveal()
}

// ---- the loss, the gradient and the update of one column light up those of the others

function correspondence(compare) {
  const parts = [...compare.querySelectorAll(".part")]
  const buttons = [...compare.querySelectorAll(".compare__parts button")]
  let held = "", focused = "", over = ""
  const show = () => {
    const lit = (over || focused || held).split(" ").filter(Boolean)
    for (const part of parts) part.classList.toggle("lit", lit.some((name) => part.dataset.part.split(" ").includes(name)))
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.part === held))
  }
  const at = (event) => event.target.closest?.(".part, .compare__parts button")?.dataset.part ?? ""
  for (const cell of compare.querySelectorAll(".cell")) { // one stop for each part, not for each of its lines
    const seen = new Set()
    for (const part of cell.querySelectorAll(".part")) {
      if (seen.has(part.dataset.part)) continue
      seen.add(part.dataset.part)
      part.tabIndex = 0
    }
  }
  compare.addEventListener("pointerover", (event) => { over = at(event); show() })
  compare.addEventListener("pointerleave", () => { over = ""; show() })
  compare.addEventListener("focusin", (event) => { focused = event.target.matches(":focus-visible") ? at(event) : ""; show() })
  compare.addEventListener("focusout", () => { focused = ""; show() })
  for (const button of buttons) button.addEventListener("click", () => { held = held === button.dataset.part ? "" : button.dataset.part; show() })
}

// ---- a link into the folded evidence opens it

function unfold() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))
  const folded = target && target.closest("details:not([open])")
  if (!folded) return
  folded.open = true
  target.scrollIntoView()
}
addEventListener("hashchange", unfold)
unfold()

document.querySelectorAll(".compare").forEach(sideBySide)
document.querySelectorAll(".compare:has(.part)").forEach(correspondence)
edges()
for (const when of ["load", "resize"]) addEventListener(when, reachable) // after the columns have been chosen

// ---- the recipes, filtered; what is chosen is in the address

function recipes(form) {
  const cards = [...document.querySelectorAll(".recipes > li")]
  const fields = [...form.elements].filter((one) => one.matches("select"))
  function draw() {
    for (const card of cards) card.hidden = !fields.every(({ name, value }) => !value || card.dataset[name].split(" ").includes(value))
    for (const list of document.querySelectorAll(".recipes")) // with its heading
      list.hidden = list.previousElementSibling.hidden = !list.querySelector("li:not([hidden])")
    form.querySelector("output").textContent = `${cards.filter((card) => !card.hidden).length} of ${cards.length} recipes`
  }
  function restore() {
    const state = new URLSearchParams(location.search)
    for (const field of fields) {
      field.value = state.get(field.name) || ""
      if (field.selectedIndex < 0) field.value = "" // the address names what isn't there
    }
    draw()
  }
  form.hidden = false
  form.addEventListener("input", () => {
    history.replaceState(null, "", address(Object.fromEntries(fields.map(({ name, value }) => [name, value]))))
    draw()
  })
  form.addEventListener("submit", (event) => event.preventDefault())
  addEventListener("popstate", restore)
  restore()
}

document.querySelectorAll(".recipes__filter").forEach(recipes)

// ---- how long ago something was proven

for (const time of document.querySelectorAll(".proven time")) {
  const days = Math.floor((Date.now() - new Date(time.dateTime)) / 864e5)
  if (days < 0) continue // a clock that is wrong
  const [number, unit] = days < 60 ? [days, "day"] : [Math.floor(days / 30.44), "month"]
  time.title = time.dateTime
  time.textContent = days ? `${number} ${unit}${number > 1 ? "s" : ""} ago` : "today"
}
