import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./app.tsx"
import { takeKeyFromAddress } from "./key-storage.ts"
import "./styles/tokens.css"
import "./styles/page.css"
import "./styles/parts.css"
import "./styles/loan.css"

const root = document.querySelector("#console")
if (root === null) throw new Error("the page has no place for the console")
takeKeyFromAddress()
// An address with a key may also be opened in a tab that shows the console already.
window.addEventListener("hashchange", () => {
  if (!window.location.hash.startsWith("#key=")) return
  takeKeyFromAddress()
  window.location.reload()
})
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
