// Browsers start no worker for a page that is opened from a disk. There the theme's search runs in a frame of the page.
"use strict"

if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(script) {
      super()
      let waiting = [] // what is said before the script is there
      this.postMessage = (data) => waiting.push(data)
      const frame = Object.assign(document.createElement("iframe"), { hidden: true, title: "Search" })
      frame.addEventListener("load", () => {
        const inside = frame.contentWindow
        inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }))
        const code = Object.assign(inside.document.createElement("script"), { src: new URL(script, document.baseURI) })
        code.addEventListener("load", () => {
          this.postMessage = (data) => inside.dispatchEvent(new inside.MessageEvent("message", { data }))
          waiting.forEach(this.postMessage)
        })
        inside.document.body.append(code)
      }, { once: true })
      document.body.append(frame)
    }
  }
}
