import { readable } from "svelte/store"
import { textOf, watch } from "./watched.ts"

/** In a Svelte component, `$loan` would be the snapshot. */
const loan = readable(watch.getSnapshot(), (set) => watch.subscribe(() => set(watch.getSnapshot())))

const shown = document.createElement("p")
shown.id = "loan"
document.querySelector("#root")?.append(shown)
loan.subscribe((snapshot) => {
  shown.textContent = textOf(snapshot)
})
