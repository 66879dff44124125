import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./app.tsx"
import { takeKeyFromAddress } from "./key-storage.ts"
import "./styles/tokens.css"
import "./styles/page.css"
import "./styles/controls.css"
import "./styles/parts.css"
import "./styles/frame.css"
import "./styles/sign-in.css"
import "./styles/loan-table.css"
import "./styles/lifecycle.css"
import "./styles/loan.css"
import "./styles/timeline.css"
import "./styles/accounts.css"

const root = document.querySelector("#console")
if (root === null) throw new Error("the page has no place for the console")
takeKeyFromAddress()
// A person may open an address with a key in a tab that already shows the console. The browser then only changes the
// part after `#`.
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
