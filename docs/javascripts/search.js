// Search in the reader's own words. The theme's search is a worker: what is typed goes there, hits come back. On the way
// there the words that say nothing leave, endings are cut and synonyms come in; on the way back pages that answer more of
// the question come first. It also searches for what was pasted with the mouse.
"use strict"

{
  const SETUP = 0, QUERY = 2, RESULT = 3 // the theme's kinds of messages
  const MOST = 16 // words of a long text that is pasted
  const SILENT = new Set(
    ("a about after all also always am an and any are as at be because been before being but by can cannot could " +
    "did do does doing don done even ever every for from gets getting give gives go goes got had has have help her here " +
    "him his how i if in into is isn it its just keep keeps like make makes many me mine more most much must my " +
    "need no nor not now of on once one only or other our out over own please really s same should show so some still " +
    "such t take than that the their them then there these they thing things this those to too try trying two up us use used " +
    "using very want wants was way we were what when where which while who why will with won work works would you your " +
    "aren couldn didn doesn hasn haven shouldn wasn weren wouldn difference between same vs").split(" "))
  const WEAK = new Set( // in nearly every question
    ("code different example error framework function input keras layer layers model net network neural numpy output outputs " +
    "problem python pytorch result results run tensor tensorflow tf theano torch train training value values wrong").split(" "))

  // The words of a text, as the index has them.
  const split = (text) => text.toLowerCase().split(/[^\p{L}\p{N}.]+|\.(?!\d)|(?<!\d)\./u).filter(Boolean)

  function stem(word) { // so that "converting" finds "convert", and "layers" finds "layer"
    const short = word.replace(/(?:ations?|ings?|ied|ies|ed|es|s|e)$/, "")
    return short.length >= 4 ? short : word
  }

  // What is asked for: the words that count, each with what means the same. `groups` say what to search for instead of
  // what is typed.
  class Words {
    constructor(groups) {
      this.groups = Object.entries(groups).map(([means, phrases]) => [split(means), phrases.map((phrase) => split(phrase).map(stem))])
    }

    of(text) {
      const all = split(text)
      const stems = all.map(stem)
      let typed = [...new Set(all.filter((word) => !SILENT.has(word) && !/^\d+$/.test(word)))].slice(0, MOST)
      if (!typed.length) typed = [...new Set(all)].slice(0, MOST)
      const found = new Map(typed.map((word) => [word, { word, weight: WEAK.has(word) || /^[\d.]+$/.test(word) ? 0.25 : 1, starts: [stem(word)] }]))
      for (const [means, phrases] of this.groups) for (const phrase of phrases) {
        const at = stems.findIndex((_, i) => phrase.every((part, j) => stems[i + j] === part))
        if (at < 0) continue
        for (const word of all.slice(at, at + phrase.length)) if (found.has(word)) found.get(word).starts.push(...means)
        if (!all.slice(at, at + phrase.length).some((word) => found.has(word)))
          found.set(phrase.join(" "), { word: means[0], weight: 1, starts: means })
      }
      return [...found.values()]
    }
  }

  function query(asked, exact = false) { // lunr's
    const clauses = new Map()
    for (const { word, weight, starts } of asked) {
      const [own, ...more] = starts
      clauses.set(word, weight < 1 ? 2 : 8)
      if (!exact && !WEAK.has(word) && (own.length > 2 || asked.length === 1)) clauses.set(own + "*", 4)
      for (const other of more) if (!clauses.has(other)) clauses.set(other, 6)
    }
    return [...clauses].map(([term, boost]) => `${term}^${boost}`).join(" ")
  }

  // Pages that answer more of the question come first; of the words found only those that were typed are shown.
  function ranked(items, asked) {
    const says = (hits, { starts }) => hits.some(({ terms }) => Object.keys(terms).some((term) => terms[term] && starts.some((start) => term.startsWith(start))))
    const total = asked.reduce((sum, { weight }) => sum + weight, 0) || 1
    const scored = items.map((hits) => {
      const share = asked.reduce((sum, one) => sum + one.weight * says(hits, one), 0) / total
      return { hits, score: Math.max(...hits.map((hit) => hit.score)) * (0.2 + share) ** 2 }
    }).sort((a, b) => b.score - a.score)
    for (const hit of items.flat())
      hit.terms = Object.fromEntries(asked.filter((one) => says([hit], one)).map((one) => [one.word, true]))
    return scored.map(({ hits }) => hits)
  }

  const Theme = window.Worker
  window.Worker = class extends Theme {
    constructor(...where) {
      super(...where)
      let asked = []
      let words = new Words({})
      let waiting = 0
      let again = null // lunr fails at some endings, where figures are in the index, and then says that there is nothing
      const post = this.postMessage
      this.addEventListener("message", (event) => {
        const { data } = event
        if (data.type !== RESULT) return
        waiting -= 1
        if (!data.data.items.length && again && !waiting) {
          event.stopImmediatePropagation()
          post.call(this, again)
          again = null
          waiting += 1
        } else data.data.items = ranked(data.data.items, asked)
      })
      this.postMessage = (message) => {
        if (message.type === SETUP) words = new Words(message.data.config.synonyms || {})
        if (message.type === QUERY) {
          asked = words.of(message.data)
          again = { ...message, data: query(asked, true) }
          message = { ...message, data: query(asked) }
          waiting += 1
        }
        post.call(this, message)
      }
    }
  }

  document.addEventListener("input", (event) => { // the theme listens to keys only
    if (/^insertFrom(Paste|Drop)/.test(event.inputType) && event.target.matches(".md-search__input"))
      event.target.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }))
  })
}
