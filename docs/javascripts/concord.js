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

function copyButton(code) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" })
  const what = code.parentElement.getAttribute("aria-label")
  if (what) button.setAttribute("aria-label", "Copy: " + what)
  button.addEventListener("click", async () => {
    await copy(code.textContent)
    button.textContent = "Copied"
    setTimeout(() => { button.textContent = "Copy" }, 1500)
  })
  const head = code.closest(".cell, .live section")?.querySelector(":scope > h3")
  if (head) head.after(button)
  else {
    const frame = Object.assign(document.createElement("div"), { className: "code-frame" })
    code.parentElement.replaceWith(frame)
    frame.append(code.parentElement, button)
  }
}

document.querySelectorAll(".md-content pre > code").forEach(copyButton)

// ---- side by side

const FEWEST = 2, MOST = 4

function sideBySide(compare) {
  const known = compare.dataset.known.split(" ")
  const first = compare.dataset.first.split(" ")
  const picker = compare.querySelector(".compare__picker")
  const notice = compare.querySelector(".compare__notice")
  const boxes = [...picker.querySelectorAll("input[value]")].filter((box) => known.includes(box.value))
  const differences = picker.querySelector(".compare__differences")
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
    for (const box of boxes) {
      box.checked = chosen.includes(box.value)
      box.disabled = box.checked ? chosen.length <= FEWEST : chosen.length >= MOST
    }
    const hidden = wide.matches ? chosen.slice(room()) : []
    if (hidden.length) messages.push(`This window has room for ${room()} columns. Not shown: ${hidden.map(label).join(", ")}.`)
    notice.textContent = messages.join(" ")
    notice.hidden = !messages.length
    const alike = shown.length === 2 && family(shown[0]) === family(shown[1])
    differences.hidden = !alike
    mark(alike && differences.firstElementChild.checked ? shown : [])
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

  function choose(list) {
    chosen = list
    remember("concord.show", list.join(","))
    history.pushState(null, "", address({ show: list.join(",") }))
    draw()
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
    if (event.target === differences.firstElementChild) draw()
    else if (event.target.checked) choose([...chosen, event.target.value])
    else choose(chosen.filter((id) => id !== event.target.value))
  })
  compare.addEventListener("change", (event) => { // a tab
    if (!event.target.matches(".compare__radio")) return
    const list = [event.target.value, ...chosen.filter((id) => id !== event.target.value)].slice(0, Math.max(chosen.length, FEWEST))
    if (location.hash) history.replaceState(null, "", address({}).href.split("#")[0])
    choose(list)
  })
  addEventListener("popstate", () => { restore(); reveal(); if (!wide.matches) tab() })
  addEventListener("hashchange", reveal)
  addEventListener("resize", () => draw())
  function tab() { document.getElementById("tab-" + chosen[0]).checked = true }
  restore()
  tab()
  reveal()
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
