import { createElement, useSyncExternalStore } from "react"
import { createRoot } from "react-dom/client"
import { textOf, watch } from "./watched.ts"

function Loan() {
  return createElement("p", { id: "loan" }, textOf(useSyncExternalStore(watch.subscribe, watch.getSnapshot)))
}

const root = document.querySelector("#root")
if (root !== null) createRoot(root).render(createElement(Loan))
